"""The addresses of the API about how a study is going; those of its answers are in `analysis.urls`."""

from django.urls import path

from study.api import views

_STUDY = "studies/<slug:slug>/"

urlpatterns = [
    path(_STUDY, views.api_study, name="api_study"),
    path(_STUDY + "monitor", views.api_monitor, name="api_monitor"),
    path(_STUDY + "participants", views.api_participants, name="api_participants"),
    path(_STUDY + "log", views.api_log, name="api_log"),
    path(_STUDY + "clips", views.api_clips, name="api_clips"),
]
# Behind the addresses of every wing.
nowhere_urlpatterns = [path("<path:rest>", views.api_nowhere, name="api_nowhere")]

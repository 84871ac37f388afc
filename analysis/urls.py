"""Addresses of the results, of what is said for the reporting checklists, and of the power page."""

from django.urls import path

from analysis import planning_views, views

_STUDY = "studies/<slug:slug>/"

urlpatterns = [
    # planning
    path(_STUDY + "reporting/", planning_views.study_reporting, name="study_reporting"),
    path(_STUDY + "power/", planning_views.study_power, name="study_power"),
    path(_STUDY + "early-stop/", planning_views.study_early_stop, name="study_early_stop"),
    # results
    path(_STUDY + "results/", views.study_results, name="study_results"),
    path(_STUDY + "results/analyse/", views.study_analyse, name="study_analyse"),
    path(_STUDY + "results/report.html", views.study_report_page, name="study_report"),
    path(_STUDY + "results/<str:name>", views.study_result_file, name="study_result_file"),
]

"""Addresses of generation and review, all under a study."""

from django.urls import path

from generation.console import media, review, upload, views

urlpatterns = [
    # The run.
    path("studies/<slug:slug>/generate/", views.generation_run, name="generation_run"),
    path("studies/<slug:slug>/generate/live/", views.generation_live, name="generation_live"),
    path("studies/<slug:slug>/generate/start/", views.generation_start, name="generation_start"),
    path("studies/<slug:slug>/generate/cancel/", views.generation_cancel, name="generation_cancel"),
    path("studies/<slug:slug>/generate/retry/", views.generation_retry, name="generation_retry"),
    path("studies/<slug:slug>/generate/settings/", views.generation_settings, name="generation_settings"),
    path("studies/<slug:slug>/generate/tags/", review.generation_tags, name="generation_tags"),
    path("studies/<slug:slug>/generate/decide/", review.generation_decide, name="generation_decide"),
    # Ready-made images.
    path("studies/<slug:slug>/upload/", upload.generation_upload, name="generation_upload"),
    # The review.
    path("studies/<slug:slug>/review/", review.generation_review, name="generation_review"),
    path("studies/<slug:slug>/review/<int:number>/", review.generation_clip, name="generation_clip"),
    path("studies/<slug:slug>/review/<int:number>/repaint/", review.generation_repaint, name="generation_repaint"),
    path(
        "studies/<slug:slug>/review/<int:number>/leave-out/",
        review.generation_leave_out,
        name="generation_leave_out",
    ),
    path("studies/<slug:slug>/review/<int:number>/take-in/", review.generation_take_in, name="generation_take_in"),
    path("studies/<slug:slug>/review/<int:number>/audio/", media.generation_audio, name="generation_audio"),
    path(
        "studies/<slug:slug>/review/<int:number>/image/<slug:key>/<slug:size>",
        media.generation_image,
        name="generation_image",
    ),
]

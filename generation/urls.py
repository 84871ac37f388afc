"""URLs of generation, upload and review; all are under a study."""

from django.urls import path

from generation.console import (
    clip_media,
    files_page,
    review_actions,
    review_pages,
    run_pages,
    tag_pages,
    unknown_tags_page,
    upload_page,
)

urlpatterns = [
    # Tags that the rules do not know.
    path("studies/<slug:slug>/tags/unknown/", unknown_tags_page.unknown_tags_page, name="generation_unknown_tags"),
    # The run.
    path("studies/<slug:slug>/generate/", run_pages.generation_run, name="generation_run"),
    path("studies/<slug:slug>/generate/live/", run_pages.generation_live, name="generation_live"),
    path("studies/<slug:slug>/generate/start/", run_pages.generation_start, name="generation_start"),
    path("studies/<slug:slug>/generate/cancel/", run_pages.generation_cancel, name="generation_cancel"),
    path("studies/<slug:slug>/generate/retry/", run_pages.generation_retry, name="generation_retry"),
    path("studies/<slug:slug>/generate/settings/", run_pages.generation_settings, name="generation_settings"),
    path("studies/<slug:slug>/generate/files/", files_page.generation_files, name="generation_files"),
    path("studies/<slug:slug>/generate/files/<number:pk>/", files_page.generation_file, name="generation_file"),
    path(
        "studies/<slug:slug>/generate/files/<number:pk>/delete/",
        files_page.generation_file_delete,
        name="generation_file_delete",
    ),
    path("studies/<slug:slug>/generate/tags/", tag_pages.generation_tags, name="generation_tags"),
    path("studies/<slug:slug>/generate/decide/", tag_pages.generation_decide, name="generation_decide"),
    # Ready-made images.
    path("studies/<slug:slug>/upload/", upload_page.generation_upload, name="generation_upload"),
    # The review.
    path("studies/<slug:slug>/review/", review_pages.generation_review, name="generation_review"),
    path("studies/<slug:slug>/review/approve/", review_actions.generation_approve, name="generation_approve"),
    path("studies/<slug:slug>/review/undo/", review_actions.generation_undo, name="generation_undo"),
    path("studies/<slug:slug>/review/<number:number>/", review_pages.generation_clip, name="generation_clip"),
    path(
        "studies/<slug:slug>/review/<number:number>/repaint/",
        review_actions.generation_repaint,
        name="generation_repaint",
    ),
    path(
        "studies/<slug:slug>/review/<number:number>/leave-out/",
        review_actions.generation_leave_out,
        name="generation_leave_out",
    ),
    path(
        "studies/<slug:slug>/review/<number:number>/take-in/",
        review_actions.generation_take_in,
        name="generation_take_in",
    ),
    path(
        "studies/<slug:slug>/review/<number:number>/reopen/",
        review_actions.generation_reopen,
        name="generation_reopen",
    ),
    path(
        "studies/<slug:slug>/review/<number:number>/large/<number:place>/",
        review_pages.generation_large,
        name="generation_large",
    ),
    path("studies/<slug:slug>/review/<number:number>/audio/", clip_media.generation_audio, name="generation_audio"),
    path(
        "studies/<slug:slug>/review/<number:number>/image/<slug:key>/<slug:size>",
        clip_media.generation_image,
        name="generation_image",
    ),
]

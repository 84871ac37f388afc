"""The page “Clips”: upload several, leave one out, mark it for practice, delete it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console import upload_jobs
from study.console.common import refusal_response, study_page
from study.console.deleted import tell_deleted
from study.errors import StudyError
from study.models import Clip, Study
from study.setup import clip_import, clip_selection, clip_upload_job
from study.setup.bulk_changes import actions_on
from study.web.http import wants_json


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def study_clips(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the clips; import uploaded ones."""
    if request.method == "POST":
        return _take_uploads(request, study)
    if (job := upload_jobs.ended(request, study, clip_upload_job.KIND)) is not None:
        upload_jobs.tell_end(request, job)
        for fault in job.faults:
            messages.error(request, fault)
    clips = list(study.clips.all())
    included = [clip for clip in clips if clip.included and not clip.is_practice]
    return render(
        request,
        "study/clips.html",
        {
            "study": study,
            "clips": clips,
            "included": len(included),
            "left_out": sum(not clip.included for clip in clips),
            "seconds": sum(clip.heard_seconds for clip in included),
            "actions": [(action.value, action.label) for action in actions_on(study)],
            "accepted": clip_import.ACCEPTED_TEXT,
            "accept": ",".join(clip_import.ACCEPTED_SUFFIXES),
            "maximum_bytes": clip_import.MAXIMUM_BYTES,
        }
        | upload_jobs.context(study, clip_upload_job.KIND),
    )


def _take_uploads(request: HttpRequest, study: Study) -> HttpResponse:
    uploads = request.FILES.getlist("files")
    if not uploads:
        return refusal_response(
            request, StudyError(_("No file was chosen. Choose one or more audio files.")), "study_clips", study.slug
        )
    try:
        if not upload_jobs.is_small(uploads):
            return upload_jobs.hand_over(request, study, clip_upload_job.KIND, uploads)
        results = clip_import.import_clips(study, uploads, actor=request.user)
    except StudyError as error:
        return refusal_response(request, error, "study_clips", study.slug)
    if wants_json(request):
        return JsonResponse({"files": [_as_json(request, study, result) for result in results]})
    added = sum(result.clip is not None for result in results)
    if added:
        messages.success(request, clip_upload_job.in_words(added))
    for result in results:
        if result.problem:
            messages.error(request, result.problem)
    return redirect("study_clips", study.slug)


def _as_json(request: HttpRequest, study: Study, result: clip_import.ImportedFile) -> dict[str, Any]:
    if result.clip is None:
        return {"name": result.name, "ok": False, "problem": result.problem}
    row = render_to_string("study/_clip_row.html", {"clip": result.clip, "study": study}, request=request)
    return {"name": result.name, "ok": True, "row": row}


@require_POST
@study_page(Right.EDIT)
def clip_change(request: HttpRequest, study: Study, clip_id: int, verb: str) -> HttpResponse:
    """Leave a clip out, take it back, mark it for practice, or delete it."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    try:
        match verb:
            case "leave-out":
                clip_selection.exclude_clip(clip, reason=request.POST.get("reason", ""), actor=request.user)
                messages.success(request, _("%(clip)s is left out.") % {"clip": clip.name})
            case "include":
                clip_selection.include_clip(clip, actor=request.user)
                messages.success(request, _("%(clip)s is included again.") % {"clip": clip.name})
            case "practice":
                clip_selection.set_practice(clip, not clip.is_practice, actor=request.user)
            case "delete":
                deletion = clip_selection.delete_clip(clip, actor=request.user)
                tell_deleted(request, _("%(clip)s is deleted.") % {"clip": clip.name}, deletion)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect(reverse("study_clips", args=[study.slug]) + ("" if verb == "delete" else f"#clip-{clip_id}"))

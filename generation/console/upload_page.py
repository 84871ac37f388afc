"""The page of the step “Upload images”: stimuli that were made elsewhere."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from generation.errors import GenerationError
from generation.ready_made import upload_job, uploading
from generation.runs import lifecycle
from generation.runs.conditions import painted_conditions
from generation.settings_model import GenerationSettings, settings_of
from study.access import Right
from study.console import upload_jobs
from study.console.common import study_page
from study.errors import StudyError
from study.jobs.requests import refuse_second
from study.models import Study
from study.web.http import wants_json

CLIPS_NAMED = 12
FAULTS_SHOWN = 20
MOST_SECONDS = 240  # a browser and a proxy do not wait for ever


@study_page(Right.LOOK, change=Right.EDIT)
def generation_upload(request: HttpRequest, study: Study) -> HttpResponse:
    """The expected files, the missing images and the form. A faulty upload is refused with all its faults."""
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            return _take(request, study)
        except uploading.UploadRefused as error:
            faults = error.faults
        except StudyError as error:
            faults = (str(error),)
    elif (job := upload_jobs.ended(request, study, upload_job.KIND)) is not None:
        upload_jobs.tell_end(request, job)
        faults = tuple(job.faults)
    shown = {"faults": faults[:FAULTS_SHOWN], "more_faults": len(faults[FAULTS_SHOWN:])}
    if request.method == "POST" and wants_json(request):
        return JsonResponse({"html": render_to_string("generation/_upload_faults.html", shown)}, status=422)
    context = _context(study) | shown | upload_jobs.context(study, upload_job.KIND)
    return render(request, "generation/upload.html", context, status=422 if request.method == "POST" else 200)


def _take(request: HttpRequest, study: Study) -> HttpResponse:
    """Read a small upload, or give a large one to a worker.

    Raises:
        StudyError: with what is wrong.
    """
    refuse_second(study, upload_job.KIND)  # before anything is stored; again when the job is made
    files = request.FILES.getlist("files")
    if not upload_jobs.is_small(files):
        return upload_jobs.hand_over(request, study, upload_job.KIND, files, alone=True)
    taken = uploading.take_upload(study, files, seconds=MOST_SECONDS, processes=1, actor=request.user)
    messages.success(request, upload_job.in_words(taken))
    return upload_jobs.lead_to(request, reverse("generation_upload", args=[study.slug]))


def _context(study: Study) -> dict[str, Any]:
    missing = uploading.clips_without_images(study)
    clips = list(study.clips.filter(included=True))
    try:
        size = settings_of(study).painter.size
    except GenerationError:
        size = GenerationSettings().painter.size
    return {
        "study": study,
        "conditions": study.conditions.order_by("number"),
        "example": clips[0] if clips else None,
        "clips": clips,
        "missing": missing[:CLIPS_NAMED],
        "missing_count": len(missing),
        "more_missing": len(missing[CLIPS_NAMED:]),
        "unheard": sum(not clip.survey_audio for clip in clips),
        "has_prompts": bool(painted_conditions(study)),
        "running": lifecycle.active_run(study) is not None,
        "size": size,
        "limit": _("up to 50 MB each"),
    }

"""The page of the step “Upload images”: stimuli that were made elsewhere."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.errors import GenerationError
from generation.ready_made import uploading
from generation.runs import lifecycle
from generation.runs.conditions import painted_conditions
from generation.settings_model import GenerationSettings, settings_of
from study.access import study_or_404
from study.models import Study

CLIPS_NAMED = 12
FAULTS_SHOWN = 20
MOST_SECONDS = 240  # a browser and a proxy do not wait for ever


@login_required
def generation_upload(request: HttpRequest, slug: str) -> HttpResponse:
    """The expected files, the missing images and the form. A faulty upload is refused with all its faults."""
    study = study_or_404(request.user, slug)
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            files = request.FILES.getlist("files")
            taken = uploading.take_upload(study, files, seconds=MOST_SECONDS, processes=1, actor=request.user)
        except uploading.UploadRefused as error:
            faults = error.faults
        except GenerationError as error:
            faults = (str(error),)
        else:
            done = ngettext(
                "The images of %(n)d clip are imported.", "The images of %(n)d clips are imported.", taken.clips
            ) % {"n": taken.clips}
            messages.success(request, " ".join([done, *taken.notes]))
            return redirect("generation_upload", slug)
    context = _context(study) | {"faults": faults[:FAULTS_SHOWN], "more_faults": len(faults[FAULTS_SHOWN:])}
    return render(request, "generation/upload.html", context, status=422 if faults else 200)


def _context(study: Study) -> dict:
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

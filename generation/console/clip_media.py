"""Images and audio of clips for the console, only for people who may see the study."""

from pathlib import PurePath

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from generation.console.clip_views import image_key
from generation.console.common import clip_or_404
from study.access import Right
from study.console.common import study_page
from study.console.media import send_file
from study.models import Study

IMAGE_TYPES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
}


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Disposition"] = "inline"
    return response


@require_safe
@study_page(Right.LOOK)
def generation_image(request: HttpRequest, study: Study, number: int, key: str, size: str) -> HttpResponseBase:
    """An image or its preview; the URL reveals neither its stimulus nor its condition."""
    clip = clip_or_404(study, number)
    for stimulus in clip.stimuli.all():
        if constant_time_compare(image_key(stimulus), key):
            file = stimulus.preview if size == "preview" and stimulus.preview else stimulus.image
            if not file:
                break
            kind = IMAGE_TYPES.get(PurePath(file.name or "").suffix, "application/octet-stream")
            return _private(FileResponse(file.open("rb"), content_type=kind))
    raise Http404


@require_safe
@study_page(Right.LOOK)
def generation_audio(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """A clip as participants hear it, or as uploaded until that is made; in ranges, so that players can seek."""
    clip = clip_or_404(study, number)
    return send_file(request, clip.survey_audio or clip.audio)

"""Sound for researchers, with byte ranges; access is checked as for pages. And how any file is sent in ranges."""

from typing import Any

from django.core.files.base import File
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from study.access import Right
from study.console.common import study_page
from study.models import Clip, Study
from study.setup.clip_import import CONTENT_TYPE
from study.web.http import file_parts, requested_range


@require_safe
@study_page(Right.LOOK)
def clip_audio(request: HttpRequest, study: Study, clip_id: int) -> HttpResponse:
    """Send a clip as it was uploaded, or as the survey plays it (`?survey`)."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    file = clip.survey_audio if "survey" in request.GET else clip.audio
    return send_file(request, file)


def send_file(request: HttpRequest, stored: FieldFile) -> HttpResponse:
    """Send the stored sound or the requested range. Its random name serves as ETag, since its content never changes."""
    content_type = CONTENT_TYPE.get((stored.name or "").rpartition(".")[2].lower())
    if not stored or content_type is None:
        raise Http404
    etag = f'"{(stored.name or "").rpartition("/")[2]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    try:
        file = stored.open("rb")
        total = stored.file.size  # of the open file: the storage may be far away
    except FileNotFoundError as error:
        raise Http404 from error
    response = ranged_response(request, file, total, content_type, etag)
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Disposition"] = "inline"
    return response


def ranged_response(request: HttpRequest, file: File, total: int, content_type: str, etag: str) -> HttpResponse:
    """Send an open file in parts, or the range that is asked for, if that is of the same content (`If-Range`)."""
    same = request.headers.get("If-Range", etag) == etag
    part = requested_range(request.headers.get("Range", ""), total) if same else None
    response: Any
    if part is None:
        response = FileResponse(file, content_type=content_type)
    elif part[0] > part[1]:
        file.close()
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    else:
        first, last = part
        response = StreamingHttpResponse(file_parts(file, first, last), status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {first}-{last}/{total}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response

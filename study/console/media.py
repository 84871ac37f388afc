"""Sound for researchers: handed out after the same check as the pages, in ranges where asked."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from study.console.common import study_page
from study.models import Clip, Study
from study.setup.clip_import import CONTENT_TYPE

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_CHUNK = 1 << 16


@require_safe
@study_page
def clip_audio(request: HttpRequest, study: Study, clip_id: int) -> HttpResponse:
    """A clip as it was uploaded, or as the survey plays it (`?survey`)."""
    clip = get_object_or_404(Clip, study=study, pk=clip_id)
    file = clip.survey_audio if "survey" in request.GET else clip.audio
    return send_file(request, file)


def send_file(request: HttpRequest, stored: FieldFile) -> HttpResponse:
    """The stored sound, or the part of it that is asked for; its name is opaque and never changes its content."""
    content_type = CONTENT_TYPE.get((stored.name or "").rpartition(".")[2].lower())
    if not stored or content_type is None:
        raise Http404
    etag = f'"{(stored.name or "").rpartition("/")[2]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    try:
        file, total = stored.open("rb"), stored.size
    except FileNotFoundError as error:
        raise Http404 from error
    part = _part_asked_for(request.headers.get("Range", ""), total)
    response: Any
    if part is None:
        response = FileResponse(file, content_type=content_type)
    elif part[0] > part[1]:
        file.close()
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    else:
        first, last = part
        response = StreamingHttpResponse(_chunks(file, first, last), status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {first}-{last}/{total}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Disposition"] = "inline"
    return response


def _part_asked_for(header: str, total: int) -> tuple[int, int] | None:
    """First and last byte of a single range; None where all is asked for; first > last where none fits."""
    match = _RANGE.match(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(total - int(last), 0), total - 1) if int(last) else (1, 0)
    if int(first) >= total:
        return 1, 0
    return int(first), min(int(last), total - 1) if last else total - 1


def _chunks(file: FieldFile, first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk

"""Images and sound of a trial, at addresses that do not reveal the condition.

The address holds the trial's random key, a position's letter and a width that the trial page offers for each position.
All images of one width have the same length, and all responses the same headers, without the file's name, date or tag.
Byte ranges are served because Safari plays no sound without them.
"""

from functools import partial

from django.core.files.base import File
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from study.ballots import permission
from study.design import LETTERS
from study.models import Stimulus, Study, Trial
from study.participants.completion import answered_by_number
from study.participants.server_record import note_image_sent, note_sound_sent
from study.participants.stages import stage_outside_trials
from study.stored_files.copies import read_or_open
from study.survey.cookies import has_cookie_of
from study.survey.next_page import is_reachable
from study.survey.responses import after_sending
from study.survey.visit_ends import is_over
from study.survey_images.versions import COLUMNS as IMAGE_COLUMNS
from study.survey_images.versions import read_image, shown_as
from study.web.http import file_parts, requested_range

# What decides whether a trial may be opened, and what is sent; a whole row of a study takes longer to read.
_COLUMNS = (
    *permission.COLUMNS,
    "participant",
    "clip",
    "number",
    "position_order",
    "sound_sent_at",
    "images_sent",
    "clip__survey_audio",
    "participant__study",
    "participant__handle",
    "participant__token_hash",
    "participant__consented_at",
    "participant__answers",
    "participant__study__questions_before",
    "participant__study__sound_check",
    "participant__study__headphone_check",
    *(f"participant__study__{column}" for column in IMAGE_COLUMNS),
)
_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


def _content_type(content: bytes) -> str:
    """The image's media type, from its first bytes."""
    return next((kind for start, kind in _SIGNATURES if content.startswith(start)), "image/webp")


def serve(request: HttpRequest, content: bytes | File, content_type: str) -> HttpResponseBase:
    """Serve `content`, or the byte range that the request asks for; a file in small parts, never whole in memory."""
    total, status, headers = content.size if isinstance(content, File) else len(content), 200, {}
    part = requested_range(request.headers.get("Range", ""), total)
    start, end = part or (0, total - 1)
    if part is not None and start > end:
        status, headers["Content-Range"] = 416, f"bytes */{total}"
        start, end = 0, -1
    elif part is not None:
        status, headers["Content-Range"] = 206, f"bytes {start}-{end}/{total}"
    response: HttpResponseBase
    if isinstance(content, File):
        parts = file_parts(content, start, end)
        response = StreamingHttpResponse(parts, content_type=content_type, status=status, headers=headers)
    else:
        response = HttpResponse(content[start : end + 1], content_type=content_type, status=status, headers=headers)
    response["Content-Length"] = str(end - start + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store, private"
    response["Content-Disposition"] = "inline"
    response["X-Robots-Tag"] = "noindex"
    return response


def _find_trial(request: HttpRequest, handle: str, key: str) -> Trial:
    """The trial with this media key, in one query; 404 unless the request's participant may open it now."""
    trials = Trial.objects.select_related("participant__study", "clip").only(*_COLUMNS)
    trial = get_object_or_404(trials, participant__handle=handle, media_key=key)
    participant = trial.participant
    if not has_cookie_of(request, participant) or is_over(participant) or stage_outside_trials(participant):
        raise Http404
    if not is_reachable(answered_by_number(participant), trial):
        raise Http404
    return trial


def _opened(name: str | None) -> bytes | File:
    """A stored file's content, or, if it is large, the open file."""
    if not name:
        raise Http404
    return read_or_open(name)


def _read(name: str | None) -> bytes:
    content = _opened(name)
    if isinstance(content, File):
        with content:
            return content.read()
    return content


@require_safe
def image(request: HttpRequest, handle: str, key: str, letter: str) -> HttpResponseBase:
    """The image at one position of a trial, in one of the widths that the study shows (`?w=384`)."""
    trial = _find_trial(request, handle, key)
    position = LETTERS.find(letter)
    if not 0 <= position < len(trial.position_order):
        raise Http404
    stored = Stimulus.objects.filter(pk=trial.position_order[position])
    name = stored.order_by().values_list("image", flat=True).first()
    content = _image_content(trial.participant.study, name, request.GET.get("w"))
    response = serve(request, content, _content_type(content))
    if request.method == "GET" and response.status_code < 400:
        after_sending(response, partial(note_image_sent, trial, position, int(response["Content-Length"])))
    return response


def _image_content(study: Study, name: str | None, asked: str | None) -> bytes:
    shown = shown_as(study)
    if shown is None or not name:
        return _read(name)
    widths = {str(width): width for width in shown.widths}
    width = shown.default_width if asked is None else widths.get(asked)
    if width is None:
        raise Http404
    return read_image(study, shown, name, width)


@require_safe
def sound(request: HttpRequest, handle: str, key: str) -> HttpResponseBase:
    """The sound of a trial: of an hour, it has 86 MB."""
    trial = _find_trial(request, handle, key)
    response = serve(request, _opened(trial.clip.survey_audio.name), "audio/mpeg")
    if request.method == "GET" and response.status_code < 400:
        after_sending(response, partial(note_sound_sent, trial, int(response["Content-Length"]), timezone.now()))
    return response

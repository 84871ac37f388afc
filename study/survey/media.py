"""What a trial shows and plays, under addresses that tell nothing.

The address holds the trial's random key and a position's letter; answers have the same headers whatever they
carry, and no name, date or tag of the file. Ranges are served because Safari plays no sound without them.
"""

import re

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from study.ballots.kept_statements import KeptRead, Parts
from study.design import LETTERS
from study.models import Clip, Stimulus, Trial
from study.survey.flow import before_trials, reachable, way_through
from study.survey.visitors import VisitEnds, find_participant, stop_if_over

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))

_OF_MEDIA = Parts({Trial: ("", ("id", "number", "position_order")), Clip: ("clip__", ("id", "survey_audio"))})
_by_key = KeptRead(
    lambda participant, key: (
        Trial.objects.filter(participant=participant, media_key=key).order_by().values_list(*_OF_MEDIA.columns)
    ),
    participant=int,
    key=str,
)
_image = KeptRead(lambda stimulus: Stimulus.objects.filter(pk=stimulus).order_by().values_list("image"), stimulus=int)


def _content_type(content: bytes) -> str:
    """The kind of picture by its first bytes; WebP else."""
    return next((kind for start, kind in _SIGNATURES if content.startswith(start)), "image/webp")


def serve(request: HttpRequest, content: bytes, content_type: str) -> HttpResponse:
    """`content` or the range asked for."""
    total, status, headers = len(content), 200, {}
    asked = _RANGE.match(request.headers.get("Range", ""))
    if asked and any(asked.groups()):
        first, last = asked.groups()
        start = int(first) if first else max(total - int(last), 0)
        end = min(int(last), total - 1) if first and last else total - 1
        if start > end:
            content, status, headers["Content-Range"] = b"", 416, f"bytes */{total}"
        else:
            content, status = content[start : end + 1], 206
            headers["Content-Range"] = f"bytes {start}-{end}/{total}"
    response = HttpResponse(content, content_type=content_type, status=status, headers=headers)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store, private"
    response["Content-Disposition"] = "inline"
    response["X-Robots-Tag"] = "noindex"
    return response


def _trial(request: HttpRequest, handle: str, key: str) -> Trial:
    """The trial whose media are asked for, if it is this person's and open to them."""
    try:
        participant = find_participant(request, handle)
        stop_if_over(participant)
    except VisitEnds as end:
        raise Http404 from end
    rows = _by_key(participant=participant.pk, key=key)
    if not rows or before_trials(participant):
        raise Http404
    trial, trial.clip = _OF_MEDIA.objects(rows[0])
    if not reachable(way_through(participant), trial):
        raise Http404
    return trial


def _read(name: str | None) -> bytes:
    if not name:
        raise Http404
    with default_storage.open(name, "rb") as file:
        return file.read()


@require_safe
def image(request: HttpRequest, handle: str, key: str, letter: str) -> HttpResponse:
    """The picture at one position of a trial."""
    trial = _trial(request, handle, key)
    place = LETTERS.find(letter)
    if not 0 <= place < len(trial.position_order):
        raise Http404
    [(name,)] = _image(stimulus=trial.position_order[place]) or [("",)]
    content = _read(name)
    return serve(request, content, _content_type(content))


@require_safe
def sound(request: HttpRequest, handle: str, key: str) -> HttpResponse:
    """The sound of a trial."""
    trial = _trial(request, handle, key)
    return serve(request, _read(trial.clip.survey_audio.name), "audio/mpeg")

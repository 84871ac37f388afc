"""The page “Replay”: the way of one participant on an axis of time, without images and without conditions."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from study.access import Right
from study.console.common import study_page
from study.models import Participant, Study
from study.models.participants import with_code
from study.participants.replay import SHORT_GAP, Moment, Replay, replay_of, shortened

LANES = (
    ("trial", gettext_lazy("Trial")),
    ("sound", gettext_lazy("Sound")),
    ("images", gettext_lazy("Images enlarged")),
    ("answers", gettext_lazy("Choices")),
    ("away", gettext_lazy("Away")),
    ("server", gettext_lazy("Server")),
)
_WORDS = {
    "shown": gettext_lazy("the trial is shown"),
    "ended": gettext_lazy("the sound has come to its end"),
    "hidden": gettext_lazy("left the tab"),
    "visible": gettext_lazy("is back in the tab"),
    "offline": gettext_lazy("lost the connection"),
    "online": gettext_lazy("is connected again"),
    "arrived": gettext_lazy("arrived"),
    "consented": gettext_lazy("agreed to take part"),
    "page sent": gettext_lazy("the server sent the page for the first time"),
    "sound sent": gettext_lazy("the server sent the sound for the first time"),
    "answer arrived": gettext_lazy("the answer arrived late at the server"),
    "finished": gettext_lazy("finished"),
}


@require_safe
@study_page(Right.DATA)
def participant_replay(request: HttpRequest, study: Study, code: str) -> HttpResponse:
    """Show the way of one participant, as a table and, by a script, as a drawing that plays."""
    person = with_code(study.participants.defer("answers", "flags"), code)
    if person is None:
        raise Http404
    replay = replay_of(person, study)
    context: dict[str, Any] = {
        "study": study,
        "person": person,
        "replay": replay,
        "rows": [{"moment": moment, "words": words_of(moment)} for moment in replay.moments],
        "lanes": [{"key": key, "name": str(name)} for key, name in LANES],
        "drawing": json.dumps(_drawing(replay)),
        "shortened": shortened(replay),
        "short_gap": SHORT_GAP,
        "is_withdrawn": person.status == Participant.Status.WITHDRAWN,
    }
    response = render(request, "study/replay.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


def _drawing(replay: Replay) -> dict[str, Any]:
    """What the script draws beside the rows of the table."""
    return {
        "end": replay.end,
        "gaps": [list(gap) for gap in replay.gaps],
        "short": SHORT_GAP,
        "lanes": [[key, str(name)] for key, name in LANES],
    }


def words_of(moment: Moment) -> str:
    """What happened, in words."""
    if moment.is_answer:
        return _answer_in_words(moment)
    if moment.kind == "play" and moment.clip_from is not None and moment.clip_to is not None:
        places = {"start": _in_clip(moment.clip_from), "end": _in_clip(moment.clip_to)}
        return _("the sound plays from %(start)s s, until it stops at %(end)s s of it") % places
    if moment.kind in ("play", "pause", "seek"):
        plain = {"play": _("the sound plays"), "pause": _("the sound stops"), "seek": _("jumps in the sound")}
        at = {
            "play": _("the sound plays from %(at)s s"),
            "pause": _("the sound stops at %(at)s s"),
            "seek": _("jumps in the sound, to %(at)s s"),
        }
        if moment.clip_from is None:
            return plain[moment.kind]
        return at[moment.kind] % {"at": _in_clip(moment.clip_from)}
    if moment.kind == "rate":
        return _("answers about image %(image)s") % {"image": moment.image} if moment.image else _("answers a question")
    if moment.kind in ("enlarge", "choose", "undo"):
        texts = {
            "enlarge": _("enlarges image %(image)s"),
            "choose": _("chooses image %(image)s"),
            "undo": _("takes back the choice of image %(image)s"),
        }
        return texts[moment.kind] % {"image": moment.image or "?"}
    return str(_WORDS.get(moment.kind, moment.kind))


def _in_clip(seconds: float) -> str:
    return f"{seconds:.1f}"


def _answer_in_words(moment: Moment) -> str:
    beginning = {
        "answer": _("answers:"),
        "answer changed": _("changes the answer:"),
        "late answer": _("answers after the end, which does not count:"),
    }[moment.kind]
    return f"{beginning} {'; '.join(filter(None, [_choice_in_words(moment), moment.further]))}"


def _choice_in_words(moment: Moment) -> str:
    if moment.none_fits:
        return _("none of them fits")
    if not moment.image and moment.further:
        return ""
    if moment.is_pair:
        return _("%(image)s fits better") % {"image": moment.image}
    if not moment.second:
        return _("1st %(first)s") % {"first": moment.image}
    return _("1st %(first)s, 2nd %(second)s") % {"first": moment.image, "second": moment.second}

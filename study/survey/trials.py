"""The trial page, and the small facts that it sends."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study import texts
from study.ballots.casting import AnswerRefused, cast_known, trial_to_answer
from study.ballots.kept_statements import KeptRead, Parts
from study.design import LETTERS
from study.errors import NotAllowedNow
from study.http import wants_json
from study.models import Ballot, Clip, Participant, Trial
from study.participants.enrolment import touch
from study.participants.events import keep_events
from study.survey.flow import before_trials, next_url, reachable, way_through
from study.survey.forms import read_answer
from study.survey.views import show
from study.survey.visitors import (
    choose_language,
    find_participant,
    is_token_of,
    participant_page,
    see_other,
    stop_if_over,
    survey_page,
)

LONGEST_MINIMUM = 15.0
# What the page shows of a trial, its clip and the answer that it may have.
_SHOWN = Parts(
    {
        Trial: ("", ()),
        Clip: ("clip__", ("id", "duration", "survey_duration", "outline")),
        Ballot: ("ballot__", ()),
    }
)
_shown = KeptRead(
    lambda participant, number: (
        Trial.objects.filter(participant=participant, number=number).order_by().values_list(*_SHOWN.columns)
    ),
    participant=int,
    number=int,
)


def listening_minimum(trial: Trial) -> float:
    """Seconds to hear before the answer opens: the study's own, or half the clip and at most 15."""
    length = trial.clip.survey_duration or trial.clip.duration
    own = trial.participant.study.listening_minimum_seconds
    return min(length / 2, LONGEST_MINIMUM) if own is None else min(length, float(own))


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """One clip with its images. POST is the answer, by the form or by the page's script."""
    return (_answer if request.method == "POST" else _look)(request, handle=handle, number=number)


@participant_page
def _look(request: HttpRequest, participant: Participant, number: int) -> HttpResponse:
    rows = _shown(participant=participant.pk, number=number)
    if not rows:
        raise Http404
    row, row.clip, ballot = _SHOWN.objects(rows[0])
    row.participant, way = participant, way_through(participant)
    if before_trials(participant) or not reachable(way, row):
        return see_other(next_url(participant))
    return _page(request, participant, row, ballot, way)


@survey_page
def _answer(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """Stores an answer. The one page that everybody asks for again and again: the person, the study and the trial
    are read once, and only what is needed of them."""
    answer = read_answer(request.POST)
    script = wants_json(request)
    row = trial_to_answer(answer, handle=handle, number=number)
    if row is None or not is_token_of(request, row.participant):
        find_participant(request, handle)  # says what is wrong with the person, if anything
        raise Http404
    choose_language(request, row.participant.study)
    stop_if_over(row.participant)
    try:
        if answer is None:
            raise AnswerRefused(_("Something in this answer was not understood. Please choose again."))
        if row.participant.consented_at is None:
            raise NotAllowedNow(_("Please agree to take part first."))
        cast_known(row, answer)
    except AnswerRefused as error:
        if script:
            return JsonResponse({"saved": False, "error": str(error)}, status=422)
        ballot = Ballot.objects.filter(trial=row).first()
        return _page(
            request,
            row.participant,
            row,
            ballot,
            way_through(row.participant),
            error=str(error),
            chosen=request.POST,
            status=422,
        )
    except NotAllowedNow as error:
        if script:
            return JsonResponse({"saved": False, "error": str(error), "final": True}, status=409)
        return see_other(next_url(row.participant))
    participant = row.participant
    onward = _after(participant, row) if "back" not in request.POST else _neighbour(row, -1, way_through(participant))
    return JsonResponse({"saved": True, "next": onward}) if script else see_other(onward or next_url(participant))


def _neighbour(row: Trial, step: int, way: dict[int, bool]) -> str:
    """The address of the trial before or after, empty at the ends."""
    number = row.number + step
    return reverse("survey_trial", args=[row.participant.handle, number]) if number in way else ""


def _after(participant: Participant, row: Trial) -> str:
    """Where to go after an answer: the next trial that waits, or what follows the trials."""
    if row.next_waiting is not None:
        return reverse("survey_trial", args=[participant.handle, row.next_waiting])
    return next_url(participant)


def _page(
    request: HttpRequest,
    participant: Participant,
    row: Trial,
    ballot: Ballot | None,
    way: dict[int, bool],
    *,
    error: str = "",
    chosen: Any = None,
    status: int = 200,
) -> HttpResponse:
    letters = LETTERS[: len(row.position_order)]
    if chosen is None:
        chosen = _chosen(row, ballot)
    judged = [answered for each, answered in way.items() if each]  # all but the practice trial
    total, answered = len(judged), sum(judged)
    return show(
        request,
        participant,
        "trial",
        status,
        trial=row,
        question=_question(row),
        minimum=listening_minimum(row),
        duration=row.clip.survey_duration or row.clip.duration,
        wave=_wave(row.clip.outline),
        positions=_positions(row, letters, chosen),
        audio=reverse("survey_audio", args=[participant.handle, row.media_key]),
        chosen=chosen,
        error=error,
        ballot=ballot,
        place=_("%(n)s of %(total)s") % {"n": row.number, "total": total} if row.number else _("A try first"),
        answered=answered,
        segments=_segments(row.number, total),
        page_label=f"trial {row.number}",
        back=_neighbour(row, -1, way),
        ahead=_neighbour(row, 1, way),
    )


def _positions(row: Trial, letters: str, chosen: Any) -> list[dict[str, Any]]:
    """What the page says of each image; said here once, for a template takes long over it."""
    address = reverse("survey_image", args=[row.participant.handle, row.media_key, "A"])[:-1]
    said = {
        "label": _("Image %(letter)s"),
        "enlarge": _("Enlarge image %(letter)s"),
        "is_first": _("Image %(letter)s is my 1st"),
        "is_second": _("Image %(letter)s is my 2nd"),
    }
    return [
        {"letter": letter, "url": address + letter}
        | {name: text % {"letter": letter} for name, text in said.items()}
        | {"first": chosen.get("first") == letter, "second": chosen.get("second") == letter}
        for letter in letters
    ]


def _question(row: Trial) -> str:
    if row.expected:
        return _("This time, choose image %(first)s as your 1st and image %(second)s as your 2nd.") % row.expected
    return texts.question(row.participant.study)


def _chosen(row: Trial, ballot: Ballot | None) -> dict[str, str]:
    """The stored answer in the form's terms."""
    if ballot is None:
        return {}
    places = {stimulus: LETTERS[place] for place, stimulus in enumerate(row.position_order)}
    return {
        "first": places.get(ballot.first_id, ""),
        "second": places.get(ballot.second_id, ""),
        "none_fits": "on" if ballot.none_fits else "",
        "reason": ballot.reason,
        "knows_piece": {True: "yes", False: "no", None: ""}[ballot.knows_piece],
    }


def _wave(outline: list[float]) -> dict[str, Any]:
    """The player's outline as bars on a field of 100 high and 5 a bar; drawn here, for a template takes long over it."""
    heights = [max(0.06, min(1.0, float(value))) for value in outline or [0.35] * 60]
    bars = [
        f'<rect x="{5 * place + 1}" y="{50 - 46 * height:.1f}" width="3" height="{92 * height:.1f}" rx="1.5"/>'
        for place, height in enumerate(heights)
    ]
    return {"width": 5 * len(bars), "bars": mark_safe("".join(bars))}  # noqa: S308 (numbers alone)


def _segments(number: int, total: int) -> str:
    """The progress bar: one segment a trial while they can be told apart."""
    shown = min(total, 24)
    position = number * shown / max(total, 1)
    marks = (
        ' class="done"' if place < position - 1 - 1e-9 else ' class="now"' if place < position else ""
        for place in range(shown)
    )
    return mark_safe("".join(f"<i{mark}></i>" for mark in marks))  # noqa: S308 (words of ours alone)


@require_POST
@participant_page
def events(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Small facts about how it went; what cannot be read is dropped, the answer never depends on it."""
    try:
        sent = json.loads(request.POST.get("events", "[]"))
    except (ValueError, RecursionError):
        sent = []
    keep_events(participant, sent, now=timezone.now())
    touch(participant)
    return HttpResponse(status=204)

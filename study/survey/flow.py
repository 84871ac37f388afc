"""The path of a participant: which page comes next."""

from django.urls import reverse

from study.ballots.kept_statements import KeptRead
from study.models import Participant, Trial

# Trials a person may open beyond the first unanswered one: what the browser keeps ready while offline.
AHEAD = 2
_way = KeptRead(
    lambda participant: (
        Trial.objects.filter(participant=participant).order_by("number").values_list("number", "ballot__pk")
    ),
    participant=int,
)


def done(participant: Participant, step: str) -> bool:
    """Whether a step before or after the trials is done."""
    return step in participant.answers


def next_url(participant: Participant) -> str:
    """Where the person goes on: the first thing that is left to do."""
    name, *arguments = _next(participant)
    return reverse(f"survey_{name}", args=[participant.handle, *arguments])


def _before_trials(participant: Participant) -> tuple | None:
    """The step that has to come before any trial, found without a look into the database."""
    study = participant.study
    if participant.status == Participant.Status.COMPLETED:
        return ("thanks",)
    if participant.status == Participant.Status.SCREENED_OUT:
        return ("screened_out",)
    if participant.consented_at is None:
        return ("consent",)
    if study.questions_before.strip() and not done(participant, "before"):
        return ("questions", "before")
    if study.sound_check and not done(participant, "sound"):
        return ("sound",)
    if not done(participant, "instructions"):
        return ("instructions",)
    return None


def _next(participant: Participant) -> tuple:
    step = _before_trials(participant)
    if step is not None:
        return step
    waiting = first_waiting(way_through(participant))
    if waiting is not None:
        return ("trial", waiting)
    if participant.study.questions_after.strip() and not done(participant, "after"):
        return ("questions", "after")
    return ("review",)


def before_trials(participant: Participant) -> str | None:
    """The page that has to come before any trial, or None when the trials may be seen."""
    step = _before_trials(participant)
    return None if step is None else reverse(f"survey_{step[0]}", args=[participant.handle, *step[1:]])


def way_through(participant: Participant) -> dict[int, bool]:
    """The numbers of a person's trials, in order, and whether each has its answer."""
    return {number: ballot is not None for number, ballot in _way(participant=participant.pk)}


def first_waiting(way: dict[int, bool]) -> int | None:
    """The number of the first trial without an answer."""
    return next((number for number, answered in way.items() if not answered), None)


def reachable(way: dict[int, bool], trial: Trial) -> bool:
    """Whether the person may see this trial now: answered ones, the next, and a few ahead."""
    waiting = first_waiting(way)
    if waiting is None:
        return True
    return trial.number <= waiting + (AHEAD if waiting else 0)

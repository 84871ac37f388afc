"""Which page of the survey comes next, and which trials a participant may open."""

from collections.abc import Mapping

from django.urls import reverse

from study.models import Participant, Trial
from study.participants.completion import answered_by_number
from study.participants.stages import Stage, stage_of, stage_outside_trials

# Trials that a participant may open beyond the first unanswered one: the browser keeps them ready while offline.
AHEAD = 2

# The address of each stage: URL name without "survey_", and its arguments after the handle.
_PAGES: dict[Stage, tuple[str, ...]] = {
    Stage.CONSENT: ("consent",),
    Stage.QUESTIONS_BEFORE: ("questions", "before"),
    Stage.SOUND: ("sound",),
    Stage.INSTRUCTIONS: ("instructions",),
    Stage.QUESTIONS_AFTER: ("questions", "after"),
    Stage.REVIEW: ("review",),
    Stage.COMPLETED: ("thanks",),
    Stage.SCREENED_OUT: ("screened_out",),
}


def next_url(participant: Participant, answered: dict[int, bool] | None = None) -> str:
    """The page on which the participant continues: the first thing left to do.

    Args:
        answered: the trials as `answered_by_number` returns them, if they have been read already.
    """
    stage = stage_outside_trials(participant)
    if stage is None:
        answered = answered_by_number(participant) if answered is None else answered
        stage = stage_of(participant, answered)
    name, *arguments = _PAGES[stage] if stage != Stage.TRIALS else ("trial", str(first_unanswered(answered or {})))
    return reverse(f"survey_{name}", args=[participant.handle, *arguments])


def first_unanswered(answered: Mapping[int, bool], after: int = -1) -> int | None:
    """The number of the first trial after number `after` that has no answer."""
    return next((number for number, is_answered in answered.items() if number > after and not is_answered), None)


def is_reachable(answered: Mapping[int, bool], trial: Trial) -> bool:
    """Whether the participant may open this trial now: answered ones, the next one, and `AHEAD` more.

    Nothing may be opened beyond an unanswered practice trial.
    """
    unanswered = first_unanswered(answered)
    if unanswered is None:
        return True
    return trial.number <= unanswered + (AHEAD if unanswered else 0)

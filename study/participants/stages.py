"""The stages of a participant's visit in their order, and which page is open in which of them.

The survey's decorators follow `OPEN_IN`, so the order holds on the server, whatever addresses a browser asks for.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum

from study.models import Participant, Study


class Stage(IntEnum):
    """What the participant has to do next; the last two are ends."""

    CONSENT = 1
    QUESTIONS_BEFORE = 2
    SOUND = 3
    INSTRUCTIONS = 4
    TRIALS = 5
    QUESTIONS_AFTER = 6
    REVIEW = 7
    COMPLETED = 8
    SCREENED_OUT = 9


def _between(first: Stage, last: Stage) -> frozenset[Stage]:
    return frozenset(stage for stage in Stage if first <= stage <= last)


_ALWAYS = frozenset(Stage)
_FROM_TRIALS_ON = _between(Stage.TRIALS, Stage.REVIEW)
# The stages in which each page may be opened and its form sent. Earlier pages stay open for people who go back, but
# the answers that screen are fixed once the trials have begun.
OPEN_IN: Mapping[str, frozenset[Stage]] = {
    "resume": _ALWAYS,
    "consent": _between(Stage.CONSENT, Stage.REVIEW),
    "questions before": _between(Stage.QUESTIONS_BEFORE, Stage.INSTRUCTIONS),
    "sound": _between(Stage.SOUND, Stage.REVIEW),
    "instructions": _between(Stage.INSTRUCTIONS, Stage.REVIEW),
    "trial": _FROM_TRIALS_ON,
    "audio": _FROM_TRIALS_ON,
    "image": _FROM_TRIALS_ON,
    "events": _FROM_TRIALS_ON,
    "questions after": _between(Stage.QUESTIONS_AFTER, Stage.REVIEW),
    "review": frozenset({Stage.REVIEW}),
    "thanks": frozenset({Stage.COMPLETED}),
    "screened_out": frozenset({Stage.SCREENED_OUT}),
    "language": _ALWAYS,
    "problem": _ALWAYS,
    "withdraw_own": _ALWAYS,
}


def stage_outside_trials(participant: Participant) -> Stage | None:
    """The stage of a participant before the trials or at an end; None from the trials on. Needs no query."""
    study, done = participant.study, participant.answers
    if participant.status == Participant.Status.COMPLETED:
        return Stage.COMPLETED
    if participant.status == Participant.Status.SCREENED_OUT:
        return Stage.SCREENED_OUT
    if participant.consented_at is None:
        return Stage.CONSENT
    if has_page(study, "questions before") and "before" not in done:
        return Stage.QUESTIONS_BEFORE
    if has_page(study, "sound") and "sound" not in done:
        return Stage.SOUND
    if "instructions" not in done:
        return Stage.INSTRUCTIONS
    return None


def stage_of(participant: Participant, answered: Mapping[int, bool]) -> Stage:
    """The participant's stage; `answered` says of each trial whether it has an answer."""
    outside = stage_outside_trials(participant)
    if outside is not None:
        return outside
    if not all(answered.values()):
        return Stage.TRIALS
    if has_page(participant.study, "questions after") and "after" not in participant.answers:
        return Stage.QUESTIONS_AFTER
    return Stage.REVIEW


def has_page(study: Study, page: str) -> bool:
    """Whether the study uses this page; those that it does not use are closed in every stage."""
    if page == "sound":
        return study.sound_check or study.headphone_check
    if page == "questions before":
        return bool(study.questions_before.strip())
    if page == "questions after":
        return bool(study.questions_after.strip())
    return True


def is_open(page: str, participant: Participant, read_answered: Callable[[], Mapping[int, bool]]) -> bool:
    """Whether the participant may open this page now; a page that `OPEN_IN` does not name is closed.

    Args:
        read_answered: reads which trials have an answer; called only if that decides.
    """
    open_in = OPEN_IN.get(page, frozenset()) if has_page(participant.study, page) else frozenset()
    outside = stage_outside_trials(participant)
    possible = _FROM_TRIALS_ON if outside is None else {outside}
    if possible <= open_in or not possible & open_in:
        return possible <= open_in
    return stage_of(participant, read_answered()) in open_in

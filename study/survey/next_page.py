"""Which page of the survey comes next, and which trials a participant may open."""

from django.urls import reverse

from study.models import Participant, Trial
from study.participants.completion import answered_by_number

# Trials that a participant may open beyond the first unanswered one: the browser keeps them ready while offline.
AHEAD = 2

Page = tuple[str, ...]  # URL name without "survey_", and its arguments after the handle


def next_url(participant: Participant, answered: dict[int, bool] | None = None) -> str:
    """The page on which the participant continues: the first thing left to do.

    Args:
        answered: the trials as `answered_by_number` returns them, if they have been read already.
    """
    page = _page_before_trials(participant)
    if page is None:
        page = _page_from_trials_on(participant, answered_by_number(participant) if answered is None else answered)
    return _url(participant, page)


def url_before_trials(participant: Participant) -> str | None:
    """The page that has to come before any trial, or None if trials may be shown; needs no query."""
    page = _page_before_trials(participant)
    return None if page is None else _url(participant, page)


def _url(participant: Participant, page: Page) -> str:
    name, *arguments = page
    return reverse(f"survey_{name}", args=[participant.handle, *arguments])


def _page_before_trials(participant: Participant) -> Page | None:
    study, done = participant.study, participant.answers
    if participant.status == Participant.Status.COMPLETED:
        return ("thanks",)
    if participant.status == Participant.Status.SCREENED_OUT:
        return ("screened_out",)
    if participant.consented_at is None:
        return ("consent",)
    if study.questions_before.strip() and "before" not in done:
        return ("questions", "before")
    if (study.sound_check or study.headphone_check) and "sound" not in done:
        return ("sound",)
    if "instructions" not in done:
        return ("instructions",)
    return None


def _page_from_trials_on(participant: Participant, answered: dict[int, bool]) -> Page:
    unanswered = first_unanswered(answered)
    if unanswered is not None:
        return ("trial", str(unanswered))
    if needs_questions_after(participant):
        return ("questions", "after")
    return ("review",)


def needs_questions_after(participant: Participant) -> bool:
    """Whether the study has questions after the trials that the participant has not answered."""
    return bool(participant.study.questions_after.strip()) and "after" not in participant.answers


def first_unanswered(answered: dict[int, bool], after: int = -1) -> int | None:
    """The number of the first trial after number `after` that has no answer."""
    return next((number for number, is_answered in answered.items() if number > after and not is_answered), None)


def is_reachable(answered: dict[int, bool], trial: Trial) -> bool:
    """Whether the participant may open this trial now: answered ones, the next one, and `AHEAD` more.

    Nothing may be opened beyond an unanswered practice trial.
    """
    unanswered = first_unanswered(answered)
    if unanswered is None:
        return True
    return trial.number <= unanswered + (AHEAD if unanswered else 0)

"""The path of a participant: which page comes next."""

from django.urls import reverse

from study.models import Participant, Trial
from study.participants.progress import answered_by_number

# Trials a person may open beyond the first unanswered one: what the browser keeps ready while offline.
AHEAD = 2

Page = tuple[str | int, ...]  # URL name without "survey_", and its arguments after the handle


def next_url(participant: Participant) -> str:
    """The page on which the participant continues: the first thing left to do."""
    return _url(participant, _page_before_trials(participant) or _page_from_trials_on(participant))


def url_before_trials(participant: Participant) -> str | None:
    """The page that has to come before any trial, or None if the trials may be seen; without a query."""
    page = _page_before_trials(participant)
    return _url(participant, page) if page else None


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
    if study.sound_check and "sound" not in done:
        return ("sound",)
    if "instructions" not in done:
        return ("instructions",)
    return None


def _page_from_trials_on(participant: Participant) -> Page:
    unanswered = first_unanswered(answered_by_number(participant))
    if unanswered is not None:
        return ("trial", unanswered)
    if participant.study.questions_after.strip() and "after" not in participant.answers:
        return ("questions", "after")
    return ("review",)


def first_unanswered(answered: dict[int, bool], after: int = -1) -> int | None:
    """The number of the first trial after number `after` that has no answer."""
    return next((number for number, is_answered in answered.items() if number > after and not is_answered), None)


def is_reachable(answered: dict[int, bool], trial: Trial) -> bool:
    """Whether the participant may see this trial now: any answered one, the next one and `AHEAD` more."""
    unanswered = first_unanswered(answered)
    if unanswered is None:
        return True
    return trial.number <= unanswered + (AHEAD if unanswered else 0)

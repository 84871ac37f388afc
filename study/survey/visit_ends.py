"""Why a visit ends: `VisitEnds` is raised by a view and becomes a page with the reason."""

import logging
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from study.ballots.permission import takes_answers
from study.models import Participant, Study
from study.setup.schedule import in_words, schedule_of
from study.survey import networks

logger = logging.getLogger(__name__)

MAX_GUESSES, GUESS_SECONDS = 30, 600
ARRIVAL_SECONDS = 300


@dataclass
class VisitEnds(Exception):
    """The visit ends here: the text and the status code of the page that is shown."""

    state: str
    status: int
    heading: str
    text: str
    study: Study | None = None
    is_pilot: bool = False
    retry_after: int = 0  # seconds after which the same request may be sent again; 0: not said


def unknown_link(request: HttpRequest) -> VisitEnds:
    """404 for a link or receipt that does not exist; 429 once a network has tried `MAX_GUESSES` of them.

    Valid links are never counted, so nobody can be locked out by another person's guesses.
    """
    guesses, _seconds = networks.count("guesses", networks.network_of(request), GUESS_SECONDS)
    if guesses == MAX_GUESSES + 1:
        logger.warning("More than %d links or receipts that do not exist came from one network.", MAX_GUESSES)
    if guesses > MAX_GUESSES:
        return VisitEnds(
            "slow",
            429,
            _("Too many links that do not exist"),
            _("Please wait ten minutes and try again."),
            retry_after=GUESS_SECONDS,
        )
    return VisitEnds(
        "unknown",
        404,
        _("This link is not valid"),
        _("Please check that you copied all of it, or ask the people who sent it to you."),
    )


def too_many_arrivals(study: Study) -> VisitEnds:
    """429 for a new participant from whose network very many have just come."""
    return VisitEnds(
        "slow",
        429,
        _("Very many people have just started from your network"),
        _("Please open this link again in five minutes. If you have begun already, your own link works now."),
        study,
        retry_after=ARRIVAL_SECONDS,
    )


def needs_own_link() -> VisitEnds:
    """For a participant's page without the participant's cookie."""
    return VisitEnds(
        "nolink",
        403,
        _("Please open your own link again"),
        _(
            "This browser does not know who you are. Your own link brings you back to where you were; "
            "nothing that was saved is lost."
        ),
    )


def cookies_missing() -> VisitEnds:
    """For a form that comes without its cookies: they were deleted, the page is very old, or the browser takes none."""
    return VisitEnds(
        "nolink",
        403,
        _("This browser has lost its cookies"),
        _(
            "Please allow cookies for this site, go back, reload the page and send it again. If that does not help, "
            "open your own link. Nothing that was saved is lost."
        ),
    )


def not_open(study: Study, *, has_begun: bool = False) -> VisitEnds:
    """For a study that is closed, paused or a draft; `has_begun`: the visitor is one of its participants."""
    if study.status == Study.Status.CLOSED:
        if has_begun:
            text = _("No more answers are taken. What you answered until then is saved. Thank you for taking part.")
        else:
            text = _("Thank you for your interest. No more answers are taken.")
        return VisitEnds("closed", 410, _("This study has ended"), text, study)
    if study.status == Study.Status.PAUSED:
        return VisitEnds(
            "paused",
            403,
            _("This study is taking a break"),
            _(
                "Please come back later with the same link. If you have begun already, use your own link: "
                "you can go on."
            ),
            study,
        )
    schedule = schedule_of(study)
    if schedule is not None and schedule.opens_at is not None:
        when = in_words(schedule.opens_at, schedule.time_zone)
        text = _("It begins on %(when)s. Please come back then with the same link.") % {"when": when}
        return VisitEnds("draft", 403, _("This study has not begun yet"), text, study)
    return VisitEnds(
        "draft", 403, _("This study is not open yet"), _("Please come back later with the same link."), study
    )


def closed_to_new(study: Study, reason: str) -> VisitEnds:
    """For a new participant whom the study or the link does not take; an open study gives the reason, as it is full."""
    if study.status == Study.Status.OPEN:
        return VisitEnds("full", 403, reason, "", study)
    return not_open(study)


def has_withdrawn(study: Study) -> VisitEnds:
    """For the pages of a participant who has withdrawn."""
    return VisitEnds("withdrawn", 410, _("You have withdrawn"), _("Your answers have been erased."), study)


def is_over(participant: Participant) -> bool:
    """Whether the participant has not finished and the study takes no more answers."""
    return participant.status == Participant.Status.STARTED and not takes_answers(participant)


def stop_if_over(participant: Participant) -> None:
    """Raise VisitEnds if `is_over`."""
    if is_over(participant):
        end = not_open(participant.study, has_begun=True)
        end.is_pilot = participant.kind == Participant.Kind.PILOT
        raise end

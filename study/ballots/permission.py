"""Who may answer: decided by the status of the study and of the participant, and by the time."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow
from study.models import Participant, Study

# The columns that these functions read, for queries of trials that read no whole rows.
COLUMNS = (
    "participant__kind",
    "participant__status",
    "participant__created_at",
    "participant__completed_at",
    "participant__study__status",
    "participant__study__closed_at",
    "participant__study__grace_minutes",
)


def takes_answers(participant: Participant, now: datetime | None = None) -> bool:
    """Whether the study still takes answers from this participant, if they have not finished.

    An open or paused study does, a draft from pilots only, and a closed study during its grace period from those who
    had started before it closed.
    """
    study, now = participant.study, now or timezone.now()
    if study.status in Study.TAKES_ANSWERS:
        return True
    if study.status == Study.Status.DRAFT:
        return participant.kind == Participant.Kind.PILOT
    ends = study.results_open_at
    return ends is not None and now < ends and study.closed_at is not None and participant.created_at <= study.closed_at


def answers_ended_at(participant: Participant) -> datetime | None:
    """When this participant's answers ended: on finishing, or when the study took no more; None if they have not."""
    study = participant.study
    if participant.status == Participant.Status.COMPLETED:
        return participant.completed_at
    if participant.status != Participant.Status.STARTED or study.closed_at is None:
        return None
    return study.results_open_at if participant.created_at <= study.closed_at else None


def check_may_answer(participant: Participant, now: datetime | None = None) -> None:
    """Check that the participant is taking part and the study takes answers.

    Raises:
        NotAllowedNow: the participant has finished or withdrawn, or the study is over.
    """
    if participant.status != Participant.Status.STARTED:
        raise NotAllowedNow(_("You have finished this study, so answers can no longer change."))
    if not takes_answers(participant, now):
        raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))

"""The rehearsals of a study: copies of a draft that simulated people answer, and their end.

`config/rehearsals` makes them, as that needs an analysis.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow
from study.models import Job, Participant, Study
from study.models.log import record
from study.setup.drafting import erase_study

KIND = "rehearsal"
REHEARSED, REMOVED = "rehearsed", "rehearsal removed"


def refuse_unless_rehearsable(study: Study) -> None:
    """Raise NotAllowedNow unless the study is a draft for real people.

    A rehearsal ends with a report that shows each image with its condition. Of a study that runs nobody may see that.
    """
    if study.simulated or study.rehearsal_of_id is not None:
        raise NotAllowedNow(_("This is a simulated copy itself. Rehearse the study that it was made from."))
    if study.status != Study.Status.DRAFT:
        raise NotAllowedNow(
            _("Only a draft can be rehearsed: a rehearsal shows each image with its condition, which is sealed by now.")
        )


def shows_conditions(study: Study, told: dict[str, Any]) -> bool:
    """Whether what a rehearsal of the study tells may name conditions.

    Which preference was chosen tells no image's condition, but while the study runs nothing about it names one.
    """
    return "comparisons" in told and not study.is_blinded


def job_of(copy: Study) -> Job | None:
    """Return the job that makes or made the rehearsal; None if it is forgotten."""
    if copy.rehearsal_of is None:
        return None
    return copy.rehearsal_of.jobs.filter(kind=KIND, outcome__copy=copy.pk).first()


def remove_rehearsal(copy: Study, *, actor: Any = None, by: Job | None = None) -> None:
    """Delete a rehearsal with its people, results, files and jobs; its study keeps one entry of its log.

    Args:
        by: the job that makes it and has to give up; that is not deleted, as it tells why.

    Raises:
        NotAllowedNow: it is no rehearsal, holds a person who was not simulated, or is being made.
    """
    if copy.rehearsal_of is None:
        raise NotAllowedNow(_("This is no rehearsal, so it is not removed."))
    with transaction.atomic():
        # In one order: whoever changes a study locks it before its copies.
        study = Study.objects.select_for_update().get(pk=copy.rehearsal_of.pk)
        locked = Study.objects.select_for_update().filter(pk=copy.pk, simulated=True, rehearsal_of=study).first()
        if locked is None:
            raise NotAllowedNow(_("This rehearsal is removed already."))
        if locked.participants.filter(kind=Participant.Kind.REAL).exists():
            raise NotAllowedNow(_("Real people are in this study, so it is not removed."))
        job = job_of(locked)
        if job is not None and job.state in Job.UNFINISHED and job != by:
            raise NotAllowedNow(_("This rehearsal is being made. Cancel it; it is removed then."))
        people = locked.participants.count()
        if job is not None and job != by:
            job.delete()
        erase_study(locked, actor=actor)
        record(study, REMOVED, actor=actor, people=people)

"""Exclude a participant from the analysis, or include them again: by hand, with a reason, recorded in the log.

Rules of the plan exclude by themselves (`exclusion_rules`), and nobody can be taken out of them. The answers stay in
every export, marked as excluded; the report gives numbers and reasons, and the results with these participants.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Participant, Study
from study.models.log import record
from study.models.participants import with_code

LEFT_OUT, INCLUDED = "participant left out", "participant taken back in"


@transaction.atomic
def set_exclusion(study: Study, code: str, reason: str, *, excluded: bool = True, actor: Any = None) -> Participant:
    """Exclude the participant with this code, or include them again.

    Raises:
        StudyError: the code is unknown, no reason is given, or nothing would change.
    """
    participant = _lock(study, code)
    if participant is None or participant.status == Participant.Status.WITHDRAWN:
        raise StudyError(
            _("This study has no participant %(code)s; the codes are in its ballots.csv.") % {"code": code}
        )
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise StudyError(_("Give a reason; it is written to the study's log."))
    if not excluded and not participant.excluded and participant.rule_exclusions:
        raise StudyError(
            _("%(code)s is left out by a rule of the plan, which is fixed. The report also gives the result with them.")
            % {"code": code}
        )
    if participant.excluded == excluded:
        raise StudyError(
            _("%(code)s is left out already.") % {"code": code}
            if excluded
            else _("%(code)s is not left out.") % {"code": code}
        )
    participant.excluded, participant.exclusion_reason = excluded, reason if excluded else ""
    participant.save(update_fields=["excluded", "exclusion_reason"])
    action = LEFT_OUT if excluded else INCLUDED
    record(study, action, actor=actor, participant=code, reason=reason)
    return participant


def _lock(study: Study, code: str) -> Participant | None:
    """The participant with this code. Only their row is locked until the transaction ends, so others can answer."""
    return with_code(study.participants.select_for_update(of=("self",)), code)

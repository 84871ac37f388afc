"""Leaving a person's answers out of the analysis, and taking them in again: by hand, with a reason, in the log.

Nothing does so by itself: flags only point. The answers stay in every export, marked; the report counts the people,
gives the reasons, and says how the results would be with them.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Participant, Study
from study.models.studies import record


@transaction.atomic
def set_exclusion(study: Study, code: str, reason: str, *, excluded: bool = True, actor: Any = None) -> Participant:
    """Leaves the person with this code out, or takes them in again.

    Raises:
        StudyError: nobody has this code, no reason is given, or it is so already.
    """
    person = _held(study, code)
    if person is None or person.status == Participant.Status.WITHDRAWN:
        raise StudyError(
            _("This study has no participant %(code)s; the codes stand in its ballots.csv.") % {"code": code}
        )
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise StudyError(_("Say why; the reason goes into the study's log."))
    if person.excluded == excluded:
        raise StudyError(
            _("%(code)s is left out already.") % {"code": code}
            if excluded
            else _("%(code)s is not left out.") % {"code": code}
        )
    person.excluded, person.exclusion_reason = excluded, reason if excluded else ""
    person.save(update_fields=["excluded", "exclusion_reason"])
    action = "participant left out" if excluded else "participant taken back in"
    record(study, action, actor=actor, participant=code, reason=reason)
    return person


def _held(study: Study, code: str) -> Participant | None:
    """The person with this code, their row alone held until the transaction ends: others answer meanwhile."""
    number = code[1:]
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    people = study.participants.select_for_update(of=("self",)).filter(number=int(number))
    return next((person for person in people if person.code == code), None)

"""The list of whom to pay, in the form that the platform takes. Only ids that are still kept; nothing of participants.

Prolific's bulk approval takes ids, one a line. Mechanical Turk's table of reviewed results has an X under Approve, or a
reason under Reject. SONA grants the credit to whom its completion address is opened for, with their code in it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from study.errors import NotAllowedNow
from study.models import PlatformVisit, Study
from study.participants.recruiting import PERSON_PARAMETER, with_id
from study.tables.spreadsheet import csv_text

Platform = Study.Platform
# Whom a list is made of; nobody else is paid.
PAYABLE = (PlatformVisit.State.FINISHED, PlatformVisit.State.SCREENED_OUT)
Ids = Mapping[str, str]


def approval_list(study: Study, state: str) -> tuple[str, str]:
    """Return the name and the content of the study's list of people in a state of `PAYABLE`.

    Sorted by id: the order of arrival would tell more.

    Raises:
        NotAllowedNow: the study has no platform with such a list, or nobody's id is kept.
    """
    platform = study.recruitment_platform
    if platform not in _WRITERS:
        raise NotAllowedNow(_("Choose the recruiting platform in the plan first."))
    person = PERSON_PARAMETER[platform]  # type: ignore[index]
    stored = study.platform_visits.filter(state=state).values_list("ids", flat=True)
    rows = sorted((ids for ids in stored if ids.get(person)), key=lambda ids: str(ids[person]))
    if not rows:
        raise NotAllowedNow(_("There is no id in this list, or all are erased."))
    ending, write = _WRITERS[platform]
    return f"{study.slug}-{platform}-{state}.{ending}", write(study, rows, state)


def _prolific(_study: Study, rows: list[Ids], _state: str) -> str:
    return "".join(f"{ids['PROLIFIC_PID']}\n" for ids in rows)


def _mturk(_study: Study, rows: list[Ids], _state: str) -> str:
    table = [(ids.get("hitId", ""), ids.get("assignmentId", ""), ids["workerId"], "X", "") for ids in rows]
    return csv_text([("HITId", "AssignmentId", "WorkerId", "Approve", "Reject"), *table])


def _sona(study: Study, rows: list[Ids], state: str) -> str:
    link = study.return_url if state == PlatformVisit.State.FINISHED else study.screen_out_url
    table = [(ids["survey_code"], with_id(link, ids["survey_code"]) if "{id}" in link else "") for ids in rows]
    return csv_text([("survey_code", "completion_url"), *table])


_WRITERS: dict[Any, tuple[str, Callable[[Study, list[Ids], str], str]]] = {
    Platform.PROLIFIC: ("txt", _prolific),
    Platform.MTURK: ("csv", _mturk),
    Platform.SONA: ("csv", _sona),
}


def how_to_use(study: Study) -> str:
    """Say where the list goes on the platform; empty without one."""
    return {
        Platform.PROLIFIC: _("In Prolific: Submissions, bulk approve; paste these ids, one a line."),
        Platform.MTURK: _(
            "In Mechanical Turk: Manage, Results, Download CSV; put an X under Approve in the rows of these workers, "
            "and upload that table. The list by itself is enough only if all its rows have an AssignmentId."
        ),
        Platform.SONA: _(
            "SONA grants the credit when the last page leads there. For whom it did not, open the completion address, "
            "or grant it by the code."
        ),
    }.get(study.recruitment_platform, "")  # type: ignore[call-overload]

"""What is decided about each finding: leave its column out of the deposit, or keep it after reading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.deposits.console.jobs import FINDINGS, found_in_files, read_findings, ready_result
from config.deposits.facts import publication_facts, save_publication_facts
from config.deposits.persons import Finding
from config.deposits.tables.study_tables import Tables
from study.errors import StudyError
from study.models import Study


class Choice(StrEnum):
    """What becomes of a finding."""

    OPEN = "open"
    LEAVE_OUT = "leave-out"
    KEEP = "keep"


@dataclass(frozen=True)
class Decision:
    """What is decided about a finding, or about a column in which nothing was found.

    Attributes:
        finding: None if nothing was found, or nobody has looked since the data changed.
        can_be_left_out: whether it is a column that the analysis does not need; a text is mended where it was written.
    """

    key: str
    choice: Choice
    finding: Finding | None
    can_be_left_out: bool

    @property
    def blocks(self) -> bool:
        """Whether there can be no deposit as long as nothing is decided."""
        return self.choice is Choice.OPEN and self.finding is not None and self.finding.blocks


def choices_of(study: Study) -> list[Decision]:
    """Return each finding about the data as they are now, all that was decided, and all columns that may be left out.

    Those that block come first, then other findings, what is decided, and the other columns.

    Raises:
        NotAllowedNow: the study is sealed, or has no results.
    """
    facts = publication_facts(study)
    decided = dict.fromkeys(facts.left_out, Choice.LEAVE_OUT) | dict.fromkeys(facts.kept, Choice.KEEP)
    file = ready_result(study, FINDINGS)
    known = [*(read_findings(file) if file is not None else ()), *found_in_files(study)]
    found = {finding.accept_as: finding for finding in known}
    may_go = dict.fromkeys(Tables(study).can_be_left_out())
    rows = [
        Decision(key, decided.get(key, Choice.OPEN), found.get(key), key in may_go) for key in found | decided | may_go
    ]
    # The sort is stable: columns in which nothing was found stay in the order of the tables.
    return sorted(rows, key=lambda row: (not row.blocks, row.finding is None, row.choice is Choice.OPEN))


@transaction.atomic
def decide(study: Study, chosen: Mapping[str, Choice], *, actor: Any = None) -> None:
    """Store what is decided about findings, by their keys; of others nothing changes.

    Raises:
        StudyError: something would be left out that is no column, or one that the analysis needs.
    """
    row = Study.objects.select_for_update().get(pk=study.pk)
    may_go = Tables(row).can_be_left_out()
    if refused := [key for key, one in chosen.items() if one is Choice.LEAVE_OUT and key not in may_go]:
        raise StudyError(
            _("“%(what)s” cannot be left out: change the text where it was written, or keep it after reading.")
            % {"what": refused[0][:100]}
        )
    facts = publication_facts(row)
    left_out = _with(facts.left_out, chosen, Choice.LEAVE_OUT)
    save_publication_facts(
        row, replace(facts, left_out=left_out, kept=_with(facts.kept, chosen, Choice.KEEP)), actor=actor
    )
    study.plan = row.plan


def _with(keys: tuple[str, ...], chosen: Mapping[str, Choice], choice: Choice) -> tuple[str, ...]:
    kept = {key for key in keys if key not in chosen}
    return tuple(sorted(kept | {key for key, one in chosen.items() if one is choice}))

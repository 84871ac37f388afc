"""What is decided about each finding: leave its column out of the deposit, or keep it after reading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.deposits.facts import publication_facts, save_publication_facts
from config.deposits.jobs import FINDINGS, read_findings, ready_result
from config.deposits.persons import Finding
from study.errors import StudyError
from study.models import Study


class Choice(StrEnum):
    """What becomes of a finding."""

    OPEN = "open"
    LEAVE_OUT = "leave-out"
    KEEP = "keep"


@dataclass(frozen=True)
class Decision:
    """A finding and what is decided about it; `finding` is None of one that is decided but was not looked for again."""

    key: str
    choice: Choice
    finding: Finding | None

    @property
    def can_be_left_out(self) -> bool:
        """Whether it is a column of a table; a text is mended where it was written."""
        return ".csv:" in self.key

    @property
    def blocks(self) -> bool:
        """Whether there can be no deposit as long as nothing is decided."""
        return self.choice is Choice.OPEN and self.finding is not None and self.finding.blocks


def choices_of(study: Study) -> list[Decision]:
    """Return each finding about the data as they are now, and all that was decided; those that block first.

    Raises:
        NotAllowedNow: the study is sealed, or has no results.
    """
    facts = publication_facts(study)
    decided = dict.fromkeys(facts.left_out, Choice.LEAVE_OUT) | dict.fromkeys(facts.kept, Choice.KEEP)
    file = ready_result(study, FINDINGS)
    found = {finding.accept_as: finding for finding in (read_findings(file) if file is not None else ())}
    rows = [Decision(key, decided.get(key, Choice.OPEN), found.get(key)) for key in found | decided]
    return sorted(rows, key=lambda row: (not row.blocks, row.choice is not Choice.OPEN, row.key))


@transaction.atomic
def decide(study: Study, chosen: Mapping[str, Choice], *, actor: Any = None) -> None:
    """Store what is decided about findings, by their keys; of others nothing changes.

    Raises:
        StudyError: something that is no column of a table would be left out.
    """
    row = Study.objects.select_for_update().get(pk=study.pk)
    for key, choice in chosen.items():
        if choice is Choice.LEAVE_OUT and not Decision(key, choice, None).can_be_left_out:
            raise StudyError(
                _("“%(what)s” is no column that could be left out: change the text, or keep it.") % {"what": key[:100]}
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

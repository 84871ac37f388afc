"""Reporting checklists, filled from the study and from the researcher's answers; what nobody answered is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.models import Analysis
from analysis.study_results.checklist_facts import facts
from analysis.study_results.checklist_items import CHECKLISTS, Item
from analysis.study_results.reporting_answers import reporting_answers
from study.models import Study
from study.tables.spreadsheet import csv_text


@dataclass(frozen=True)
class FilledItem:
    """An item with its answer; the answer is empty if neither the study nor the researcher has one."""

    item: Item
    answer: str

    @property
    def missing(self) -> bool:
        return not self.answer


def filled_checklists(study: Study, analysis: Analysis | None = None) -> list[tuple[str, list[FilledItem]]]:
    """Every checklist with its answers, in the current language.

    Without an `analysis`, or while the study is sealed, answers that need results by condition are missing.
    """
    known, answers = facts(study, analysis), reporting_answers(study)

    def fill(item: Item) -> FilledItem:
        texts = (known.get(item.fact, ""), *(answers.get(key, "") for key in item.asks))
        return FilledItem(item, " ".join(text for text in texts if text))

    def applies(item: Item) -> bool:
        return not item.only_if_known or item.fact in known

    return [(name, [fill(item) for item in items if applies(item)]) for name, items in CHECKLISTS]


Checklists = Sequence[tuple[str, Sequence[FilledItem]]]


def checklist_csv(checklists: Checklists) -> str:
    """All checklists, as `filled_checklists` gives them, as one table: checklist, number, item, answer, missing."""
    rows: list[tuple[Any, ...]] = [("checklist", "section", "number", "item", "answer", "missing")]
    for name, entries in checklists:
        for entry in entries:
            item = entry.item
            rows.append((name, item.section, item.number, str(item.title), entry.answer, int(entry.missing)))
    return csv_text(rows)


def heds_json(checklists: Checklists) -> dict[str, Any]:
    """The HEDS questions with their answers, by the sheet's own field names; English, if the checklists are."""
    entries = dict(checklists)["HEDS 3.0"]
    return {
        "sheet": "HEDS 3.0",
        "answers": [
            {
                "question": entry.item.number,
                "field": entry.item.field,
                "title": str(entry.item.title),
                "answer": entry.answer or None,
            }
            for entry in entries
        ],
        "missing": [entry.item.number for entry in entries if entry.missing],
    }

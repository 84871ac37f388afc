"""The columns of a survey tool's download, whose headings take one row (Google Forms), two or three."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from analysis.tables.condition_keys import nearest_key
from analysis.tables.errors import TableError
from study.tables.cells import clean_name, column_key, is_missing
from study.tables.notes import HEADINGS, Notes
from study.tables.reading import Table, TableLimits, read_table

QUALTRICS, SURVEYMONKEY, JSPSYCH, FORM = "Qualtrics", "SurveyMonkey", "jsPsych", "form"
_PLAIN_SUBHEADINGS = ("", "response", "open-ended response", "응답", "개방형 응답")
_BY_NUMBER = re.compile(r"(?:column\s+)?(\d{1,5})", re.IGNORECASE)
LONGEST_REFERENCE = 500
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class SurveyColumn:
    """A column. `name`: by which a mapping names it; `question`: its text, for a reader; `number`: from 1."""

    number: int
    name: str
    question: str


@dataclass(frozen=True)
class SurveyTable:
    """A download: `tool`, one of those above; `rows` with the number that a spreadsheet shows, all of one length."""

    file: str
    tool: str
    columns: list[SurveyColumn]
    rows: list[Row]
    notes: Notes

    def values(self, column: SurveyColumn) -> list[str]:
        """Return the column's cells that hold something."""
        return [value for _number, cells in self.rows if not is_missing(value := cells[column.number - 1])]

    def column(self, reference: str) -> SurveyColumn | None:
        """Return the column of that name, question or number; None if there is none.

        Raises:
            TableError: several columns have that heading.
        """
        wanted = clean_name(reference)
        for key in (lambda column: column.name, lambda column: column.question):
            found = [column for column in self.columns if key(column) == wanted]
            if len(found) > 1:
                numbers = _(" or ").join(f"column {column.number}" for column in found[:12])
                raise TableError(
                    _("%(file)s: %(n)d columns are named “%(name)s”; name the one that is meant %(numbers)s.")
                    % {"file": self.file, "n": len(found), "name": wanted[:60], "numbers": numbers}
                )
            if found:
                return found[0]
        numbered = _BY_NUMBER.fullmatch(wanted)
        if numbered is None or (wanted.isdecimal() and any(column.name.isdecimal() for column in self.columns)):
            return None  # a bare number may be meant as a heading
        number = int(numbered.group(1))
        return self.columns[number - 1] if 1 <= number <= len(self.columns) else None

    def reader(self, reference: str) -> Callable[[list[str]], str]:
        """Return the function from a row's cells to the value that `reference` names; missing values are empty.

        `response.Q0` is the member `Q0` of the JSON in the column `response`, unless a column has that name.

        Raises:
            TableError: there is no such column.
        """
        column = self.column(reference)
        if column is not None:
            at = column.number - 1
            return lambda cells: "" if is_missing(cells[at]) else cells[at]
        before, dot, member = reference.rpartition(".")
        column = self.column(before) if dot else None
        if column is not None:
            place = column.number - 1
            return lambda cells: _member(cells[place], member)
        near = nearest_key(reference, [column.name for column in self.columns if column.name])
        if near:
            raise TableError(
                _("%(file)s: the mapping names the column “%(name)s”, which is not there; is “%(near)s” meant?")
                % {"file": self.file, "name": reference[:60], "near": near[:60]}
            )
        names = ", ".join(f"“{column.name[:40]}”" for column in self.columns[:8] if column.name)
        raise TableError(
            _("%(file)s: the mapping names the column “%(name)s”, which is not there; the columns are %(names)s.")
            % {"file": self.file, "name": reference[:60], "names": names}
        )

    def reference(self, column: SurveyColumn) -> str:
        """Return how a mapping names the column: by its heading, or as “column 4” if that is long or not its own."""
        is_own = 0 < len(column.name) <= LONGEST_REFERENCE and self._named[column.name] == 1
        return column.name if is_own else f"column {column.number}"

    @cached_property
    def _named(self) -> Counter[str]:
        return Counter(column.name for column in self.columns)


def _member(cell: str, member: str) -> str:
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return ""
    found = value.get(member) if isinstance(value, dict) else None
    if isinstance(found, list):
        found = ";".join(map(str, found))
    return "" if found is None or is_missing(clean_name(str(found))) else clean_name(str(found))


def read_survey_table(
    raw: bytes, file: str, *, encoding: str | None = None, limits: TableLimits | None = None
) -> SurveyTable:
    """Read a download, CSV or .xlsx, with all of its heading rows. `limits`: of an upload.

    Raises:
        TableRefused: the file is no table.
        TableError: a row is longer than its headings, or there is none.
    """
    table = read_table(raw, file, encoding=encoding, limits=limits)
    rows = list(table.rows)
    keys, names, questions = table.keys(), table.header, table.header
    tool = _tool_of(keys)
    if tool == QUALTRICS:
        below = table.further[:1] or _heading_below(table, rows, keys.index("responseid"), "Response ID")
        questions = [*below[0], *names[len(below[0]) :]] if below else names
    elif tool == SURVEYMONKEY:
        below = _heading_below(table, rows, keys.index("respondent_id"), "")
        names = questions = _joined_headings(names, below[0] if below else [])
    width = len(names)
    for number, cells in rows:
        if len(cells) > width:
            problem = f"{table.wrong_width(cells)} {_('Check the separators of this row.')}"
            raise TableError(
                _("%(file)s, row %(row)d: %(problem)s") % {"file": table.file, "row": number, "problem": problem}
            )
        cells += [""] * (width - len(cells))
    if not rows:
        raise TableError(_("%(file)s: there are no answers under the headings.") % {"file": table.file})
    columns = [
        SurveyColumn(number, name, question)
        for number, (name, question) in enumerate(zip(names, questions, strict=True), start=1)
    ]
    return SurveyTable(table.file, tool, columns, rows, table.notes)


def _tool_of(keys: list[str]) -> str:
    if "responseid" in keys and {"startdate", "status", "finished"} & set(keys):
        return QUALTRICS
    if "respondent_id" in keys and "collector_id" in keys:
        return SURVEYMONKEY
    return JSPSYCH if {"trial_type", "trial_index"} <= set(keys) else FORM


def _heading_below(table: Table, rows: list[Row], at: int, expected: str) -> list[list[str]]:
    """Take the first row away and return it, if its cell in the column of ids is what a heading has there."""
    cells = rows[0][1] if rows else []
    if not cells or (cells[at] if at < len(cells) else "").casefold() != expected.casefold():
        return []
    number = rows.pop(0)[0]
    table.notes.add(HEADINGS, row=number, text=next(filter(None, cells), "")[:40])
    return [cells]


def _joined_headings(names: list[str], below: list[str]) -> list[str]:
    """Join a question with the answers or rows under it, which share its heading: “Question [Answer]”."""
    joined, question = [], ""
    for at in range(max(len(names), len(below))):
        question = (names[at] if at < len(names) else "") or question
        answer = below[at] if at < len(below) else ""
        joined.append(question if answer.casefold() in _PLAIN_SUBHEADINGS else f"{question} [{answer}]")
    return joined


def heading_key(column: SurveyColumn) -> str:
    """Return a column's name as columns are compared."""
    return column_key(column.name)

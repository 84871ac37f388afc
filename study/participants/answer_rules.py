"""Exclusion rules about what people said: a column of the table of answers, compared with a value.

Lines as `before_age < 18` or `headphones_passed = no`, by the names of the columns in `participants.csv`. A question
without an answer leaves nobody out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from study.errors import StudyError

if TYPE_CHECKING:  # it loads pydantic, which most processes do not need
    from study.participants.answers_table import AnswerColumn, Value

KIND = "answer"
_LINE = re.compile(r"(?P<column>[a-z0-9_]+)\s*(?P<operator><=|>=|!=|=|<|>)\s*(?P<value>\S+)")
_SAME = ("=", "!=")


@dataclass(frozen=True)
class AnswerRule:
    """Leave a participant out whose answer in `column` compares so with `value`: an option's key, or a number."""

    column: str
    operator: str
    value: str | float

    kind = KIND

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.column} {self.operator} {value}"

    def as_json(self) -> dict[str, Any]:
        return {"kind": KIND, "column": self.column, "operator": self.operator, "value": self.value}

    def applies(self, values: Mapping[str, "Value"]) -> bool:
        """Whether the answer is known and compares so."""
        given, value = values.get(self.column), self.value
        if given is None:
            return False
        if self.operator in _SAME:
            return (given == value) == (self.operator == "=")
        if isinstance(given, str) or isinstance(value, str):
            return False
        return {
            "<": given < value,
            "<=": given <= value,
            ">": given > value,
            ">=": given >= value,
        }[self.operator]


def parse_answer_rules(text: str, columns: Iterable["AnswerColumn"]) -> list[AnswerRule]:
    """The rules of some lines, checked against the columns of the study.

    Raises:
        StudyError: a line is no rule, or names no column, no option of it or a number outside its scale.
    """
    known = {column.name: column for column in columns if not column.is_personal_text}
    rules = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.fullmatch(line)
        if match is None:
            raise StudyError(_("“%(line)s”: write a column, a comparison and a value.") % {"line": line[:80]})
        column = known.get(match["column"])
        if column is None:
            raise StudyError(
                _("“%(line)s”: this study has no such column; it has %(names)s.")
                % {"line": line[:80], "names": ", ".join(known)}
            )
        rules.append(AnswerRule(column.name, match["operator"], _value(line, column, match)))
    if len(set(rules)) < len(rules):
        raise StudyError(_("A rule is there twice; delete one of the two."))
    return rules


def _value(line: str, column: "AnswerColumn", match: re.Match[str]) -> str | float:
    if column.kind == "choice":
        if match["operator"] not in _SAME or match["value"] not in column.options:
            raise StudyError(
                _("“%(line)s”: compare it by = or != with %(options)s.")
                % {"line": line[:80], "options": ", ".join(column.options)}
            )
        return match["value"]
    try:
        number = float(match["value"])
    except ValueError:
        number = float("nan")
    low, high = column.steps or (float("-inf"), float("inf"))
    if not (low <= number <= high and abs(number) < 1e15):
        raise StudyError(_("“%(line)s”: compare it with a number that can be answered.") % {"line": line[:80]})
    return number

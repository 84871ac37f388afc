"""Read tables once, row by row, and keep what each column tells about people."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from config.deposits.personal.columns import PARTICIPANT, Role, role_of
from config.deposits.personal.identifiers import Identifier, masked
from config.deposits.personal.search import Search

_ROWS_AT_ONCE = 5_000
# Values that are looked at once only; of columns with more, some are looked at again, which costs time alone.
_MOST_REMEMBERED = 200_000
_SENTENCE = re.compile(r"[^\W\d_]{2,},? [^\W\d_]+,? [^\W\d_]{2,}|[가-힣]+[.,]? [가-힣]+|[一-龯ぁ-ゖァ-ヶ]{8,}")
# Why somebody is left out of the analysis, where no person wrote it.
_RULES = re.compile(r"(?:by hand(?:; |$))?(?:rule of the plan: .*)?")
# What stands in place of words that were left out.
LEFT_OUT = "[left out]"
FINE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:(?!00(?:[+Z]|$|:00(?:\.0+)?(?:[+Z]|$)))\d\d")
_TIME = "time"
_SIMULATED = re.compile(r"s\d{4,}")


@dataclass
class Found:
    """How many rows hold something, and one of them, masked."""

    rows: int = 0
    example: str = ""


@dataclass
class ColumnFacts:
    """What a column tells.

    Attributes:
        filled: rows that are not empty.
        found: by kind of identifier.
        fine_times: times finer than an hour.
        has_words: whether a cell holds what somebody wrote in their own words.
        by_person: the value of each person; None if the table is not about people or a person has two.
    """

    name: str
    role: Role | None
    by_person: dict[str, str] | None
    search: Callable[[str], Iterable[Identifier]]
    filled: int = 0
    found: dict[str, Found] = field(default_factory=dict)
    fine_times: Found = field(default_factory=Found)
    has_words: bool = False
    _seen: set[str] = field(default_factory=set)
    _flagged: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, values: list[str], people: list[str] | None) -> None:
        """Take in the next rows."""
        self.filled += len(values) - values.count("") - values.count(LEFT_OUT)
        for value in set(values) - self._seen:
            self._look_at(value)
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen.add(value)
        if self._flagged:
            for value, rows in Counter(value for value in values if value in self._flagged).items():
                for kind, example in self._flagged[value].items():
                    found = self.fine_times if kind == _TIME else self.found.setdefault(kind, Found())
                    found.rows += rows
                    found.example = found.example or example
        if self.by_person is not None and people is not None:
            known = self.by_person
            if any(known.setdefault(person, value) != value for person, value in set(zip(people, values, strict=True))):
                self.by_person = None

    def _look_at(self, value: str) -> None:
        if self.role is Role.WORDS and not _RULES.fullmatch(value):
            self.has_words = self.has_words or value not in ("", LEFT_OUT)
        elif self.role is None and not self.has_words and _SENTENCE.search(value):
            self.has_words = True
        kinds = {one.kind: masked(one.value, one.secret) for one in self.search(value)}
        if FINE_TIME.match(value):
            kinds[_TIME] = value[:14] + "••"
        if kinds:
            self._flagged[value] = kinds


@dataclass
class TableFacts:
    """What a table tells, by column; of a long table of answers, by the question that people answered in words."""

    name: str
    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    is_long: bool = False

    @property
    def is_of_people(self) -> bool:
        """Whether its rows name participants."""
        return PARTICIPANT in self.columns


def simulated_people(tables: Iterable[TableFacts]) -> set[str]:
    """The codes of those who are no people: the column `kind` says so, or the study's code (s0007)."""
    by_person = (facts.by_person or {} for table in tables for facts in table.columns.values() if facts.name == "kind")
    said = {code for kinds in by_person for code, kind in kinds.items() if kind == "simulated"}
    return said | {code for code in everybody(tables) if _SIMULATED.fullmatch(code)}


def everybody(tables: Iterable[TableFacts]) -> set[str]:
    """The codes in all tables."""
    return {code for table in tables if table.is_of_people for code in table.columns[PARTICIPANT].by_person or ()}


def read_table(name: str, rows: Iterable[Mapping[str, str]], roles: Mapping[str, Role], search: Search) -> TableFacts:
    """Read the rows once; a few thousand are in memory at a time.

    `roles`: what a column is, by "table:column", where its name alone does not tell.
    """
    source = iter(rows)
    table = TableFacts(name)
    while batch := list(islice(source, _ROWS_AT_ONCE)):
        people = [row[PARTICIPANT] for row in batch] if PARTICIPANT in batch[0] else None
        table.is_long = {"question", "kind", "value"} <= batch[0].keys()
        for column in batch[0]:
            if table.is_long and column == "value":
                for question, values in _words_by_question(batch).items():
                    facts = table.columns.setdefault(question, _column(question, Role.WORDS, False, search))
                    facts.add(values, None)
                continue
            if column not in table.columns:
                role = roles.get(f"{name}:{column}", role_of(column))
                table.columns[column] = _column(column, role, people is not None, search)
            table.columns[column].add([row.get(column) or "" for row in batch], people)
    return table


def _words_by_question(batch: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in batch:
        if row["kind"] == "text":
            found.setdefault(row["question"], []).append(row["value"] or "")
    return found


def _column(name: str, role: Role | None, of_people: bool, search: Search) -> ColumnFacts:
    is_made = role in (Role.MACHINE, Role.CODE) or (role is None and not of_people)

    def search_cell(value: str) -> list[Identifier]:
        is_words = not is_made or (role is None and _SENTENCE.search(value))
        return search.words(value) if is_words else search.made(value)

    follows = of_people and (role in (Role.KNOWN, Role.CODE, None) or name == "kind")
    return ColumnFacts(name, role, {} if follows else None, search_cell)

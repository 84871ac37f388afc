"""What the columns of people tell together: values that nobody else has, exact numbers, small groups."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.deposits.personal.columns import PARTICIPANT, Role
from config.deposits.personal.finding import About, Finding
from config.deposits.personal.small_groups import Combination, K, SmallGroups, small_groups
from config.deposits.personal.table_reading import FINE_TIME, TableFacts, everybody, simulated_people

_WHOLE_NUMBER = re.compile(r"-?\d{1,3}")
_NUMBER = re.compile(r"-?\d+\.\d+")
# Fewer people have values of their own by chance.
_FEWEST = 10
_MOSTLY = 0.9
_EXACT = 10
_PARTS_NAMED = 5


@dataclass(frozen=True)
class PersonColumn:
    """A column with one value for each person. `table` is where it stands first; values are in the order of people."""

    table: str
    name: str
    values: Sequence[str]

    @property
    def key(self) -> str:
        """By which a finding about it is accepted."""
        return f"{self.table}:{self.name}"

    @property
    def where(self) -> str:
        """How a page names it."""
        return _("%(table)s, column %(column)s") % {"table": self.table, "column": self.name}


def values_of_people(tables: Sequence[TableFacts]) -> list[PersonColumn]:
    """The columns that hold a fact about each person, of all tables together; of simulated people none.

    Who joins the tables has them all, so a person who is missing in one has an empty value there.
    """
    found = [
        (table.name, facts.name, facts.by_person)
        for table in tables
        for facts in table.columns.values()
        if facts.by_person and facts.role in (Role.KNOWN, None) and not facts.has_words and facts.name != PARTICIPANT
    ]
    people = sorted(everybody(tables) - simulated_people(tables))
    columns: dict[str, PersonColumn] = {}
    for table, name, values in sorted(found, key=lambda column: -len(column[2])):
        columns.setdefault(name, PersonColumn(table, name, [values.get(person, "") for person in people]))
    return [column for column in columns.values() if people]


def has_own_values(column: PersonColumn) -> bool:
    """Whether nearly everybody has a value that nobody else has, as ids have; decimals are measurements."""
    filled = [value for value in column.values if value]
    distinct = set(filled)
    if len(filled) < _FEWEST or len(distinct) < _MOSTLY * len(filled):
        return False
    return not all(_NUMBER.fullmatch(value) or _WHOLE_NUMBER.fullmatch(value) for value in distinct)


def about_values(columns: Sequence[PersonColumn]) -> Iterator[Finding]:
    """Ids, and numbers that are more exact than they need to be."""
    for column in columns:
        distinct = {value for value in column.values if value}
        if has_own_values(column) and not any(map(FINE_TIME.match, distinct)):
            yield Finding(
                where=column.where,
                what=_(
                    "Nearly everybody has a value that nobody else has, as with ids: a list that holds the same values "
                    "names each person. Leave the column out."
                ),
                rows=len(distinct),
                example="",
                blocks=True,
                accept_as=column.key,
                about=About.VALUE,
            )
        elif len(distinct) > _EXACT and all(_NUMBER.fullmatch(v) or _WHOLE_NUMBER.fullmatch(v) for v in distinct):
            yield Finding(
                where=column.where,
                what=_(
                    "These numbers are exact. Groups, such as ten years of age, tell fewer people apart; or leave the "
                    "column out."
                ),
                rows=len(column.values),
                example="",
                blocks=False,
                accept_as=column.key,
                about=About.VALUE,
            )


def about_groups(columns: Sequence[PersonColumn]) -> Iterator[Finding]:
    """Who is nearly alone with what others may know: all columns together first, then the sets that make it so."""
    used = {column.name: column for column in columns if not has_own_values(column)}
    groups = small_groups({name: column.values for name, column in used.items()})
    # Without columns nothing tells people apart; so few are a small group of their own.
    if groups is None or not groups.whole.small or not groups.whole.columns:
        return
    whole = groups.whole
    yield _group_finding(
        whole,
        _(
            "Of %(people)s people, %(alone)s are alone with these answers and %(small)s share them with fewer than "
            "%(others)s others: who knows so much of a person finds all their answers. %(mend)s"
        )
        % {
            "people": groups.people,
            "alone": whole.alone,
            "small": whole.small,
            "others": K - 1,
            "mend": _mend(groups),
        },
        used,
        blocks=True,
    )
    named: dict[int, int] = {}
    for part in groups.parts:
        size = len(part.columns)
        named[size] = named.get(size, 0) + 1
        if part.columns == whole.columns or named[size] > _PARTS_NAMED:
            continue
        yield _group_finding(
            part,
            ngettext(
                "%(count)s person is in a group of fewer than %(k)s by this alone.",
                "%(count)s people are in groups of fewer than %(k)s by this alone.",
                part.new,
            )
            % {"count": part.new, "k": K},
            used,
            blocks=False,
        )


def _mend(groups: SmallGroups) -> str:
    mend = _("Leave columns out, or make their values coarser.")
    if groups.cure:
        mend = _("Without %(columns)s no group has fewer than %(k)s.") % {"columns": ", ".join(groups.cure), "k": K}
    if groups.largest_part < 3:
        mend += " " + _("There are too many columns to count every three of them.")
    return mend


def _group_finding(part: Combination, what: str, used: dict[str, PersonColumn], *, blocks: bool) -> Finding:
    first = used[part.columns[0]]
    return Finding(
        where=first.where
        if len(part.columns) == 1
        else _("%(table)s, columns %(columns)s together") % {"table": first.table, "columns": ", ".join(part.columns)},
        what=what,
        rows=part.new,
        example="",
        blocks=blocks,
        accept_as=f"{first.table}:{'+'.join(part.columns)}",
        about=About.TOGETHER if blocks else About.PART,
    )

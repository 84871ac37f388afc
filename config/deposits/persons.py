"""What in a deposit might point to a person: named before anything is published.

An attacker is assumed who knows somebody that took part: from the list of a recruiting platform, or in person.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from config.deposits.personal.columns import PARTICIPANT, Role, role_of, roles_of, smells
from config.deposits.personal.file_metadata import file_metadata_findings, without_metadata
from config.deposits.personal.finding import About, Finding
from config.deposits.personal.identifiers import masked
from config.deposits.personal.people import about_groups, about_values, values_of_people
from config.deposits.personal.search import Search
from config.deposits.personal.sentences import personal_sentences
from config.deposits.personal.table_reading import Found, TableFacts, read_table, simulated_people

__all__ = [
    "About",
    "Finding",
    "Role",
    "file_metadata_findings",
    "findings",
    "personal_sentences",
    "roles_of",
    "without_metadata",
]

# Texts that no person wrote as such: names, prompts, files of the plan.
_BY_MACHINE = ("clip", "prompt", "stimul", "provenance", "plan", "analysis", "file", "tag")
_ARRIVAL = re.compile(r"r\d{4,}")
_SEED = re.compile(r'"\w*seed"\s*:\s*"?\d+')


def findings(
    tables: Mapping[str, Iterable[Mapping[str, str]]],
    texts: Mapping[str, str],
    *,
    roles: Mapping[str, Role] | None = None,
    known_names: Iterable[str] = (),
    own: Iterable[str] = (),
    in_order_of_arrival: bool = False,
) -> list[Finding]:
    """What of these tables and texts might point to a person; those first that block.

    Args:
        tables: rows by the table's file name, each read once from beginning to end; cells are texts. The column
            `participant` makes it a table of people. One row a person and many rows a person are both right.
        texts: by where they stand: "study: description", "clip: name", "plan: plan.json".
        roles: what columns hold, by "table:column" (`roles_of`), where the name does not tell. Without, a column of
            people is taken for something that others may know of them.
        known_names: of colleagues and accounts, which no text should hold.
        own: what the researchers publish of themselves: names, addresses and ORCIDs of the creators and the contact.
        in_order_of_arrival: whether the codes of people count them as they came; the study's own codes (r0007) do.
    """
    search = Search(known_names, own)
    read = [read_table(name, rows, roles or {}, search) for name, rows in tables.items()]
    people = values_of_people(read)
    found = [
        *(finding for table in read for finding in _about_table(table, read)),
        *(finding for where, text in texts.items() for finding in _about_text(where, text, search)),
        *_about_arrival(read, texts, in_order_of_arrival),
        *about_values(people),
        *about_groups(people),
    ]
    return sorted(found, key=lambda finding: not finding.blocks)


def _about_table(table: TableFacts, tables: Sequence[TableFacts]) -> Iterator[Finding]:
    said_before = _said_before(table, tables)
    for column, facts in table.columns.items():
        if column in said_before:
            continue

        def finding(about: About, what: str, found: Found, column: str = column) -> Finding:
            return Finding(
                where=_("%(table)s, column %(column)s") % {"table": table.name, "column": column},
                what=what,
                rows=found.rows,
                example=found.example,
                blocks=True,
                accept_as=f"{table.name}:{column}",
                about=about,
            )

        for kind, found in facts.found.items():
            yield finding(
                About.IDENTIFIER, _("This looks like %(kind)s. Leave the column out.") % {"kind": _(kind)}, found
            )
        if facts.fine_times.rows:
            yield finding(
                About.TIME,
                _(
                    "These times are finer than an hour, and the list of a recruiting platform holds the same. Leave "
                    "the column out."
                ),
                facts.fine_times,
            )
        if not (facts.filled and table.is_of_people):
            continue
        if facts.has_words:
            yield finding(
                About.WORDS,
                _("People’s own words. Read them all; leave the column out if anything in them points to a person."),
                Found(facts.filled),
            )
        if role_of(column) is None and (word := smells(column)):
            yield finding(
                About.NAME,
                _("By its name the column holds something personal: %(word)s. Leave it out, or keep it after a look.")
                % {"word": word},
                Found(facts.filled),
            )


def _said_before(table: TableFacts, tables: Sequence[TableFacts]) -> set[str]:
    """The columns of this table of which another one tells the same: answers of people beside their ballots."""
    said = {"content"} if any(one.is_long for one in tables) else set()
    for other in tables[: tables.index(table)]:
        said |= {
            name
            for name, facts in table.columns.items()
            if facts.role is not Role.MACHINE and name in other.columns and facts.by_person is not None
        }
    return said - {PARTICIPANT}


def _about_arrival(
    tables: Sequence[TableFacts], texts: Mapping[str, str], in_order_of_arrival: bool
) -> Iterator[Finding]:
    """What tells the order in which people came, which a recruiting platform's list tells too."""
    simulated = simulated_people(tables)
    people = [table for table in tables if table.is_of_people]
    for table in people:
        codes = (table.columns[PARTICIPANT].by_person or {}).keys() - simulated
        if not codes:
            continue
        if in_order_of_arrival or any(map(_ARRIVAL.fullmatch, codes)):
            yield Finding(
                where=_("%(table)s, column %(column)s") % {"table": table.name, "column": PARTICIPANT},
                what=_(
                    "These codes are numbered in the order in which people came: the list of a recruiting platform, "
                    "sorted by time, names each of them."
                ),
                rows=len(codes),
                example=min(codes),
                blocks=True,
                accept_as=f"people:{PARTICIPANT}",
                about=About.ARRIVAL,
            )
            break
    slots = next((table for table in people if "slot" in table.columns and table.columns["slot"].filled), None)
    if slots is not None:
        yield Finding(
            where=_("%(table)s, column %(column)s") % {"table": slots.name, "column": "slot"},
            what=_("Slots are given in the order in which people came. Leave the column out."),
            rows=slots.columns["slot"].filled,
            example="",
            blocks=True,
            accept_as=f"{slots.name}:slot",
            about=About.ARRIVAL,
        )
    for where, text in texts.items() if people else ():
        if _SEED.search(text):
            yield Finding(
                where=where,
                what=_(
                    "The seed gives each person’s orders again, and so the place in which each of them came. Leave the "
                    "seed out."
                ),
                rows=1,
                example="",
                blocks=True,
                accept_as=where,
                about=About.ARRIVAL,
            )


def _about_text(where: str, text: str, search: Search) -> Iterator[Finding]:
    by_machine = where.lower().startswith(_BY_MACHINE)
    found: dict[str, Found] = {}
    for one in search.made(text) if by_machine else search.words(text):
        found.setdefault(one.kind, Found(example=masked(one.value, one.secret))).rows += 1
    for kind, here in found.items():
        yield Finding(
            where=where,
            what=_("This looks like %(kind)s. Take it out of the text.") % {"kind": _(kind)},
            rows=here.rows,
            example=here.example,
            blocks=True,
            accept_as=where,
        )

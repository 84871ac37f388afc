"""Search the files of a deposit once they are written: nothing may stand there that nobody was asked about.

`findings` looks at tables and at the study's texts before. Whatever a file holds besides was left out, or comes from a
text that nobody thought of.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

from config.deposits import paths
from config.deposits.file_texts import IMAGES, SEARCHED, Part, Unsearchable, parts_of
from config.deposits.personal.finding import About, Finding
from config.deposits.personal.identifiers import masked, normal
from config.deposits.personal.search import Search

_CODE = re.compile(r"(?<![\w.-])[a-z]\d{4,}(?![\w.-])")
_SECTION = re.compile(r"\d(?:\.\d){3}")  # of a checklist: an address in the internet has more digits
_NUMBER = re.compile(r"(?<![\w.-])\d{6,}(?![\w.-])")  # a shorter seed is any number


def is_written_text(path: str) -> bool:
    """Whether a finding may have this key: a file of the deposit that is searched."""
    return ":" not in path and _is_searched(path)


def _is_searched(path: str) -> bool:
    # Pictures among the materials are searched before, by their own keys.
    return path.endswith(SEARCHED) or (path.endswith(IMAGES) and not path.startswith(f"{paths.IMAGES}/"))


def written_findings(
    folder: Path, known: Sequence[str], search: Search, *, codes: Collection[str], seed: int | None
) -> Iterator[Finding]:
    """Yield what of the files below `folder` might point to a person and was not searched before.

    A file of which the texts cannot be read is a finding itself: nobody knows what stands there.

    Args:
        known: the texts that were searched, as all tables were.
        codes: of people in the study, by which no file of a deposit may name them.
        seed: of the orders; None if the deposit may tell it.
    """
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and _is_searched(path.relative_to(folder).as_posix())
    )
    tables = [path for path in files if path.parent.name == "data"]
    hits = [hit for path in files if path not in tables for hit in _hits(path, folder, search, codes, seed)]
    seen = _seen({value for value, _finding in hits if value}, known, tables)
    yield from (finding for value, finding in hits if value not in seen)


def _hits(
    path: Path, folder: Path, search: Search, codes: Collection[str], seed: int | None
) -> Iterator[tuple[str, Finding]]:
    """Yield each finding in a file with the value that may have been searched before; "" of what never was."""
    name = path.relative_to(folder).as_posix()
    try:
        for part in parts_of(path):
            yield from _hits_in(part, name, search, codes, seed)
    except Unsearchable as error:
        what = _("This file cannot be searched (%(why)s). Look into it, then keep it, or take out what it is made of.")
        yield "", _finding(name, what % {"why": error}, "", About.IDENTIFIER, within=error.part)


def _hits_in(
    part: Part, name: str, search: Search, codes: Collection[str], seed: int | None
) -> Iterator[tuple[str, Finding]]:
    for one in search.tags(part.words):
        if not _SECTION.fullmatch(one.value):
            what = _("This looks like %(kind)s. Take it out of the text.") % {"kind": _(one.kind)}
            shown = masked(one.value, one.secret)
            yield one.value.lower(), _finding(name, what, shown, About.IDENTIFIER, within=part.name)
    for code in sorted(set(codes).intersection(_CODE.findall(part.words))):
        what = _("The study's own code of a person, which tells when the person came. Take it out of the text.")
        yield code, _finding(name, what, code, About.ARRIVAL, within=part.name)
    if seed is not None and str(seed) in _NUMBER.findall(part.numbers):
        what = _(
            "The seed gives each person’s orders again, and so the place in which each of them came. Leave the seed "
            "out."
        )
        yield "", _finding(name, what, "", About.ARRIVAL, within=part.name)


def _seen(values: Collection[str], known: Iterable[str], tables: Iterable[Path]) -> set[str]:
    """Which of these stand in texts or tables that were searched; a table may be too large for memory."""
    left, seen = set(values), set[str]()
    for text in chain(known, _rows(tables)):
        if not left:
            break
        plain = normal(text).lower()
        seen |= {value for value in left if value in plain}
        left -= seen
    return seen


def _rows(tables: Iterable[Path]) -> Iterator[str]:
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            yield from map(",".join, csv.reader(file))


def _finding(name: str, what: str, example: str, about: About, *, within: str = "") -> Finding:
    where = f"{name}, {within}" if within else name
    return Finding(where=where, what=what, rows=1, example=example, blocks=True, accept_as=name, about=about)

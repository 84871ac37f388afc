"""Search the text files of a deposit once they are written: nothing may stand there that nobody was asked about.

`findings` looks at tables and at the study's texts before. Whatever a file holds besides was left out, or comes from a
text that nobody thought of.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from html import unescape
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

from config.deposits.personal.finding import About, Finding
from config.deposits.personal.identifiers import masked, normal
from config.deposits.personal.search import Search
from config.deposits.texts import texts_in

_TEXTS = {".html", ".json", ".jsonld", ".csv", ".md", ".tex", ".bib", ".cff", ".txt"}
# Pictures within pages, and drawings: letters and numbers that nobody wrote.
_NO_TEXT = re.compile(r"data:[\w/+.;=-]+;base64,[A-Za-z0-9+/=]+|<(style|script|svg)\b.*?</\1>|<[^>]*>", re.DOTALL)
_CODE = re.compile(r"(?<![\w.-])[a-z]\d{4,}(?![\w.-])")
_SECTION = re.compile(r"\d(?:\.\d){3}")  # of a checklist: an address in the internet has more digits
_NUMBER = re.compile(r"(?<![\w.-])\d{6,}(?![\w.-])")  # a shorter seed is any number


def is_written_text(path: str) -> bool:
    """Whether a finding may have this key: a file of the deposit that is searched."""
    return path.endswith(tuple(_TEXTS)) and ":" not in path


def written_findings(
    folder: Path, known: Sequence[str], search: Search, *, codes: Collection[str], seed: int | None
) -> Iterator[Finding]:
    """Yield what of the text files below `folder` might point to a person and was not searched before.

    Args:
        known: the texts that were searched, as all tables were.
        codes: of people in the study, by which no file of a deposit may name them.
        seed: of the orders; None if the deposit may tell it.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in _TEXTS and path.is_file())
    tables = [path for path in files if path.parent.name == "data"]
    hits = [hit for path in files if path not in tables for hit in _hits(path, folder, search, codes, seed)]
    seen = _seen({value for value, _finding in hits if value}, known, tables)
    yield from (finding for value, finding in hits if value not in seen)


def _hits(
    path: Path, folder: Path, search: Search, codes: Collection[str], seed: int | None
) -> Iterator[tuple[str, Finding]]:
    """Yield each finding in a file with the value that may have been searched before; "" of what never was."""
    name, text = path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
    words = _words(path.suffix, text)
    for one in search.tags(words):
        if not _SECTION.fullmatch(one.value):
            what = _("This looks like %(kind)s. Take it out of the text.") % {"kind": _(one.kind)}
            yield one.value.lower(), _finding(name, what, masked(one.value, one.secret), About.IDENTIFIER)
    for code in sorted(set(codes).intersection(_CODE.findall(words))):
        what = _("The study's own code of a person, which tells when the person came. Take it out of the text.")
        yield code, _finding(name, what, code, About.ARRIVAL)
    if seed is not None and str(seed) in _NUMBER.findall(words if path.suffix == ".html" else text):
        what = _(
            "The seed gives each person’s orders again, and so the place in which each of them came. Leave the seed "
            "out."
        )
        yield "", _finding(name, what, "", About.ARRIVAL)


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


def _words(suffix: str, text: str) -> str:
    """What somebody may have written: of JSON the texts and keys, of a table each cell by itself.

    Two numbers beside each other, as the ends of an interval, would look like the position of a place.
    """
    if suffix == ".html":
        return unescape(_NO_TEXT.sub(" ", text))
    if suffix in (".json", ".jsonld"):
        return "\n".join(texts_in(json.loads(text), keys=True))
    if suffix == ".csv":
        return "\n".join(cell for row in csv.reader(io.StringIO(text)) for cell in row)
    return text


def _finding(name: str, what: str, example: str, about: About) -> Finding:
    return Finding(where=name, what=what, rows=1, example=example, blocks=True, accept_as=name, about=about)

"""Read a table of predicted tags and check all of it; a fault anywhere refuses the whole table.

There are two layouts. The **wide** table has a column that names the clip and a column of probabilities for each tag.
The **long** one has the columns `clip`, `tag` and `probability`, a row for each pair; a pair without a row has the
probability 0. Imports nothing heavy: pages use it.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from study.setup.tag_table import CLIP_COLUMNS, ClipFinder, NamedClip, clean_tag, refused, tag_problem
from study.tables.encoding import decode_text
from study.tables.errors import TableRefused
from study.tables.reading import UPLOAD, Table, TableLimits, table_of_text
from study.tables.spreadsheet import csv_text
from study.tables.workbook import csv_of_workbook, is_workbook

if TYPE_CHECKING:  # the bounded process that reads uploads has no models
    from study.models import Clip

# Of a larger table, as of a whole data set, the rows of the study's clips are kept.
MOST_KEPT_BYTES = 20 * 2**20
_MOST_KEPT_CLIPS = 50_000
LIMITS = TableLimits(rows=3_000_000, cells=UPLOAD.cells)  # of a list: a row for each clip and tag
TAG_COLUMN, PROBABILITY_COLUMN = "tag", "probability"
_COLUMNS = (*CLIP_COLUMNS, TAG_COLUMN, PROBABILITY_COLUMN)


@dataclass
class PredictionTable:
    """Predicted probabilities by clip, as a file names the clips.

    `tags`: the vocabulary, in the file's order; `rows`: by the clip's key, the probability of each tag; `lines`: by the
    clip's key, the row that names it first.
    """

    tags: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def probabilities(self, key: str) -> dict[str, float]:
        """Return the clip's probability of every tag of the vocabulary."""
        row = self.rows[key]
        return {tag: row.get(tag, 0.0) for tag in self.tags}


@dataclass
class MatchedClips:
    """The clips of a study that a table has. `keys`: by the clip's primary key, its key in the table."""

    keys: dict[int, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # names of clips without a row
    unknown: int = 0  # rows about other clips
    problems: list[str] = field(default_factory=list)


def read_predictions(text: str, file: str, limits: TableLimits | None = None) -> PredictionTable:
    """Read a table of predictions.

    Raises:
        ImportRefused: lists every fault with file, row, value and what to do.
    """
    table = PredictionTable()
    problems: list[str] = []
    try:
        source = table_of_text(text, file, known=_COLUMNS, limits=limits).without_unnamed()
        columns = [clean_tag(name) for name in source.header]
        read_row = _reader_of(columns, table, source, decimal_comma=source.delimiter != ",")
        for line, cells in source.rows:
            if len(cells) != len(columns):
                found: Iterable[str] = [f"{source.wrong_width(cells)} {_('Check the separators of this row.')}"]
            else:
                found = read_row(line, cells)
            problems += [
                _("%(file)s, row %(row)d: %(problem)s") % {"file": file, "row": line, "problem": each} for each in found
            ]
    except TableRefused as error:
        raise refused([str(error)]) from error
    if problems:
        raise refused(problems)
    if not table.rows:
        raise refused([_("%(file)s has no row below the header. Add the predictions.") % {"file": file}])
    return table


def read_prediction_upload(raw: bytes, file: str, *, clips: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the text of an uploaded table to keep, and what it holds, for a bounded process.

    `clips`: primary keys and names of the study's clips. `lines`: row by key, as `PredictionTable.lines`. `left_out`:
    how many clips of a table that is too large to keep were left out, since the study does not have them.

    Raises:
        ImportRefused: lists every fault with file, row, value and what to do.
        TableRefused: it is no table.
    """
    text = csv_of_workbook(raw, file) if is_workbook(raw) else decode_text(raw, file)[0]
    table = read_predictions(text, file, LIMITS)
    matched = match_clips(table.lines, [NamedClip(*clip) for clip in clips], file)
    if matched.problems:
        raise refused(matched.problems)
    left_out = 0
    if not _can_be_kept(text, table):
        named = set(matched.keys.values())
        kept = [(key, row) for key, row in table.rows.items() if key in named]
        left_out = len(table.rows) - len(kept)
        rows = ([key, *(row.get(tag, 0.0) for tag in table.tags)] for key, row in kept)
        text = csv_text([("clip", *table.tags), *rows])
        table = read_predictions(text, file)  # which refuses a table without rows
        if not _can_be_kept(text, table):
            problem = _("%(file)s is too large, also without clips that the study does not have. Keep fewer tags.")
            raise refused([problem % {"file": file}])
    return {
        "text": text,
        "lines": table.lines,
        "summary": {"tags": len(table.tags), "clips": len(table.rows), "unknown": matched.unknown - left_out},
        "left_out": left_out,
    }


def _can_be_kept(text: str, table: PredictionTable) -> bool:
    """Return whether a table is small enough for the process that stores it, and its keys for pages."""
    return (
        len(text.encode()) <= MOST_KEPT_BYTES
        and sys.getsizeof(text) <= 2 * MOST_KEPT_BYTES
        and len(table.rows) <= _MOST_KEPT_CLIPS
        and sum(map(len, table.rows)) <= 40 * _MOST_KEPT_CLIPS
    )


def read_lines(raw: bytes, file: str) -> dict[str, int]:
    """Return the row of each clip of a stored table, for a bounded process."""
    return read_predictions(raw.decode(), file).lines


def match_clips(lines: Mapping[str, int], clips: "Sequence[Clip | NamedClip]", file: str) -> MatchedClips:
    """Find the row of each clip: by its file name, a path that ends in it, or its name without suffix.

    `lines`: the table's rows by its keys of clips.
    """
    matched, finder = MatchedClips(), ClipFinder(clips)
    for key in lines:
        found = finder.find(key)
        if not found:
            matched.unknown += 1
            continue
        here = {"file": file, "row": lines[key], "clip": key[:80]}
        if len(found) > 1:
            names = _(" or ").join(clip.name for clip in found[:4])
            matched.problems.append(
                _("%(file)s, row %(row)d: “%(clip)s” may be %(names)s; write the name with its ending.")
                % (here | {"names": names})
            )
        elif found[0].pk in matched.keys:
            other = lines[matched.keys[found[0].pk]]
            matched.problems.append(
                _("%(file)s, row %(row)d: “%(clip)s” is in row %(other)d already. Keep one of the two.")
                % (here | {"other": other})
            )
        else:
            matched.keys[found[0].pk] = key
    matched.missing = [clip.name for clip in clips if clip.pk not in matched.keys]
    return matched


class _Reader:
    """Reads the rows of one layout into a table and returns the problems of each."""

    def __init__(self, columns: list[str], clip: int, table: PredictionTable, *, decimal_comma: bool) -> None:
        self.columns, self.clip, self.table, self.decimal_comma = columns, clip, table, decimal_comma

    def __call__(self, line: int, cells: list[str]) -> Iterator[str]:
        """Add one row to the table and yield its problems."""
        raise NotImplementedError

    def key_of(self, cells: list[str]) -> str:
        return ClipFinder.key(cells[self.clip])

    def probability(self, text: str) -> float | None:
        try:
            value = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None
        if "_" in text:  # which Python reads as nothing between two digits
            return None
        return value if math.isfinite(value) and 0 <= value <= 1 else None


class _WideReader(_Reader):
    def __call__(self, line: int, cells: list[str]) -> Iterator[str]:
        if not (key := self.key_of(cells)):
            yield _("no clip is named. Write its file name, or delete the row.")
            return
        if key in self.table.rows:
            yield _("“%(clip)s” is in row %(row)d already. Keep one of the two.") % {
                "clip": key[:80],
                "row": self.table.lines[key],
            }
            return
        found = {}
        for at, tag in self.tag_columns:
            value = self.probability(cells[at])
            if value is None:
                yield _("column “%(column)s”: “%(value)s” is no probability. Write a number from 0 to 1.") % {
                    "column": tag,
                    "value": cells[at][:40],
                }
            else:
                found[tag] = value
        self.table.rows[key], self.table.lines[key] = found, line

    @cached_property
    def tag_columns(self) -> list[tuple[int, str]]:
        return [(at, name) for at, name in enumerate(self.columns) if name.casefold() not in CLIP_COLUMNS]


class _LongReader(_Reader):
    def __init__(self, columns: list[str], clip: int, table: PredictionTable, *, decimal_comma: bool) -> None:
        super().__init__(columns, clip, table, decimal_comma=decimal_comma)
        lowered = [name.casefold() for name in columns]
        self.tag, self.value = lowered.index(TAG_COLUMN), lowered.index(PROBABILITY_COLUMN)
        self.spelling: dict[str, str] = {}
        self.known: set[str] = set()
        self.seen: dict[tuple[str, str], int] = {}

    def __call__(self, line: int, cells: list[str]) -> Iterator[str]:
        key, tag = self.key_of(cells), clean_tag(cells[self.tag])
        if not key:
            yield _("no clip is named. Write its file name, or delete the row.")
        elif not tag:
            yield _("no tag is named. Write it, or delete the row.")
        elif problem := tag_problem(tag):
            yield problem
        elif (value := self.probability(cells[self.value])) is None:
            yield _("column “%(column)s”: “%(value)s” is no probability. Write a number from 0 to 1.") % {
                "column": self.columns[self.value],
                "value": cells[self.value][:40],
            }
        elif self.spelling.setdefault(tag.casefold(), tag) != tag:
            yield _("“%(tag)s” is written “%(other)s” in an earlier row. Write both in one way.") % {
                "tag": tag,
                "other": self.spelling[tag.casefold()],
            }
        elif (first := self.seen.setdefault((key, tag), line)) != line:
            yield _("“%(clip)s” has “%(tag)s” in row %(row)d already. Keep one of the two.") % {
                "clip": key[:80],
                "tag": tag,
                "row": first,
            }
        else:
            if tag not in self.known:
                self.known.add(tag)
                self.table.tags.append(tag)
            self.table.rows.setdefault(key, {})[tag] = value
            self.table.lines.setdefault(key, line)


def _reader_of(columns: list[str], table: PredictionTable, source: Table, *, decimal_comma: bool) -> _Reader:
    """Return the reader of the table's layout, with the vocabulary of a wide table; refuse a faulty header."""
    lowered = [name.casefold() for name in columns]
    named = next((name for name in CLIP_COLUMNS if name in lowered), None)
    problems = []
    for name in sorted(name for name, count in Counter(lowered).items() if name and count > 1):
        problems.append(_("two columns are called “%(name)s”. Rename or delete one.") % {"name": name[:60]})
    if named is None:
        problems.append(
            _(
                "there is no column “clip” (or “mp3_path”); the columns are %(columns)s. The first row names the "
                "columns: write clip and the tags there, or clip,tag,probability."
            )
            % {"columns": ", ".join(f"“{name[:40]}”" for name in columns[:8])}
        )
    is_long = TAG_COLUMN in lowered and PROBABILITY_COLUMN in lowered
    if named is not None and not is_long:
        tags = [(at, name) for at, name in enumerate(columns) if lowered[at] not in CLIP_COLUMNS]
        table.tags = [name for _at, name in tags]
        if not tags:
            problems.append(_("there is no column of a tag’s probabilities. Add one for each tag."))
        for at, name in tags:
            if not name:
                problems.append(_("column %(n)d has no name. Name it, or delete the column.") % {"n": at + 1})
            elif problem := tag_problem(name):
                problems.append(problem)
    if problems or named is None:
        raise refused(
            [
                _("%(file)s, row %(row)d: %(problem)s")
                % {"file": source.file, "row": source.header_row, "problem": each}
                for each in problems
            ]
        )
    kind = _LongReader if is_long else _WideReader
    return kind(columns, lowered.index(named), table, decimal_comma=decimal_comma)

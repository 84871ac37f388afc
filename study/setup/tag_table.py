"""Read a table of tags and check all of it; a fault anywhere refuses the whole table.

There are two layouts. A **list** has the columns `clip` and `tags`, the tags separated by semicolons. A
**table** has a column that names the clip and one column of 0 and 1 for every tag; MagnaTagATune's
`annotations_final.csv` (tab-separated, every field quoted, `clip_id` first and `mp3_path` last) is one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.errors import ImportRefused
from study.tables.cells import clean_name, is_missing
from study.tables.errors import EncodingUnclear, TableRefused
from study.tables.notes import Notes
from study.tables.reading import UPLOAD, Table, read_table

if TYPE_CHECKING:  # a bounded process that reads uploads has no models
    from study.models import Clip

CLIP_COLUMNS = (
    "clip",
    "mp3_path",
    "file",
    "filename",
    "clip_id",
    "path",
    "track_id",
)  # the first column found names the clip
TAGS_COLUMN = "tags"
LONGEST_TAG = 60
_LONGEST_COMPOSED = 20 * LONGEST_TAG
MOST_TAGS = 100
MAXIMUM_BYTES = 60 * 1024 * 1024
SHOWN_PROBLEMS = 30
_SEVERAL = re.compile("[,|\uff0c\u3001\uff1b]")  # commas of Latin, Chinese and Japanese texts, and what lists use
_YES, _NO = frozenset({"1", "1.0"}), frozenset({"0", "0.0", ""})


@dataclass
class TagTable:
    """The tags that a file has for the study's clips."""

    tags: dict[int, list[str]] = field(default_factory=dict)  # by the clip's primary key
    unknown: int = 0  # rows about clips that the study does not have
    skipped: int = 0  # … of which were skipped on request
    notes: Notes = field(default_factory=Notes)  # what was changed on reading
    prefixes: int = 0  # tags from which a prefix was taken, as in "genre---rock"


@dataclass(frozen=True)
class NamedClip:
    """A clip as the process that reads an upload knows it."""

    pk: int
    name: str


def clean_tag(text: str) -> str:
    """Return a tag as people wrote it, in NFC and without superfluous blanks; what is too long for a tag, as it is."""
    # Composing a long text takes time by the square of its length: hours for a megabyte of accents.
    return " ".join(unicodedata.normalize("NFC", text).split()) if len(text) <= _LONGEST_COMPOSED else text


# The kind before a tag in MTG-Jamendo's files: "genre---rock", "instrument---bell", "mood/theme---dark".
_PREFIX = re.compile(r"^(genre|instrument|mood/theme|mood|theme)---(?=.)", re.IGNORECASE)


def without_prefixes(tags: Sequence[str]) -> list[str]:
    """Return the tags without the kind that some collections write before them; each once, if there was any."""
    if not any(_PREFIX.match(tag) for tag in tags):
        return list(tags)
    return list(dict.fromkeys(_PREFIX.sub("", tag) for tag in tags))


def tag_problem(tag: str) -> str:
    """Return the problem of a tag, or an empty string."""
    if len(tag) > LONGEST_TAG:
        return _("the tag “%(tag)s…” has %(n)d characters; the limit is %(limit)d. Shorten it.") % {
            "tag": tag[:30],
            "n": len(tag),
            "limit": LONGEST_TAG,
        }
    if any(unicodedata.category(character) == "Cc" for character in tag):
        return _("the tag “%(tag)s” holds a control character. Remove it.") % {
            "tag": "".join(c if c.isprintable() else "?" for c in tag)
        }
    if _SEVERAL.search(tag):
        return _("“%(tag)s” looks like several tags. Separate tags with semicolons.") % {"tag": tag[:60]}
    return ""


def open_table(raw: bytes, file: str, encoding: str | None = None) -> Table:
    """Return the table in an uploaded file; `encoding`: the one that a person chose.

    Raises:
        ImportRefused: the file is empty, too large, or no table.
    """
    check_size(len(raw), file)
    if not raw.strip():
        raise refused([_("%(file)s is empty. Choose the table of tags.") % {"file": file}])
    try:
        table = read_table(raw, file, encoding=encoding, known=(*CLIP_COLUMNS, TAGS_COLUMN), limits=UPLOAD)
    except EncodingUnclear as error:
        raise ImportRefused([str(error)], readings=error.readings) from error
    except TableRefused as error:
        raise refused([str(error)]) from error
    return table.without_unnamed()


def check_size(size: int, file: str) -> None:
    """Raise ImportRefused if a table of so many bytes is too large."""
    if size > MAXIMUM_BYTES:
        raise refused([_("%(file)s is larger than %(limit)d MB.") % {"file": file, "limit": MAXIMUM_BYTES // 2**20}])


def refused(problems: list[str], unknown_clips: int = 0) -> ImportRefused:
    """Return the error for a file with these problems, of which it shows the first SHOWN_PROBLEMS."""
    more = len(problems) - SHOWN_PROBLEMS
    if more > 0:
        rest = ngettext("… and %(n)d more problem.", "… and %(n)d more problems.", more) % {"n": more}
        problems = [*problems[:SHOWN_PROBLEMS], rest]
    return ImportRefused(problems, unknown_clips=unknown_clips)


class ClipFinder:
    """Finds the study's clip that a row names: by its file name, a path that ends in it, or without suffix."""

    def __init__(self, clips: "Sequence[Clip | NamedClip]") -> None:
        self.by_name = {self.key(clip.name): clip for clip in clips}
        self.by_stem: dict[str, list[Any]] = {}
        for clip in clips:
            self.by_stem.setdefault(self.stem(self.key(clip.name)), []).append(clip)

    @staticmethod
    def key(name: str) -> str:
        return clean_name(name).replace("\\", "/").rpartition("/")[2].casefold()

    @staticmethod
    def stem(key: str) -> str:
        before, dot, suffix = key.rpartition(".")
        return before if dot and before and suffix in {"wav", "flac", "ogg", "oga", "opus", "mp3"} else key

    def find(self, name: str) -> list[Any]:
        key = self.key(name)
        if key in self.by_name:
            return [self.by_name[key]]
        return self.by_stem.get(self.stem(key), [])


@dataclass(frozen=True)
class _Layout:
    """The meaning of each column."""

    width: int
    clip: int
    tags: int | None  # the list's column of tags
    columns: list[tuple[int, str]]  # the table's tags
    delimiter: str


def _layout_of(table: Table) -> _Layout:
    names, lowered = [clean_tag(name) for name in table.header], table.keys()
    problems = []
    clip_column = next((name for name in CLIP_COLUMNS if name in lowered), None)
    if clip_column is None:
        problems.append(
            _(
                "there is no column “clip” (or “mp3_path”); the columns are %(columns)s. "
                "The first row names the columns: write clip,tags there."
            )
            % {"columns": ", ".join(f"“{name[:40]}”" for name in names[:8])}
        )
    if TAGS_COLUMN in lowered:
        columns = []
    else:
        known = set(CLIP_COLUMNS)
        columns = [(at, name) for at, name in enumerate(names) if lowered[at] not in known]
        if not columns and clip_column is not None:
            problems.append(_("there is no column “tags”, nor any column of 0 and 1. Add one."))
        problems += [problem for _at, name in columns if (problem := tag_problem(name))]
    twice = sorted(name for name, n in Counter(name.casefold() for name in names).items() if name and n > 1)
    for name in twice:
        problems.append(_("the column “%(name)s” appears twice. Delete one.") % {"name": name})
    if problems:
        # Without a column for the clip the first row is probably no header, so its other problems mean nothing.
        raise refused(_in_row(table.file, table.header_row, problems if clip_column else problems[:1]))
    return _Layout(
        len(names),
        lowered.index(clip_column or ""),
        lowered.index(TAGS_COLUMN) if TAGS_COLUMN in lowered else None,
        columns,
        table.delimiter,
    )


def _in_row(file: str, row: int, problems: list[str]) -> list[str]:
    return [_("%(file)s, row %(row)d: %(problem)s") % {"file": file, "row": row, "problem": each} for each in problems]


def read_tags(source: Table, clips: "Sequence[Clip | NamedClip]", *, skip_unknown: bool = False) -> TagTable:
    """Read a table of tags for `clips`.

    Raises:
        ImportRefused: lists every fault with file, row, value and what to do.
    """
    table = TagTable(notes=source.notes)
    layout = _layout_of(source)
    finder = ClipFinder(clips)
    problems: list[str] = []
    seen: dict[int, int] = {}
    words: list[str] = []  # for a missing value, in place of tags
    try:
        for row, fields in source.rows:
            found = _read_row(row, fields, layout, finder, table, seen, skip_unknown, words)
            problems += _in_row(source.file, row, found)
    except TableRefused as error:
        raise refused([str(error)]) from error
    source.notes.missing(TAGS_COLUMN, words, len(words))
    if problems:
        raise refused(problems, table.unknown - table.skipped)
    if not table.tags:
        raise refused(
            [
                _("%(file)s names no clip of this study. Upload the clips first, or fix the names.")
                % {"file": source.file}
            ]
        )
    return table


def _read_row(
    line: int,
    fields: list[str],
    layout: _Layout,
    finder: ClipFinder,
    table: TagTable,
    seen: dict[int, int],
    skip_unknown: bool,
    words: list[str],
) -> list[str]:
    """Add one row to `table` and return its problems."""
    if layout.delimiter in ";\t" and layout.tags == layout.width - 1 and len(fields) > layout.width:
        # If one mark separates the columns and the tags, the last field was cut into pieces (MTG-Jamendo: by tabs).
        fields = [*fields[: layout.tags], ";".join(fields[layout.tags :])]
    if len(fields) != layout.width:
        return [_wrong_width(fields, layout)]
    name = fields[layout.clip]
    if not name:
        return [_("no clip is named. Write its file name, or delete the row.")]
    found = finder.find(name)
    if not found:
        table.unknown += 1
        if skip_unknown:
            table.skipped += 1
            return []
        return [_("unknown clip “%(clip)s”; upload it first or fix the name.") % {"clip": name[:80]}]
    if len(found) > 1:
        return [
            _("“%(clip)s” may be %(names)s; write the name with its ending.")
            % {"clip": name[:80], "names": _(" or ").join(clip.name for clip in found[:4])}
        ]
    clip = found[0]
    if clip.pk in seen:
        return [
            _("“%(clip)s” is in row %(row)d already. Keep one of the two.") % {"clip": name[:80], "row": seen[clip.pk]}
        ]
    seen[clip.pk] = line
    if layout.tags is not None and fields[layout.tags] and is_missing(fields[layout.tags]):
        words.append(fields[layout.tags])
        fields[layout.tags] = ""
    tags, problems = _tags_in(fields, layout)
    if len(tags) > MOST_TAGS:
        problems.append(
            _("%(clip)s has %(n)d tags; the limit is %(limit)d. Leave out the least informative ones.")
            % {"clip": name[:80], "n": len(tags), "limit": MOST_TAGS}
        )
    table.prefixes += sum(_PREFIX.match(tag) is not None for tag in tags)
    table.tags[clip.pk] = without_prefixes(tags)
    return problems


def _wrong_width(fields: list[str], layout: _Layout) -> str:
    message = _("%(n)d fields where the header has %(wanted)d.") % {"n": len(fields), "wanted": layout.width}
    if layout.tags is not None and len(fields) > layout.width:
        return message + " " + _("Separate tags with semicolons, or put the field in quotation marks.")
    return message + " " + _("Check the separators of this row.")


def _tags_in(fields: list[str], layout: _Layout) -> tuple[list[str], list[str]]:
    if layout.tags is not None:
        tags = split_tags(fields[layout.tags])
        return tags, [problem for tag in tags if (problem := tag_problem(tag))]
    tags, problems = [], []
    for at, name in layout.columns:
        value = fields[at]
        if value in _YES:
            tags.append(name)
        elif value not in _NO:
            problems.append(
                _("column “%(column)s”: “%(value)s” is neither 0 nor 1.") % {"column": name, "value": value[:40]}
            )
    return tags, problems


def split_typed_tags(text: str) -> list[str]:
    """Return the tags that a person typed, separated by semicolons or by commas of any script; unchecked."""
    return split_tags(_SEVERAL.sub(";", text))


def split_tags(text: str) -> list[str]:
    """Return the tags of a text separated by semicolons, in order and unchecked."""
    return [tag for part in text.split(";") if (tag := clean_tag(part))]

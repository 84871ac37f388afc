"""Read the detectors' evidence on many clips: `clip_id,voice` and, if a tagger ran, its two voice columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from generation.redefinition.errors import TagTableError
from generation.redefinition.spelling import normalise
from generation.redefinition.table_rows import check_clips, open_rows
from generation.redefinition.voice_evidence import TableEvidence
from study.tables.cells import is_missing

FILE_COLUMNS = ("mp3 path", "path", "file", "filename")
COLUMNS = {"voice": "share", "tagger heard": "tagger_heard", "tagger denied": "tagger_denied"}


def read_voice_table(
    path: str | Path,
    clips: Sequence[str],
    text: Mapping[str, Sequence[str]] | None = None,
    *,
    encoding: str | None = None,
    notes: list[str] | None = None,
) -> TableEvidence:
    """The evidence on `clips`, in their order; NaN for a clip that the file lacks and for a missing value.

    Columns: `clip_id`, `voice` (share of the clip with voice, 0 to 1), optionally `tagger_heard` and
    `tagger_denied` (the tagger's highest probability for a voice, and for none). The first column may name a clip by
    its audio file instead, as `listen_library` does, if `text` (the text columns of the tag table) has a column such
    as `mp3_path`. `notes` gets what was changed on reading, in sentences. Raises TagTableError for a missing column, a
    value outside 0 to 1, an unknown clip, a clip given twice.
    """
    table, rows = open_rows(Path(path), encoding, ("clip_id", *COLUMNS))
    header = [normalise(name) for name in table.header]
    twice = next((name for name in COLUMNS if header.count(name) > 1), None)
    if twice or "voice" not in header or header[0] == "voice":
        problem = f"the column {twice!r} is given twice" if twice else "needs the columns clip_id and voice"
        raise TagTableError(
            f"{table.file}, row {table.header_row}: {problem}; the columns are {', '.join(table.header[:8])}."
        )
    check_clips(rows, table)
    places = {
        name: index
        for column, names in (text or {}).items()
        if normalise(column) in FILE_COLUMNS
        for index, name in enumerate(names)
    } | {clip: index for index, clip in enumerate(clips)}
    filled: dict[int, int] = {}
    columns = {name: np.full(len(clips), np.nan) for name in COLUMNS.values()}
    words: dict[str, list[str]] = {}
    for number, row in rows:
        if row[0] not in places:
            raise TagTableError(
                f"{table.file}, row {number}: unknown clip {row[0]!r}; it is not among the annotations. Fix its name "
                "or remove the row. Nothing was written."
            )
        place = places[row[0]]
        if place in filled:
            raise TagTableError(
                f"{table.file}, row {number}: {row[0]!r} is the clip of row {filled[place]} too; remove one of them."
            )
        filled[place] = number
        for index, name in enumerate(header):
            if name not in COLUMNS:
                continue
            if not is_missing(row[index]):
                columns[COLUMNS[name]][place] = _share(row[index], table.header[index], number, table.file)
            elif row[index]:
                words.setdefault(name, []).append(row[index])
    for name, found in words.items():
        table.notes.missing(name, found, len(found))
    if notes is not None:
        notes += table.notes.sentences()
    return TableEvidence.of(len(clips), **columns)


def _share(value: str, column: str, number: int, source: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise TagTableError(
            f"{source}, row {number}: {column} is {value!r}; it must be a number from 0 to 1 (0.25 for a quarter "
            "of the clip), or empty. Nothing was written."
        )
    return share

"""Read pictures made by another generator from a zip or from a set of files, and check all of them.

Clip and condition of each picture come from a manifest, a CSV with the columns `clip,condition,file` and a row for each
picture, or from the names of the files, `clip__condition.png`. Everything is checked before a picture is used, and all
faults are reported together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext as _

from generation.painting.errors import PictureError
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.sources import MANIFESTS, FileSource, Source, ZipSource, is_manifest, normalised
from study.tables.cells import clean_name
from study.tables.errors import EncodingUnclear, TableRefused
from study.tables.reading import UPLOAD, Table, read_table

COLUMNS = ("clip", "condition", "file")
MANIFEST = MANIFESTS[0]
SEPARATOR = "__"  # between clip and condition in a file's name


@dataclass(frozen=True)
class ReadyMade:
    """One picture of an upload: its clip, its condition, and the name of its file in the upload."""

    clip: str
    condition: str
    file: str


class Upload:
    """An upload whose names were checked: `items` in the manifest's order, whose files `source` reads one at a time.

    `notes`: what was changed while the manifest was read, in sentences.
    """

    def __init__(self, items: list[ReadyMade], source: Source, notes: Collection[str] = ()) -> None:
        self.items = items
        self.notes = tuple(notes)
        self.source = source


def read_zip(
    file: Path | BinaryIO, *, clips: Collection[str], conditions: Collection[str], encoding: str | None = None
) -> Upload:
    """Read a zip with `manifest.csv` and the pictures that it names by relative paths; unpack nothing to disk.

    `encoding`: the manifest's, if a person named it; here and below.

    Raises:
        ReadyMadeError: with all faults.
    """
    source = ZipSource(file)
    manifests = [name for name in source.names if is_manifest(name)]
    if len(manifests) != 1:
        raise ReadyMadeError(
            [
                _("The zip needs one %(file)s with the columns %(columns)s; it has %(n)d.")
                % {"file": MANIFEST, "columns": ",".join(COLUMNS), "n": len(manifests)}
            ]
        )
    try:
        table = _open_manifest(source.read(manifests[0]), manifests[0], encoding, clips)
    except PictureError as error:
        raise ReadyMadeError([str(error)]) from None
    files = table.column("file")

    def count_there(names: Collection[str]) -> int:
        folder = _folder_of(names)
        return sum(normalised(folder + file) in names for file in files)

    source.choose_names(count_there)
    return _check_manifest(table, source, clips, conditions)


def read_files(
    manifest: bytes,
    files: Collection[str],
    *,
    clips: Collection[str],
    conditions: Collection[str],
    encoding: str | None = None,
) -> Upload:
    """Read the names of files, and a manifest that names them.

    Raises:
        ReadyMadeError: with all faults.
    """
    return _check_manifest(_open_manifest(manifest, MANIFEST, encoding, clips), FileSource(files), clips, conditions)


def read_named_files(files: Collection[str], *, clips: Collection[str], conditions: Collection[str]) -> Upload:
    """Read the names of files named `clip__condition.png`, the clip with or without its suffix.

    Raises:
        ReadyMadeError: with all faults.
    """
    source = FileSource(files)
    items: list[ReadyMade] = []
    faults: list[str] = [] if source.names else [_("There is no picture in the upload: choose pictures, or a zip.")]
    seen: dict[tuple[str, str], str] = {}
    for name in sorted(source.names):
        clip_name, separator, condition = PurePosixPath(name).stem.rpartition(SEPARATOR)
        fitting = [clip for clip in clips if clip_name in (clip, PurePosixPath(clip).stem)]
        values = {"file": name, "clip": clip_name, "condition": condition, "known": ", ".join(sorted(conditions))}
        if not (separator and clip_name and condition):
            example = f"song{SEPARATOR}{min(conditions)}.png"
            faults.append(
                _("%(file)s: the name must be clip__condition, as in '%(example)s'; rename it, or add a manifest.csv.")
                % {"file": name, "example": example}
            )
        elif not fitting:
            faults.append(_("%(file)s: unknown clip '%(clip)s'; upload it first or fix the name.") % values)
        elif len(fitting) > 1 and clip_name not in fitting:
            faults.append(
                _("%(file)s: '%(clip)s' may be one of %(clips)s; write the clip's whole name.")
                % {**values, "clips": ", ".join(sorted(fitting))}
            )
        elif condition not in conditions:
            faults.append(_("%(file)s: unknown condition '%(condition)s'; the study has %(known)s.") % values)
        else:
            clip = clip_name if clip_name in fitting else fitting[0]
            if (clip, condition) in seen:
                faults.append(
                    _("%(file)s: clip '%(clip)s' has condition '%(condition)s' already from %(other)s.")
                    % {**values, "clip": clip, "other": seen[clip, condition]}
                )
            seen[clip, condition] = name
            items.append(ReadyMade(clip, condition, name))
    return _check_clips(items, faults, source, conditions)


def _check_manifest(manifest: Manifest, source: Source, clips: Collection[str], conditions: Collection[str]) -> Upload:
    items, faults = _read_items(manifest, source, clips, conditions)
    used = {item.file for item in items}
    faults += [
        _("'%(file)s' is in no row of %(table)s: add a row or leave it out.")
        % {"file": name, "table": manifest.table.file}
        for name in sorted(set(source.names) - used)
        if not is_manifest(name)
    ]
    return _check_clips(items, faults, source, conditions, manifest.table.notes.sentences())


def _check_clips(
    items: list[ReadyMade],
    faults: list[str],
    source: Source,
    conditions: Collection[str],
    notes: Collection[str] = (),
) -> Upload:
    """Check that every clip has all of its pictures; return the upload.

    Raises:
        ReadyMadeError: with `faults` and those found here.
    """
    by_clip: dict[str, set[str]] = {}
    for item in items:
        by_clip.setdefault(item.clip, set()).add(item.condition)
    for clip, there in by_clip.items():
        missing = [condition for condition in conditions if condition not in there]
        if missing and not faults:
            faults.append(
                _("Clip '%(clip)s' has no picture for %(conditions)s: a clip needs all of its pictures.")
                % {"clip": clip, "conditions": ", ".join(missing)}
            )
    if faults:
        raise ReadyMadeError(faults)
    return Upload(items, source, notes)


@dataclass(frozen=True)
class Manifest:
    """A manifest's table with all of its rows, and the places of COLUMNS in it."""

    table: Table
    rows: tuple[tuple[int, list[str]], ...]
    places: tuple[int, ...]

    def column(self, name: str) -> list[str]:
        place = self.places[COLUMNS.index(name)]
        return [cells[place] for _number, cells in self.rows if len(cells) > place]


def _open_manifest(raw: bytes, name: str, encoding: str | None, clips: Collection[str]) -> Manifest:
    """Return a manifest. If its encoding is not clear, the one in which all clips are the study's is taken.

    Raises:
        ReadyMadeError: it is none, or lacks a column.
    """
    try:
        return _manifest_of(read_table(raw, name, encoding=encoding, known=COLUMNS, limits=UPLOAD))
    except EncodingUnclear as error:
        known = {clean_name(clip) for clip in clips}
        fitting = []
        for reading in error.readings:
            with contextlib.suppress(TableRefused, ReadyMadeError):  # then it is not the right one
                manifest = _manifest_of(read_table(raw, name, encoding=reading.codec, known=COLUMNS, limits=UPLOAD))
                fitting += [manifest] if set(manifest.column("clip")) <= known else []
        if len(fitting) == 1:
            return fitting[0]
        raise ReadyMadeError([str(error)]) from error
    except TableRefused as error:
        raise ReadyMadeError([str(error)]) from error


def _manifest_of(table: Table) -> Manifest:
    keys = table.keys()
    missing = [column for column in COLUMNS if column not in keys]
    if missing:
        raise ReadyMadeError(
            [
                _("%(file)s: the column %(missing)s is missing; the columns are %(columns)s.")
                % {"file": table.file, "missing": ", ".join(missing), "columns": ",".join(COLUMNS)}
            ]
        )
    if any(keys.count(column) > 1 for column in COLUMNS):
        raise ReadyMadeError(
            [
                _("%(file)s: a column appears twice; keep one each of %(columns)s.")
                % {"file": table.file, "columns": ",".join(COLUMNS)}
            ]
        )
    return Manifest(table, tuple(table.rows), tuple(keys.index(column) for column in COLUMNS))


def _folder_of(names: Collection[str]) -> str:
    """Return the folder of the manifest among the names of an upload, as a path's beginning; empty for the top."""
    folder = str(PurePosixPath(next(filter(is_manifest, names), MANIFEST)).parent)
    return "" if folder == "." else f"{folder}/"


def _read_items(
    manifest: Manifest, source: Source, clips: Collection[str], conditions: Collection[str]
) -> tuple[list[ReadyMade], list[str]]:
    """Return the manifest's valid rows as items, and the faults of the other rows."""
    table, width = manifest.table, len(manifest.table.header)
    folder = _folder_of(source.names)
    clip_of = {clean_name(clip): clip for clip in clips}
    items: list[ReadyMade] = []
    faults: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    files: dict[str, int] = {}
    for number, cells in manifest.rows:
        at = _("%(file)s, row %(row)d") % {"file": table.file, "row": number}
        if len(cells) > width:
            faults.append(f"{at}: {table.wrong_width(cells)}")
            continue
        cells = [*cells, *[""] * (width - len(cells))]
        clip, condition, name = (cells[place] for place in manifest.places)
        file = normalised(folder + name)
        values = {"at": at, "clip": clip, "condition": condition, "file": name, "known": ", ".join(sorted(conditions))}
        if not (clip and condition and name):
            faults.append(_("%(at)s: clip, condition and file must all be given.") % values)
        elif clip not in clip_of:
            faults.append(_("%(at)s: unknown clip '%(clip)s'; upload it first or fix the name.") % values)
        elif condition not in conditions:
            faults.append(_("%(at)s: unknown condition '%(condition)s'; the study has %(known)s.") % values)
        elif (clip, condition) in seen:
            faults.append(
                _("%(at)s: clip '%(clip)s' has condition '%(condition)s' already in row %(row)d.")
                % {**values, "row": seen[clip, condition]}
            )
        elif file not in source.names:
            faults.append(_("%(at)s: the file '%(file)s' is not in the upload; add it or fix the name.") % values)
        elif file in files:
            faults.append(
                _("%(at)s: the file '%(file)s' is in row %(row)d already; each picture needs its own file.")
                % {**values, "row": files[file]}
            )
        else:
            seen[clip, condition] = files[file] = number
            items.append(ReadyMade(clip_of[clip], condition, file))
    if not items and not faults:
        faults.append(_("%(file)s has no rows: one row a picture is needed.") % {"file": table.file})
    return items, faults

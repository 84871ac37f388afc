"""Read pictures made by another generator from a zip or from a set of files, and check all of them.

Clip and condition of each picture come from a manifest, a CSV with the columns `clip,condition,file` and a row for each
picture, or from the names of the files, `clip__condition.png`. Everything is checked before a picture is used, and all
faults are reported together.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from PIL import Image

from generation.painting.normalise import PictureError, open_picture
from study.tables.cells import clean_name, column_key
from study.tables.errors import TableRefused
from study.tables.reading import Table, read_table

COLUMNS = ("clip", "condition", "file")
MANIFEST = "manifest.csv"
MANIFESTS = (MANIFEST, "manifest.tsv")
SEPARATOR = "__"  # between clip and condition in a file's name
MAX_FILES = 20_000
MAX_FILE_BYTES = 50 * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
MAX_MANIFEST_BYTES = 20 * 2**20
# PNG and JPEG are compressed already; a file that shrinks two hundred times is a decompression bomb.
MAX_RATIO = 200
_FAULTS_SHOWN = 20


class ReadyMadeError(ValueError):
    """An upload cannot be used. `faults` holds every fault with file, row and value; nothing was imported."""

    def __init__(self, faults: Collection[str]) -> None:
        self.faults = tuple(faults)
        shown = list(self.faults[:_FAULTS_SHOWN])
        if len(self.faults) > _FAULTS_SHOWN:
            shown.append(f"… and {len(self.faults) - _FAULTS_SHOWN} more.")
        super().__init__("\n".join([*shown, "Nothing was imported."]))


@dataclass(frozen=True)
class ReadyMade:
    """One picture of an upload: its clip, its condition, and the name of its file in the upload."""

    clip: str
    condition: str
    file: str


class Upload:
    """A checked upload: `items` in the manifest's order; pictures are read on request, one at a time.

    `notes`: what was changed while the manifest was read, in sentences.
    """

    def __init__(self, items: list[ReadyMade], source: _Source, notes: Collection[str] = ()) -> None:
        self.items = items
        self.notes = tuple(notes)
        self._source = source

    def data(self, item: ReadyMade) -> bytes:
        """Return the picture's file as it was uploaded."""
        return self._source.read(item.file)

    def picture(self, item: ReadyMade) -> Image.Image:
        return open_picture(self.data(item), name=item.file)

    def __iter__(self) -> Iterator[tuple[ReadyMade, Image.Image]]:
        for item in self.items:
            yield item, self.picture(item)


def read_zip(
    file: Path | BinaryIO, *, clips: Collection[str], conditions: Collection[str], encoding: str | None = None
) -> Upload:
    """Read a zip with `manifest.csv` and the pictures that it names by relative paths; unpack nothing to disk.

    `encoding`: the manifest's, if a person named it; here and below.

    Raises:
        ReadyMadeError: with all faults.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError) as error:
        raise ReadyMadeError([f"The upload is no readable zip ({error}): pack it again."]) from None
    source = _ZipSource(archive)
    manifests = [name for name in source.names if is_manifest(name)]
    if len(manifests) != 1:
        found = f"{len(manifests)} of them" if manifests else "none"
        raise ReadyMadeError([f"The zip needs one {MANIFEST} with the columns {','.join(COLUMNS)}; there is {found}."])
    folder = str(PurePosixPath(manifests[0]).parent)
    folder = "" if folder == "." else f"{folder}/"
    try:
        table = open_manifest(source.read(manifests[0]), manifests[0], encoding)
    except PictureError as error:
        raise ReadyMadeError([str(error)]) from None
    return _check_manifest(table, source, folder, clips, conditions, {manifests[0]})


def read_files(
    manifest: bytes,
    files: Mapping[str, bytes | BinaryIO],
    *,
    clips: Collection[str],
    conditions: Collection[str],
    encoding: str | None = None,
) -> Upload:
    """Read files by name, and a manifest that names them.

    Raises:
        ReadyMadeError: with all faults.
    """
    table = open_manifest(manifest, MANIFEST, encoding)
    return _check_manifest(table, _FileSource(files), "", clips, conditions, set())


def read_named_files(
    files: Mapping[str, bytes | BinaryIO], *, clips: Collection[str], conditions: Collection[str]
) -> Upload:
    """Read files named `clip__condition.png`, the clip with or without its suffix.

    Raises:
        ReadyMadeError: with all faults.
    """
    source = _FileSource(files)
    items: list[ReadyMade] = []
    faults: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for name in sorted(source.names):
        clip_name, separator, condition = PurePosixPath(name).stem.rpartition(SEPARATOR)
        fitting = [clip for clip in clips if clip_name in (clip, PurePosixPath(clip).stem)]
        if not (separator and clip_name and condition):
            faults.append(
                f"{name}: the name must be clip{SEPARATOR}condition, as in 'song{SEPARATOR}{min(conditions)}.png'; "
                f"rename it, or add a {MANIFEST}."
            )
        elif not fitting:
            faults.append(f"{name}: unknown clip '{clip_name}'; upload it first or fix the name.")
        elif len(fitting) > 1 and clip_name not in fitting:
            faults.append(f"{name}: '{clip_name}' may be {' or '.join(sorted(fitting))}; write the clip's whole name.")
        elif condition not in conditions:
            known = ", ".join(sorted(conditions))
            faults.append(f"{name}: unknown condition '{condition}'; the study has {known}.")
        else:
            clip = clip_name if clip_name in fitting else fitting[0]
            if (clip, condition) in seen:
                faults.append(
                    f"{name}: clip '{clip}' has condition '{condition}' already from {seen[clip, condition]}."
                )
            seen[clip, condition] = name
            items.append(ReadyMade(clip, condition, name))
    return _check_pictures(items, faults, source, conditions)


class _Source:
    """The files of an upload: their normalised names, and their bytes on request."""

    names: Collection[str]

    def read(self, name: str) -> bytes:
        raise NotImplementedError


class _FileSource(_Source):
    """Files given one by one, as bytes or as open files, which are read on request."""

    def __init__(self, files: Mapping[str, bytes | BinaryIO]) -> None:
        self._files = {_normalised(name): data for name, data in files.items()}
        self.names = self._files.keys()

    def read(self, name: str) -> bytes:
        given = self._files[name]
        if isinstance(given, bytes):
            return given
        given.seek(0)
        data = given.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise PictureError(f"{name}: larger than {MAX_FILE_BYTES >> 20} MiB. Save it smaller.")
        return data


class _ZipSource(_Source):
    """The members of a zip, after unsafe members were refused."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_system_file(info.filename)]
        faults = [fault for info in members if (fault := _member_fault(info))]
        if len(members) > MAX_FILES:
            faults.append(f"The zip has {len(members)} files; the limit is {MAX_FILES}: split it.")
        if sum(info.file_size for info in members) > MAX_TOTAL_BYTES:
            faults.append(f"The zip unpacks to more than {MAX_TOTAL_BYTES >> 30} GiB: split it.")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in members:
            name = _normalised(info.filename)
            if name in self._members:
                faults.append(f"The zip holds '{name}' twice: remove one.")
            self._members[name] = info
        if faults:
            raise ReadyMadeError(faults)
        self.names = self._members.keys()

    def read(self, name: str) -> bytes:
        limit = MAX_MANIFEST_BYTES if is_manifest(name) else MAX_FILE_BYTES
        try:
            with self._archive.open(self._members[name]) as member:
                data = member.read(limit + 1)  # the sizes in the headers may be false
        except (
            zipfile.BadZipFile,
            OSError,
            NotImplementedError,
            RuntimeError,
            EOFError,
            ValueError,
        ) as error:
            raise PictureError(f"{name}: damaged in the zip ({error}). Pack it again.") from None
        except Exception as error:  # zlib.error and lzma.LZMAError have no common base class
            raise PictureError(f"{name}: damaged in the zip ({error}). Pack it again.") from None
        if len(data) > limit:
            raise PictureError(f"{name}: larger than {limit >> 20} MiB. Save it smaller.")
        return data


def _member_fault(info: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return f"The zip holds '{info.filename}', which points outside it: pack it again without such paths."
    if stat.S_ISLNK(info.external_attr >> 16):
        return f"The zip holds '{info.filename}', which is a link: pack the file itself."
    if info.flag_bits & 0x1:
        return f"'{info.filename}' in the zip has a password: pack it without one."
    if info.file_size > MAX_FILE_BYTES:
        return f"'{info.filename}' in the zip is larger than {MAX_FILE_BYTES >> 20} MiB: save it smaller."
    if info.file_size > 2**20 and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"'{info.filename}' in the zip unpacks to over {MAX_RATIO} times its size: that is no picture."
    return None


def _is_system_file(name: str) -> bool:
    """Return whether a file manager left the file in the zip."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or (bool(parts) and parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini"))


def _normalised(name: str) -> str:
    """Return a path with slashes, without a leading './', as a table's cell gives it (macOS decomposes letters)."""
    return clean_name(str(PurePosixPath(name.strip().replace("\\", "/"))))


def _check_manifest(
    manifest: Table,
    source: _Source,
    folder: str,
    clips: Collection[str],
    conditions: Collection[str],
    expected: set[str],
) -> Upload:
    items, faults = _read_items(manifest, source, folder, clips, conditions)
    used = {item.file for item in items} | expected
    faults += [
        f"'{name}' is in no row of {manifest.file}: add a row or leave it out."
        for name in sorted(set(source.names) - used)
    ]
    return _check_pictures(items, faults, source, conditions, manifest.notes.sentences())


def _check_pictures(
    items: list[ReadyMade],
    faults: list[str],
    source: _Source,
    conditions: Collection[str],
    notes: Collection[str] = (),
) -> Upload:
    """Check that every clip has all of its pictures and that each can be read; return the upload.

    Raises:
        ReadyMadeError: with `faults` and those found here.
    """
    by_clip: dict[str, set[str]] = {}
    for item in items:
        by_clip.setdefault(item.clip, set()).add(item.condition)
    for clip, there in by_clip.items():
        missing = [condition for condition in conditions if condition not in there]
        if missing and not faults:
            faults.append(f"Clip '{clip}' has no picture for {', '.join(missing)}: a clip needs all of its pictures.")
    if not faults:
        for item in items:  # one at a time: a thousand pictures need not fit into memory
            try:
                open_picture(source.read(item.file), name=item.file)
            except PictureError as error:
                faults.append(str(error))
    if faults:
        raise ReadyMadeError(faults)
    return Upload(items, source, notes)


def is_manifest(name: str) -> bool:
    """Return whether a file of an upload is its manifest."""
    return PurePosixPath(name).name.casefold() in MANIFESTS


def open_manifest(raw: bytes, name: str, encoding: str | None = None) -> Table:
    """Return a manifest as a table.

    Raises:
        ReadyMadeError: it is none, or lacks a column.
    """
    try:
        table = read_table(raw, name, encoding=encoding, known=COLUMNS)
    except TableRefused as error:
        raise ReadyMadeError([str(error)]) from error
    keys = [column_key(heading) for heading in table.header]
    missing = [column for column in COLUMNS if column not in keys]
    if missing:
        raise ReadyMadeError(
            [f"{name}: the column {', '.join(missing)} is missing; the columns are {','.join(COLUMNS)}."]
        )
    if any(keys.count(column) > 1 for column in COLUMNS):
        raise ReadyMadeError([f"{name}: a column appears twice; keep one each of {','.join(COLUMNS)}."])
    return table


def _read_items(
    manifest: Table, source: _Source, folder: str, clips: Collection[str], conditions: Collection[str]
) -> tuple[list[ReadyMade], list[str]]:
    """Return the manifest's valid rows as items, and the faults of the other rows."""
    keys = manifest.keys()
    places = [keys.index(column) for column in COLUMNS]
    clip_of = {clean_name(clip): clip for clip in clips}
    items: list[ReadyMade] = []
    faults: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    files: dict[str, int] = {}
    for number, cells in _rows(manifest):
        at = f"{manifest.file}, row {number}"
        if len(cells) > len(keys):
            faults.append(f"{at}: {manifest.wrong_width(cells)}")
            continue
        cells += [""] * (len(keys) - len(cells))
        clip, condition, name = (cells[place] for place in places)
        file = _normalised(folder + name)
        if not (clip and condition and name):
            faults.append(f"{at}: clip, condition and file must all be given.")
        elif clip not in clip_of:
            faults.append(f"{at}: unknown clip '{clip}'; upload it first or fix the name.")
        elif condition not in conditions:
            faults.append(f"{at}: unknown condition '{condition}'; the study has {', '.join(sorted(conditions))}.")
        elif (clip, condition) in seen:
            faults.append(f"{at}: clip '{clip}' has condition '{condition}' already in row {seen[clip, condition]}.")
        elif file not in source.names:
            faults.append(f"{at}: the file '{name}' is not in the upload; add it or fix the name.")
        elif file in files:
            faults.append(f"{at}: the file '{name}' is in row {files[file]} already; each picture needs its own file.")
        else:
            seen[clip, condition] = files[file] = number
            items.append(ReadyMade(clip_of[clip], condition, file))
    if not items and not faults:
        faults.append(f"{manifest.file} has no rows: one row a picture is needed.")
    return items, faults


def _rows(manifest: Table) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from manifest.rows
    except TableRefused as error:
        raise ReadyMadeError([str(error)]) from error

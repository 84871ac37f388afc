"""The files of an upload, from a zip or one by one: their names as people gave them, and the bytes of a zip's."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext as _

from generation.painting.errors import PictureError
from generation.ready_made.errors import ReadyMadeError
from study.tables.cells import clean_name

MANIFESTS = ("manifest.csv", "manifest.tsv", "manifest.xlsx")
MAX_FILES = 20_000
MAX_FILE_BYTES = 50 * 2**20
MAX_TOTAL_BYTES = 8 * 2**30
MAX_MANIFEST_BYTES = 20 * 2**20
# PNG and JPEG are compressed already; a file that shrinks two hundred times is a decompression bomb.
MAX_RATIO = 200
# Left by file managers, in lower case. macOS also writes a file "._x.png" beside each "x.png".
_SYSTEM_FILES = (".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory")
# Of names without the mark of UTF-8: UTF-8 all the same (macOS), Korean Windows, the zip format's own, Western and
# Eastern European Windows, Russian, Japanese and Chinese Windows.
_NAME_ENCODINGS = ("utf-8", "cp949", "cp437", "cp850", "cp852", "cp866", "cp932", "gb18030")
_UTF8_NAME = 0x800
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field with the name in UTF-8


class Source:
    """The files of an upload: their normalised names."""

    names: Collection[str]

    def member(self, name: str) -> int | None:
        """Return a file's number in its zip; None if it is no part of a zip."""
        return None


class FileSource(Source):
    """Files given one by one, by their names."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = dict.fromkeys(normalised(name) for name in names if not is_system_file(name))


class ZipSource(Source):
    """The members of a zip, after unsafe members were refused.

    Raises:
        ReadyMadeError: it is no zip, or holds an unsafe member.
    """

    def __init__(self, file: Path | BinaryIO) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except Exception as error:  # zipfile raises whatever a damaged directory leads to
            raise ReadyMadeError(
                [_("The upload is no readable zip (%(why)s): pack it again.") % {"why": error}]
            ) from None
        infos = self._archive.infolist()
        self._numbers = {id(info): number for number, info in enumerate(infos)}
        self._infos = [info for info in infos if not info.is_dir() and not is_system_file(info.filename)]
        faults = [fault for info in self._infos if (fault := _member_fault(info))]
        if len(self._infos) > MAX_FILES:
            faults.append(
                _("The zip has %(n)d files; the limit is %(limit)d: split it.")
                % {"n": len(self._infos), "limit": MAX_FILES}
            )
        if sum(info.file_size for info in self._infos) > MAX_TOTAL_BYTES:
            faults.append(_("The zip unpacks to more than %(n)d GiB: split it.") % {"n": MAX_TOTAL_BYTES >> 30})
        if faults:
            raise ReadyMadeError(faults)
        self._members = next(self._readings())
        self.names = self._members.keys()

    def choose_names(self, count_fitting: Callable[[Collection[str]], int]) -> None:
        """Read the names in the encoding in which most of them fit; the first one if several do.

        Raises:
            ReadyMadeError: two files have one name.
        """
        self._members = max(self._readings(), key=lambda members: count_fitting(members.keys()))
        self.names = self._members.keys()
        if len(self._members) < len(self._infos):
            kept = {id(info) for info in self._members.values()}
            twice = sorted({normalised(info.filename) for info in self._infos if id(info) not in kept})
            raise ReadyMadeError(_("The zip holds '%(file)s' twice: remove one.") % {"file": name} for name in twice)

    def _readings(self) -> Iterator[dict[str, zipfile.ZipInfo]]:
        """Yield the members by name, in each encoding in which all unmarked names can be read."""
        raw_names = [_raw_name(info) for info in self._infos]
        is_plain = all(raw is None or raw.isascii() for raw in raw_names)
        for encoding in _NAME_ENCODINGS[: 1 if is_plain else None]:
            try:
                names = [
                    info.filename if raw is None else raw.decode(encoding)
                    for info, raw in zip(self._infos, raw_names, strict=True)
                ]
            except UnicodeDecodeError:
                continue
            yield {normalised(name): info for name, info in zip(names, self._infos, strict=True)}

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            PictureError: it is too large, or damaged in the zip.
        """
        return read_member(self._archive, self._members[name], name)

    def member(self, name: str) -> int:
        return self._numbers[id(self._members[name])]


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """Return the bytes of a zip's member.

    Raises:
        PictureError: it is too large, or damaged.
    """
    limit = MAX_MANIFEST_BYTES if is_manifest(name) else MAX_FILE_BYTES
    try:
        with archive.open(info) as member:
            data = member.read(limit + 1)  # the sizes in the headers may be false
    except Exception as error:  # zlib.error and lzma.LZMAError have no common base class with those of zipfile
        raise PictureError(
            _("%(file)s: damaged in the zip (%(why)s). Pack it again."), file=name, why=str(error)
        ) from None
    return _within_limit(data, name, limit)


def read_file(path: Path, name: str, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of an uploaded file on disk.

    Raises:
        PictureError: it is too large.
    """
    with path.open("rb") as file:
        return _within_limit(file.read(limit + 1), name, limit)


def is_manifest(name: str) -> bool:
    """Return whether a file of an upload is its manifest."""
    return PurePosixPath(name).name.casefold() in MANIFESTS


def is_system_file(name: str) -> bool:
    """Return whether a file manager left the file there."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "__MACOSX" in parts or (
        bool(parts) and (parts[-1].startswith("._") or parts[-1].casefold() in _SYSTEM_FILES)
    )


def normalised(name: str) -> str:
    """Return a path with slashes, without a leading './', as a table's cell gives it (macOS decomposes letters)."""
    return clean_name(str(PurePosixPath(name.strip().replace("\\", "/"))))


def _within_limit(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise PictureError(_("%(file)s: larger than %(n)d MiB. Save it smaller."), file=name, n=limit >> 20)
    return data


def _raw_name(info: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member's name; None if the zip says that they are UTF-8."""
    if info.flag_bits & _UTF8_NAME:
        return None
    raw = info.orig_filename.encode("cp437")
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        # Version 1, and the checksum of the name that it is another spelling of.
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            return field[5:]
    return raw


def _member_fault(info: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    values: dict[str, str | int] = {"file": info.filename, "n": MAX_FILE_BYTES >> 20, "ratio": MAX_RATIO}
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return _("The zip holds '%(file)s', which points outside it: pack it again without such paths.") % values
    if stat.S_ISLNK(info.external_attr >> 16):
        return _("The zip holds '%(file)s', which is a link: pack the file itself.") % values
    if info.flag_bits & 0x1:
        return _("'%(file)s' in the zip has a password: pack it without one.") % values
    if info.file_size > MAX_FILE_BYTES:
        return _("'%(file)s' in the zip is larger than %(n)d MiB: save it smaller.") % values
    if info.file_size > 2**20 and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return _("'%(file)s' in the zip unpacks to over %(ratio)d times its size: that is no picture.") % values
    return None

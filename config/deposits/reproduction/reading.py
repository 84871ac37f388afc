"""Read a deposit, a folder or a zip, as untrusted input: no name in it leads anywhere outside a new folder."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from config.bundles.reading import MAX_FILE_BYTES, MAX_FILES, MAX_TABLE_BYTES, Bundle, Unreadable
from config.deposits import paths

MAX_BYTES = 20 * 2**30  # of all files together


class DepositFiles:
    """The files of a deposit by their paths in it. `faults`: what is wrong with names and kinds of files."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.faults: list[str] = []

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file, in pieces. Raises Unreadable if it is damaged."""
        raise NotImplementedError

    def check_sums(self) -> tuple[dict[str, str], list[str]]:
        """The SHA-256 (hex) of each file, and what is wrong with the files.

        Raises:
            Unreadable: it has no sums, so it is no deposit.
        """
        if paths.SUMS not in self.names:
            raise Unreadable(f"{paths.SUMS} is missing: this is no deposit, or it was cut short.")
        digests, faults = {}, [*self.faults]
        for name in sorted(self.names - {paths.SUMS}):
            try:
                digest = hashlib.sha256()
                for piece in self.pieces(name):
                    digest.update(piece)
                digests[name] = digest.hexdigest()
            except Unreadable as error:
                faults.append(str(error))
        stated: dict[str, str] = {}
        for line in self._text_of_sums().splitlines():
            digest_text, gap, name = line.partition("  ")
            if not gap or name in stated:
                faults.append(f"{paths.SUMS}: “{line[:80]}” is no line of it.")
            stated[name] = digest_text
        faults += [f"{name} is missing." for name in sorted(stated.keys() - self.names)]
        added = sorted(self.names - stated.keys() - {paths.SUMS})
        faults += [f"{name} is not in {paths.SUMS}: it was added later." for name in added]
        changed = (name for name in sorted(stated.keys() & digests.keys()) if stated[name] != digests[name])
        faults += [f"{name} was changed: its checksum differs." for name in changed]
        return digests, faults

    def copy(self, name: str, target: Path) -> None:
        """Copy a file to `target`, whose folder is made."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(self.pieces(name))

    def _text_of_sums(self) -> str:
        content = b""
        for piece in self.pieces(paths.SUMS):
            content += piece
            if len(content) > MAX_TABLE_BYTES // 8:
                raise Unreadable(f"{paths.SUMS} is larger than any deposit's.")
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{paths.SUMS} is no text in UTF-8.") from error


class _Folder(DepositFiles):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, total = folder, 0
        for count, path in enumerate(folder.rglob("*"), start=1):
            name, kind = path.relative_to(folder).as_posix(), path.lstat()
            total += kind.st_size
            if count > MAX_FILES or total > MAX_BYTES:
                raise Unreadable("it has more files or bytes than any deposit.")
            if stat.S_ISLNK(kind.st_mode) or not (stat.S_ISREG(kind.st_mode) or stat.S_ISDIR(kind.st_mode)):
                self.faults.append(f"{name}: it is a link or no file.")
            elif kind.st_size > MAX_FILE_BYTES:
                self.faults.append(f"{name}: it is larger than any deposit's.")
            elif stat.S_ISREG(kind.st_mode):
                self.names.add(name)

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            with (self.folder / name).open("rb") as file:
                yield from iter(lambda: file.read(2**20), b"")
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {error.strerror}.") from error


class _Zip(DepositFiles):
    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__()
        infos = archive.infolist()
        if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_BYTES:
            raise Unreadable("it has more files or bytes than any deposit.")
        self.bundle = Bundle(archive)
        for info in infos:
            if info.is_dir():
                continue
            if (refusal := self.bundle.refusal(info)) is not None:
                self.faults.append(f"{info.filename}: {refusal}")
            elif not info.filename.startswith(self.root):
                self.faults.append(f"{info.filename}: it lies beside the deposit.")
            elif (name := info.filename.removeprefix(self.root)) in self.names:
                self.faults.append(f"{name} is there twice.")
            else:
                self.names.add(name)

    @cached_property
    def root(self) -> str:
        """The one folder in which all files are, with a slash; empty if they are not: repositories add one."""
        sums = [name for name in self.bundle.members if name.rpartition("/")[2] == paths.SUMS]
        return min(sums, key=len, default=paths.SUMS).removesuffix(paths.SUMS)

    def pieces(self, name: str) -> Iterator[bytes]:
        yield from self.bundle.pieces(self.root + name)


@contextmanager
def opened(path: Path) -> Iterator[DepositFiles]:
    """Yield the files of the deposit at `path`.

    Raises:
        Unreadable: it is neither a folder nor a zip, or larger than any deposit.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise Unreadable("it is neither a folder nor a zip.") from error
    with archive:
        yield _Zip(archive)

"""Make a backup: stored files, then the database, then what the database refers to and was added meanwhile.

A file is stored before the row that refers to it is committed, and deleted after the row is gone. So whatever a copy of
the database refers to was there at that moment. Copied first, the database would name files that are deleted before
they are copied; copied last, files that came after them. So the long copying is done first, the database is copied, and
then the few files that it names and the backup lacks. If one of them was deleted within these seconds, the database is
copied again. What is still missing then had been lost before: the backup names it.
"""

import hashlib
import json
import logging
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import Storage
from django.utils import timezone

from config.backups import copying_database
from config.backups.errors import BackupError
from config.backups.facts import Facts
from config.backups.lock import alone, fresh
from config.backups.manifest import DATABASE, HEADS, SECRET_KEY, Manifest, StoredFile, names_among, read_manifest
from config.backups.places import MANIFEST, MARK, STORE, Place, open_place, stored_key
from config.backups.room import require_room
from config.backups.rotation import Keep, delete_unused, read_manifests, rotate
from config.backups.storages import MEDIA, copy_out, names_in, overlaps, stamp, storages
from study.background_work.running_code import release
from study.digests import file_digest
from study.published_heads.heads import Head
from study.stored_files.whole import write_whole

logger = logging.getLogger(__name__)

ATTEMPTS = 5
LAST = "last_backup.json"


@dataclass
class Result:
    """A backup that was made.

    Attributes:
        sent: bytes that were not in the place before.
        files_at: of when the newest backup with stored files in the place is; None if there is none.
        deleted: names of older backups that were deleted.
        problems: what somebody should look at.
    """

    manifest: Manifest
    sent: int
    files_at: str | None
    deleted: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def installation_id() -> str:
    """Return the random name of this installation's data folder. It is in no backup: a restored copy has its own."""
    path = Path(settings.DATA_DIR) / "installation_id"
    if not path.exists():
        write_whole(path, f"{secrets.token_hex(8)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def make_backup(
    text: str,
    *,
    keep: Keep | None = None,
    media: bool = True,
    take_over: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Result:
    """Back up everything to a folder or a bucket, whole or not at all.

    Args:
        text: a folder, or s3://bucket/prefix.
        keep: which older backups are kept; None: all.
        media: whether the stored files are in it.
        take_over: use a place that another installation has used, because this one replaces it.
        say: takes one line for each thing that takes long.

    Raises:
        BackupError: no backup was made; those that were there are untouched.
    """
    with alone() as scratch:
        place = open_place(text, scratch)
        keys = _prepare(place, take_over)
        try:
            result = _Backup(place, keys).make(media, say)
        finally:  # a backup that failed leaves nothing that needs room
            shutil.rmtree(place.scratch, ignore_errors=True)
        if missing := result.manifest.missing:
            result.problems.append(
                f"{len(missing):,} stored files are lost that rows refer to, such as {missing[0]}. The backup is made "
                "without them; no older one was deleted, because it may hold them."
            )
        # Whatever fails from here on, the backup is made.
        try:
            manifests: list[Manifest] = []
            if keep is not None and not missing:
                manifests = read_manifests(place)
                result.deleted = rotate(place, keep, result.manifest, manifests)
            delete_unused(place, manifests)
        except Exception as error:
            if not isinstance(error, BackupError):
                logger.exception("Older backups could not be tidied up")
            result.problems.append(f"The backup is made; older ones could not be tidied up: {error}")
        try:
            _note(place, result)
        except OSError as error:
            result.problems.append(f"The backup is made; {LAST} could not be written: {error}. Look at EARSIGHT_DATA.")
        return result


def _prepare(place: Place, take_over: bool) -> dict[str, int]:
    """Make sure that the place is ours; return its keys with their sizes."""
    for storage in storages().values():
        if overlaps(storage, place.text):
            raise BackupError(
                f"{place.text} and the files that are backed up lie one inside the other. Name a place elsewhere."
            )
    keys = place.keys()
    if MARK in keys:
        try:
            owner = str(json.loads(place.read(MARK))["installation"])
        except (ValueError, KeyError, TypeError) as error:
            if not take_over:
                raise BackupError(
                    f"{place.text}/{MARK} is damaged. If this installation made the backups there, or replaces the one "
                    "that did, give --take-over once."
                ) from error
            owner = ""
        if owner != installation_id() and not take_over:
            raise BackupError(
                f"{place.text} holds the backups of another installation. Name another place, or, if this installation "
                "replaces that one for good, give --take-over once."
            )
        if owner == installation_id():
            fresh(place.scratch)
            return keys
    elif keys:
        raise BackupError(f"{place.text} is not empty and holds no backups. Name an empty or a new place.")
    place.require_room([])
    fresh(place.scratch)
    mark = place.scratch / MARK
    write_whole(mark, f"{json.dumps({'installation': installation_id()})}\n".encode())
    place.put(mark, MARK)
    return place.keys()


class _Backup:
    """One backup that is being made."""

    def __init__(self, place: Place, keys: Mapping[str, int]) -> None:
        self.place = place
        names = names_among(place, dict(keys))
        newest = _newest_with_files(place, names)
        self.number = max((int(name.partition("-")[0]) for name in names), default=0) + 1
        self.files_at = newest.made_at if newest else None
        self.known = newest.stored_files if newest else {}
        self.there = {key: size for key, size in keys.items() if key.startswith(STORE + "/")}
        self.files: dict[str, dict[str, StoredFile]] = {}
        self.sent = 0

    def make(self, media: bool, say: Callable[[str], None]) -> Result:
        sources = storages() if media else {}
        require_room(self.place, self.known, self.there, sources)
        for storage, source in sources.items():
            self.files[storage] = {}
            self._copy_all(storage, source)
            say(f"{len(self.files[storage]):,} files of {storage}")
        made_at, facts, missing = self._copy_database(sources)
        name = f"{self.number:06d}-{made_at:%Y%m%dT%H%M%SZ}"
        manifest = Manifest(
            name=name,
            made_at=made_at.isoformat(timespec="seconds"),
            installation=installation_id(),
            earsight=release(),
            engine=copying_database.engine(),
            server=copying_database.server_version(),
            migrations=facts.migrations,
            key_digest=hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest(),
            heads=facts.heads,
            withdrawn=facts.withdrawn,
            counts=facts.counts,
            stored=self.files if media else None,
            missing=missing,
        )
        self._finish(manifest)
        say(f"database: {', '.join(f'{number:,} {what}' for what, number in facts.counts.items())}")
        return Result(manifest, self.sent, manifest.made_at if media else self.files_at)

    @property
    def _folder(self) -> Path:
        """The backup's own folder while it is unfinished."""
        folder = self.place.scratch / "backup"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _copy_all(self, storage: str, source: Storage) -> None:
        for name in names_in(source):
            if name not in self.files[storage]:
                self._copy(storage, source, name)

    def _copy(self, storage: str, source: Storage, name: str) -> bool:
        """Copy one stored file unless the place has it; return whether it was there to be copied."""
        try:
            seen = stamp(source, name)
            known = self.known.get(f"{storage}/{name}")
            if known and known.stamp == seen and self.there.get(stored_key(known.sha256)) == known.size:
                self.files[storage][name] = known
                return True
            path = self.place.scratch / "file"
            digest, size = copy_out(source, name, path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise BackupError(
                f"{storage}/{name}: {error.strerror or error}. Nothing was backed up; look at the disks of "
                f"EARSIGHT_DATA and of {self.place.text}."
            ) from error
        key = stored_key(digest)
        if self.there.get(key) != size:
            self.place.put(path, key)
            self.there[key] = size
            self.sent += size
        self.files[storage][name] = StoredFile(digest, size, seen)
        return True

    def _copy_database(self, sources: Mapping[str, Storage]) -> tuple[datetime, Facts, list[str]]:
        """Copy the database and what it refers to; return when, its facts, and which files had been lost before."""
        before: set[str] = set()
        for _attempt in range(ATTEMPTS):
            made_at = timezone.now().astimezone(UTC)
            facts = copying_database.copy_database(self._folder / DATABASE[copying_database.engine()])
            if MEDIA not in sources:
                return made_at, facts, []
            source, have = sources[MEDIA], self.files[MEDIA]
            absent = {name for name in facts.names - have.keys() if not self._copy(MEDIA, source, name)}
            if absent <= before:
                return made_at, facts, [f"{MEDIA}/{name}" for name in sorted(absent)]
            before = absent
        raise BackupError("Stored files were deleted all the time. Make the backup while no images are made.")

    def _finish(self, manifest: Manifest) -> None:
        """Write the backup's own files, each with its digest in the manifest, and commit them."""
        if not settings.SECRET_KEY_IS_SET:
            write_whole(self._folder / SECRET_KEY, f"{settings.SECRET_KEY}\n".encode())
        at = manifest.made_at
        write_whole(self._folder / HEADS, "".join(Head(*row).line(at) for row in manifest.heads).encode())
        for path in sorted(self._folder.iterdir()):
            manifest.files[path.name] = StoredFile(file_digest(path), path.stat().st_size)
        write_whole(self._folder / MANIFEST, manifest.to_json().encode())
        self.sent += sum(row.size for row in manifest.files.values())
        self.place.commit(self._folder, manifest.name)


def _newest_with_files(place: Place, names: list[str]) -> Manifest | None:
    """Return the newest backup with stored files, or None if there is none or one is damaged."""
    try:
        return next((row for name in reversed(names) if (row := read_manifest(place, name)).stored is not None), None)
    except BackupError:
        return None


def _note(place: Place, result: Result) -> None:
    """Let the checks of the installation know when the last backup was made, and what needs a look."""
    made, path = result.manifest, Path(settings.DATA_DIR) / LAST
    row = {
        "at": made.made_at,
        "to": f"{place.text}/{made.name}",
        "bytes": made.size,
        "files_at": max(filter(None, (result.files_at, _files_elsewhere(path, place))), default=None),
        "problems": result.problems,
    }
    write_whole(path, f"{json.dumps(row)}\n".encode())


def _files_elsewhere(note: Path, place: Place) -> str | None:
    """Of when the newest backup with stored files is of which the last note tells, if that was of another place."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        found = None if told["to"].startswith(f"{place.text}/") else told["files_at"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # none was made, or by an earlier version
    return found if isinstance(found, str) else None

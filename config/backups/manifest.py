"""The manifest of a backup: what it holds with the digests of all its files, and what it was made of."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from config.backups.errors import BackupError
from config.backups.places import MANIFEST, MARK, Place, stored_key
from study.digests import canonical_digest

FORMAT = 1
SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASE = {SQLITE: "database.sqlite3", POSTGRESQL: "database.pgdump"}
SECRET_KEY, HEADS = "secret_key", "heads.txt"
NAME = re.compile(r"[0-9]{6,}-[0-9]{8}T[0-9]{6}Z")
"""Names of backups, such as 000012-20261130T021500Z. Whatever else lies in a place is somebody's own."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredFile:
    """A stored file as it was read.

    Attributes:
        sha256: hex.
        size: bytes.
        stamp: size and time of the last change (ns), if the storage knows them: a file with the same is not read again.
    """

    sha256: str
    size: int
    stamp: tuple[int, ...] = ()


@dataclass
class Manifest:
    """What a backup holds.

    Attributes:
        name: of the backup and its folder; names sort by their number, whatever the clock says.
        made_at: when its database was copied, ISO 8601 in UTC.
        installation: which installation made it.
        engine: SQLITE or POSTGRESQL; `server` is the version of the database's server.
        migrations: "app.name" of each that the database has.
        key_digest: SHA-256 of the secret key, which has at least 32 characters; the key itself is in the backup only if
            `files` names it.
        heads: [short name of the study, number, head] of the end of each chain.
        withdrawn: handles of the participants who have withdrawn. A handle opens nothing.
        counts: rows by name, for people.
        files: the backup's own files by name.
        stored: files of storages, by storage and name; None if they were left out.
        missing: files that rows refer to and the storage had lost, as `storage/name`.
    """

    name: str
    made_at: str
    installation: str
    earsight: str
    engine: str
    server: str
    migrations: list[str]
    key_digest: str
    heads: list[tuple[str, int, str]]
    withdrawn: list[str]
    counts: dict[str, int]
    files: dict[str, StoredFile] = field(default_factory=dict)
    stored: dict[str, dict[str, StoredFile]] | None = None
    missing: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        return int(self.name.partition("-")[0])

    @property
    def stored_files(self) -> dict[str, StoredFile]:
        """All files of storages by `storage/name`."""
        return {f"{place}/{name}": row for place, rows in (self.stored or {}).items() for name, row in rows.items()}

    @property
    def size(self) -> int:
        """Bytes of everything that a restore needs."""
        distinct = {row.sha256: row.size for row in self.stored_files.values()}
        return sum(row.size for row in self.files.values()) + sum(distinct.values())

    def keys(self) -> dict[str, StoredFile]:
        """Return what each key in the place must hold, without the manifest itself."""
        own = {f"{self.name}/{name}": row for name, row in self.files.items()}
        return own | {stored_key(row.sha256): row for row in self.stored_files.values()}

    def to_json(self) -> str:
        content = {"format": FORMAT} | asdict(self)
        return json.dumps(content | {"digest": canonical_digest(content)}, ensure_ascii=False) + "\n"


def read_manifest(place: Place, name: str) -> Manifest:
    """Read and check the manifest of one backup.

    Raises:
        BackupError: it is missing, damaged, or of a newer version.
    """
    key = f"{name}/{MANIFEST}"
    damaged = f"{place.text}/{key} is damaged: restore another backup."
    try:
        content = json.loads(place.read(key))
        digest = content.pop("digest")
        newer = content["format"] > FORMAT
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(damaged) from error
    if newer:
        raise BackupError(f"{place.text}/{key} is of a newer version, {content.get('earsight')}: install it.")
    if canonical_digest(content) != digest or content["name"] != name:
        raise BackupError(damaged)
    del content["format"]
    content["heads"] = [tuple(row) for row in content["heads"]]
    content["files"] = _files(content["files"])
    if content["stored"] is not None:
        content["stored"] = {storage: _files(rows) for storage, rows in content["stored"].items()}
    made = Manifest(**content)
    # The digest shows damage, not a forgery; names and digests become paths on this machine.
    names_are_plain = all("/" not in name and not name.startswith(".") for name in made.files)
    if not names_are_plain or not all(_SHA256.fullmatch(row.sha256) for row in made.keys().values()):
        raise BackupError(damaged)
    return made


def _files(rows: dict[str, Any]) -> dict[str, StoredFile]:
    return {name: StoredFile(row["sha256"], row["size"], tuple(row["stamp"])) for name, row in rows.items()}


def backup_names(place: Place) -> list[str]:
    """Return the names of the whole backups in a place, oldest first.

    Raises:
        BackupError: it is no place of backups.
    """
    return names_among(place, place.keys())


def names_among(place: Place, keys: dict[str, int]) -> list[str]:
    """Return the names of the whole backups among a place's keys, oldest first; as `backup_names`."""
    if MARK not in keys:
        raise BackupError(f"{place.text} holds no backups: there is no {MARK} in it.")
    found = {key.removesuffix("/" + MANIFEST) for key in keys if key.endswith("/" + MANIFEST)}
    return sorted(name for name in found if NAME.fullmatch(name))

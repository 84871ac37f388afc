"""Find a backup by what a command was given, and check that all its files are what its manifest says."""

from collections.abc import Callable
from pathlib import Path

from config.backups.errors import BackupError
from config.backups.manifest import Manifest, backup_names, names_among, read_manifest
from config.backups.places import MARK, Place, open_place
from study.background_work import schema
from study.digests import file_digest

SHOWN = 10


def find_backup(text: str, scratch: Path) -> tuple[Place, Manifest]:
    """Return the backup that `text` names: one in its place, or a place, of which it is the newest.

    Raises:
        BackupError: there is none, or its manifest is damaged or of a newer version.
    """
    place = open_place(text, scratch)
    if MARK in (keys := place.keys()):
        if not (names := names_among(place, keys)):
            raise BackupError(f"{text} holds no whole backup yet.")
        return place, read_manifest(place, names[-1])
    above, _slash, name = text.rstrip("/").rpartition("/")
    place = open_place(above or ".", scratch)
    try:
        names = backup_names(place)
    except BackupError as error:
        raise BackupError(f"{text} is neither a backup nor a place of backups.") from error
    if name not in names:
        raise BackupError(f"{text} is no whole backup. Whole ones there: {', '.join(names[-5:]) or 'none'}.")
    return place, read_manifest(place, name)


def known_withdrawals(place: Place, manifest: Manifest) -> tuple[set[str], list[str]]:
    """Return the handles of people who had withdrawn by the backups made after this one, and those it cannot read."""
    found: set[str] = set()
    unread = []
    for name in backup_names(place):
        if int(name.partition("-")[0]) > manifest.number:
            try:
                found.update(read_manifest(place, name).withdrawn)
            except BackupError:  # it keeps no whole backup from being restored
                unread.append(name)
    return found, unread


def check_files(
    place: Place, manifest: Manifest, say: Callable[[str], None] = lambda text: None, *, fetch: bool = False
) -> None:
    """Compare size and SHA-256 of every file of a backup with its manifest.

    Args:
        fetch: leave copies of a bucket's files on this machine, for a restore.

    Raises:
        BackupError: files are missing, cut off or changed; the message names them. Nothing else was touched.
    """
    there, wanted = place.keys(), manifest.keys()
    names = {row.sha256: name for name, row in manifest.stored_files.items()}
    faults = []
    for key, row in wanted.items():
        where = f"{key} ({names[row.sha256]})" if row.sha256 in names else key
        if key not in there:
            faults.append(f"{where} is missing")
        elif there[key] != row.size:
            faults.append(f"{where} has {there[key]:,} of {row.size:,} bytes")
        elif (file_digest(place.local(key)) if fetch else place.digest(key, row.size)) != row.sha256:
            faults.append(f"{where} was changed")
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise BackupError(
            f"The backup {place.text}/{manifest.name} is damaged: {'; '.join(faults[:SHOWN])}{more}. "
            "Nothing was changed. Restore another one by its name. Delete damaged files under files/: the next backup "
            "sends them again."
        )
    say(f"{len(wanted):,} files are as they were written")


def require_known_version(manifest: Manifest) -> None:
    """Raise `BackupError` if the backup is of a newer version of Earsight than this one."""
    known = {f"{app}.{name}" for app, name in schema.known()}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupError(
            f"The backup was made by a newer version, {manifest.earsight}, which has {unknown[0]}. "
            "Install that version or a newer one, then restore."
        )

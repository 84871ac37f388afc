"""Rotation: which backups are kept, and deleting the others with the stored files that no backup needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from config.backups.errors import BackupError
from config.backups.manifest import NAME, Manifest, backup_names, names_among, read_manifest
from config.backups.places import MANIFEST, MARK, STORE, Place


@dataclass(frozen=True)
class Keep:
    """How many backups are kept: the newest, and the newest of each of the last days, weeks and months that have one.

    At least the newest is kept.
    """

    newest: int = 1
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


def kept(backups: Iterable[tuple[str, datetime]], keep: Keep) -> set[str]:
    """Return the names of the backups to keep.

    Args:
        backups: (name, when it was made), oldest first.
    """
    newest_first = list(reversed(list(backups)))
    found = {name for name, _at in newest_first[: max(1, keep.newest)]}
    for number, period in ((keep.daily, "%Y-%m-%d"), (keep.weekly, "%G-%V"), (keep.monthly, "%Y-%m")):
        newest_of: dict[str, str] = {}
        for name, at in newest_first:
            newest_of.setdefault(at.strftime(period), name)
        found.update(list(newest_of.values())[:number])
    return found


def rotate(place: Place, keep: Keep, made: Manifest, manifests: Iterable[Manifest]) -> list[str]:
    """Delete older backups of the installation that made this one, and of its kind; return their names.

    Kinds are those with and without stored files: frequent ones of the database alone never push out whole ones.

    Args:
        manifests: those of all backups in the place.
    """
    own = [
        row
        for row in manifests
        if row.installation == made.installation and (row.stored is None) == (made.stored is None)
    ]
    keeps = kept([(row.name, datetime.fromisoformat(row.made_at)) for row in own], keep)
    names = [row.name for row in own if row.name not in keeps]
    for name in names:
        place.delete(list(place.keys(name)))
    return names


def delete_unused(place: Place, known: Iterable[Manifest] = ()) -> None:
    """Delete stored files that no backup here refers to, and what is left of backups that were killed.

    Args:
        known: manifests that were read already; the others are read.

    Raises:
        BackupError: a manifest cannot be read, or is that of a copy under another name, so that nobody knows what it
            needs. Nothing is deleted then.
    """
    keys = place.keys()
    needed = {MARK}
    names = names_among(place, keys)
    own = {f"{name}/{MANIFEST}" for name in names}
    if others := sorted(key for key in keys if key.endswith("/" + MANIFEST) and key not in own):
        raise BackupError(
            f"{place.text}/{others[0].removesuffix('/' + MANIFEST)} has not the name of a backup, and may need stored "
            "files. Move it out of the place, or delete it."
        )
    read = {row.name: row for row in known}
    for name in names:
        needed |= {f"{name}/{MANIFEST}", *(read.get(name) or read_manifest(place, name)).keys()}
    place.delete({key for key in keys if _is_of_backups(key)} - needed)


def _is_of_backups(key: str) -> bool:
    folder, slash, _rest = key.partition("/")
    return bool(slash) and (folder == STORE or NAME.fullmatch(folder) is not None)


def read_manifests(place: Place) -> list[Manifest]:
    """Return the manifests of all whole backups in a place, oldest first."""
    return [read_manifest(place, name) for name in backup_names(place)]

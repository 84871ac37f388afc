"""Whether a place has room for a backup."""

from collections.abc import Mapping

from django.core.files.storage import Storage

from config.backups.copying_database import database_size
from config.backups.manifest import StoredFile
from config.backups.places import Place, stored_key
from config.backups.storages import names_in, stamp


def require_room(
    place: Place, known: Mapping[str, StoredFile], there: Mapping[str, int], sources: Mapping[str, Storage]
) -> None:
    """Raise `BackupError` if the place has no room for the database and for files that it does not have yet.

    Args:
        known: files of the newest backup by `storage/name`.
        there: sizes of stored files by key.
    """
    sizes = [database_size()]
    for storage, source in sources.items():
        for name in names_in(source):
            row = known.get(f"{storage}/{name}")
            try:
                seen = stamp(source, name)
                if row and row.stamp == seen and stored_key(row.sha256) in there:
                    continue
                sizes.append(seen[0] if seen else source.size(name))
            except FileNotFoundError:
                continue
    place.require_room(sizes)

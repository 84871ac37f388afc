"""Places of backups: a folder or a bucket. Doors: `Place`, `open_place`."""

from pathlib import Path

from config.backups.places.bucket import SCHEME, BucketPlace
from config.backups.places.folder import FolderPlace, require_free
from config.backups.places.place import MANIFEST, MARK, STORE, Place, stored_key

__all__ = ["MANIFEST", "MARK", "STORE", "Place", "open_place", "require_free", "stored_key"]


def open_place(text: str, scratch: Path) -> Place:
    """Return the place that a command names.

    Args:
        scratch: where a bucket's files pass through.

    Raises:
        BackupError: it is no address of a bucket, or its package is missing.
    """
    return BucketPlace(text, scratch) if text.startswith(SCHEME) else FolderPlace(Path(text))

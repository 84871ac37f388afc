"""Delete stored files, many with one request where the storage can, and later if it does not answer now."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.core.files.storage import default_storage

from study.stored_files.unavailable import StorageUnavailable

logger = logging.getLogger(__name__)

_keepers: list[Callable[[Iterable[str]], Any]] = []


def register(keep: Callable[[Iterable[str]], Any]) -> None:
    """Name the function that records names of files to be deleted once the storage answers."""
    _keepers.append(keep)


def delete_stored(names: Iterable[str]) -> None:
    """Delete files of the default storage; names without a file are passed over.

    Raises:
        StorageUnavailable: some may be left.
    """
    names = list(names)
    if (delete_many := getattr(default_storage, "delete_many", None)) is not None:
        delete_many(names)
        return
    for name in names:
        default_storage.delete(name)


def delete_now_or_later(names: Iterable[str]) -> None:
    """Delete files of rows that are gone. If the storage does not answer, they are recorded and deleted later."""
    names = list(names)
    try:
        delete_stored(names)
    except StorageUnavailable as error:
        logger.warning("%d files of deleted rows stay in the storage for now: %s", len(names), error)
        for keep in _keepers:
            keep(names)

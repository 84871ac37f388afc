"""Copies, on this machine, of small stored files that participants ask for, if the storage is another machine.

A stored file never changes, so a copy is never out of date. A participant's sound then costs no way to the storage and
back, and is there while the storage does not answer. (Images of the survey are always files of this machine, see
`study.survey_images.versions`.) The folder may be deleted at any time.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path, PurePath

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from study.stored_files.whole import write_whole

FOLDER = "media-copies"
WHOLE = 4 * 2**20  # bytes; a file up to this is read at once and copied, a larger one is sent in parts
MOST = 2 * 2**30  # bytes of all copies; then the oldest go
_LOOK_EVERY = 50  # copies that a process makes between two looks at the size of the folder
_made = 0


def read_or_open(name: str) -> bytes | File:
    """Return a stored file's content, or, if it has more than WHOLE bytes, the open file.

    Raises:
        FileNotFoundError: there is none. StorageUnavailable: it is on another machine that does not answer.
    """
    copy = None if _is_here(name) else _path(name)
    if copy is not None:
        with contextlib.suppress(FileNotFoundError):
            return copy.read_bytes()
    file = default_storage.open(name, "rb")
    if file.size > WHOLE:
        return file
    with file:
        content = file.read()
    if copy is not None:
        with contextlib.suppress(OSError):  # a full disk is no reason to refuse what is at hand
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_whole(copy, content, mode=settings.FILE_UPLOAD_PERMISSIONS)
            _keep_small(copy.parent.parent)
    return content


def delete_copies(names: Iterable[str]) -> None:
    """Delete this machine's copies of files that were deleted."""
    for name in names:
        _path(name).unlink(missing_ok=True)


def _is_here(name: str) -> bool:
    try:
        default_storage.path(name)
    except NotImplementedError:
        return False
    return True


def _path(name: str) -> Path:
    return Path(settings.DATA_DIR) / FOLDER / PurePath(name).stem[:2] / PurePath(name).name


def _keep_small(folder: Path) -> None:
    """Delete the oldest copies if all together are larger than MOST."""
    global _made
    _made += 1
    if _made % _LOOK_EVERY != 1:
        return
    files = [(stat.st_mtime, stat.st_size, path) for path in folder.glob("*/*") for stat in (path.stat(),)]
    size = sum(length for _, length, _ in files)
    for _, length, path in sorted(files):
        if size <= MOST:
            return
        path.unlink(missing_ok=True)
        size -= length

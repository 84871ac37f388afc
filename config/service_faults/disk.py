"""Faults of the disks that hold uploads, images, sessions and temporary files, or of the S3 storage in their place."""

import errno
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_noop

from config.service_faults.fault import Fault
from study.stored_files.unavailable import StorageUnavailable

_ROOM = gettext_noop("Free space on the disk of EARSIGHT_DATA and on that of temporary files.")
_RIGHTS = gettext_noop("Let the server's user write to EARSIGHT_DATA and to the folder of temporary files.")
_LOST = gettext_noop("A stored file is missing or cannot be read: restore EARSIGHT_DATA from the backup.")
_LOOK = gettext_noop("Look whether the storage that EARSIGHT_MEDIA_URL names runs and can be reached from here.")
_KEYS = gettext_noop("Correct EARSIGHT_MEDIA_URL, EARSIGHT_S3_ENDPOINT, the AWS_… variables, or the bucket's rights.")
FULL, READ_ONLY = Fault("The disk is full", 60, _ROOM), Fault("The disk is read-only", 60, _RIGHTS)
FAILED, MISSING = Fault("The disk failed", 60, _LOST), Fault("A stored file is missing", 60, _LOST)
AWAY, REFUSED = Fault("The storage is not reachable", 10, _LOOK), Fault("The storage refuses access", 60, _KEYS)
BUSY = Fault("The machine is out of open files, processes or memory", 5)

_BY_NUMBER = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EIO: FAILED,
    errno.ESTALE: FAILED,  # a network folder that went away
    errno.ENXIO: FAILED,
    errno.EMFILE: BUSY,
    errno.ENFILE: BUSY,
    errno.ENOMEM: BUSY,
    errno.EAGAIN: BUSY,
}


def fault_of(error: BaseException) -> Fault | None:
    """The fault that this error tells of; None for other errors."""
    if isinstance(error, StorageUnavailable):
        return REFUSED if error.refused else AWAY
    if not isinstance(error, OSError) or isinstance(error, ConnectionError):
        return None
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        # Of our own data only: elsewhere a missing file is a fault of the code or of the installation.
        return MISSING if error.filename and _is_stored(str(error.filename)) else None
    return _BY_NUMBER.get(error.errno or 0)


def _is_stored(name: str) -> bool:
    return name.startswith("s3://") or Path(settings.MEDIA_ROOT) in Path(name).parents

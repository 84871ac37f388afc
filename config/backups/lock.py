"""One backup or restore of an installation at a time."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from config.backups.errors import BackupError


@contextmanager
def alone() -> Iterator[Path]:
    """Keep other backups and restores out; yield an empty folder for unfinished files, which is deleted at the end.

    The kernel forgets the lock of a process that is killed; what it left in the folder goes when the next one begins.

    Raises:
        BackupError: another one is running.
    """
    data = Path(settings.DATA_DIR)
    with (data / "backup.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("A backup or a restore is running. Wait until it has ended.") from error
        except OSError as error:  # two at once could take files from each other in silence
            raise BackupError(
                f"{data}: {error.strerror}: its disk takes no locks. Put EARSIGHT_DATA on one that does."
            ) from error
        scratch = data / "unfinished-backup"
        fresh(scratch)
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def fresh(folder: Path) -> None:
    """Make a folder anew, for this user only."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}. Look at the disk and the rights of its folder.") from error

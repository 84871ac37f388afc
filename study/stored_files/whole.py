"""Writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, through: bool = True) -> None:
    """Write a file that other processes see whole or not at all; its folder must be there.

    Args:
        mode: who may read it: this user only, unless told otherwise.
        through: wait until it is on the disk, so that a power cut leaves no half of it either.

    Raises:
        OSError: it is as it was before, and nothing is left beside it.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if through:
                file.flush()
                os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise

"""Uploaded files as files on disk, so that a bounded process can read them and this process never holds them whole."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile


class LocalFile(UploadedFile):
    """A file on this machine, by its path and its own name or another one; neither read into memory nor moved."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path.absolute()
        super().__init__(file=path.open("rb"), name=name or path.name, size=path.stat().st_size)


@contextlib.contextmanager
def on_disk(upload: UploadedFile) -> Iterator[Path]:
    """Yield a path with the upload's content: its own file, or a copy of an upload kept in memory."""
    if isinstance(upload, LocalFile):
        yield upload.path
        return
    if hasattr(upload, "temporary_file_path"):
        yield Path(upload.temporary_file_path()).absolute()
        return
    handle, name = tempfile.mkstemp(prefix="earsight-")  # closed below: of hundreds of files none stays open
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        yield path
    finally:
        path.unlink(missing_ok=True)

"""Uploaded files as files on disk, so that a bounded process can read them and this process never holds them whole."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile


@contextlib.contextmanager
def on_disk(upload: UploadedFile) -> Iterator[Path]:
    """Yield a path with the upload's content: its own temporary file, or a copy of an upload kept in memory."""
    if hasattr(upload, "temporary_file_path"):
        yield Path(upload.temporary_file_path()).absolute()
        return
    with tempfile.NamedTemporaryFile(prefix="earsight-") as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)

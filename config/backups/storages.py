"""The storages whose files a backup holds, and reading them while others write and delete."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, default_storage

from generation.runs.spending import answers_folder
from study.survey_images import versions

MEDIA = "media"
_CHUNK = 2**20


def storages() -> dict[str, Storage]:
    """Return the storages by the name that manifests give them.

    Besides media these are the images as participants saw them, which another encoder would make otherwise, and the
    language model's answers, which cost money.
    """
    shown = Path(settings.DATA_DIR) / versions.FOLDER
    return {
        MEDIA: default_storage,
        "survey-images": FileSystemStorage(location=shown),
        "sentences": FileSystemStorage(location=answers_folder()),
    }


def overlaps(storage: Storage, place: str) -> bool:
    """Return whether a place of backups lies inside a storage; of a bucket, also whether it holds the storage."""
    try:
        return Path(place).is_relative_to(storage.path(""))
    except NotImplementedError:
        pass
    bucket, location = getattr(storage, "bucket_name", ""), getattr(storage, "location", "").strip("/")
    here, there = f"s3://{bucket}/{location}".rstrip("/") + "/", place.rstrip("/") + "/"
    return here.startswith(there) or there.startswith(here)


def names_in(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the names of all files in a storage; none if it does not exist yet. Unfinished files are left out."""
    try:
        folders, files = storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    prefix = f"{folder}/" if folder else ""
    yield from (prefix + name for name in sorted(files) if name and not name.endswith(".part"))
    for inner in sorted(folders):
        if inner:
            yield from names_in(storage, prefix + inner)


def stamp(storage: Storage, name: str) -> tuple[int, ...]:
    """Return size and time of the last change (ns) of a file, or nothing if the storage is no folder.

    Files of a bucket are known by their names: a name of stored media is random and never written twice.

    Raises:
        FileNotFoundError: there is no such file any more.
    """
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return ()
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def copy_out(storage: Storage, name: str, path: Path) -> tuple[str, int]:
    """Copy a stored file to `path`; return its SHA-256 (hex) and its size in bytes.

    Raises:
        FileNotFoundError: there is no such file any more.
    """
    digest, size = hashlib.sha256(), 0
    with storage.open(name, "rb") as source, path.open("wb") as target:
        path.chmod(0o600)
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += target.write(chunk)
    return digest.hexdigest(), size


def digest_of(storage: Storage, name: str) -> str:
    """Return the SHA-256 (hex) of a stored file."""
    with storage.open(name, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

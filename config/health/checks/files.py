"""Files: room on the disk, media, static files, translations, weights, and who can read the data."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.health.finding import Finding, fault, finding_of, ok, warning
from config.installation import checks
from generation.tagging.files import MUSICNN_WEIGHTS, default_weights_folder

# Below the first a long upload or a night's images may fill the disk; below the second nothing may be stored soon.
LITTLE, TOO_LITTLE = 5 * 2**30, 500 * 2**20
FEW_FILES = 10_000  # i-nodes
COLLECT = "Run: python manage.py collectstatic --noinput, then restart the web server."


def room_is_left() -> Finding:
    """Look at the free space of EARSIGHT_DATA and of temporary files."""
    folders = {settings.DATA_DIR: "EARSIGHT_DATA", Path(tempfile.gettempdir()): "temporary files"}
    free = {name: shutil.disk_usage(folder).free for folder, name in folders.items()}
    shown = ", ".join(f"{_size(bytes_free)} for {name}" for name, bytes_free in free.items())
    mend = "Free some, or move EARSIGHT_DATA to a larger disk; old backups and logs are the first to go."
    if min(free.values()) < TOO_LITTLE:
        return fault(f"little room is left: {shown}", mend)
    for folder, name in folders.items():
        numbers = os.statvfs(folder)
        if numbers.f_files and numbers.f_favail < FEW_FILES:  # some file systems count none
            return fault(f"{numbers.f_favail} more files fit on the disk of {name}", mend)
    return warning(f"little room is left: {shown}", mend) if min(free.values()) < LITTLE else ok(f"free: {shown}")


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def media_are_written() -> Finding:
    """Store a file, read it and delete it, wherever media are: a folder or a service."""
    content = secrets.token_bytes(64)
    name = default_storage.save(f"doctor-{secrets.token_hex(8)}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            same = file.read() == content
    finally:
        default_storage.delete(name)
    where = getattr(default_storage, "location", "") or type(default_storage).__name__
    if not same:
        return fault(f"{where} gave back another file than was stored", "Look at that disk or service.")
    return ok(f"{where} can be read and written")


def static_files_are_collected() -> Finding:
    """Compare each static file of the code with its collected copy, which is what browsers get."""
    return finding_of(checks.static_files(), "they are collected as the code has them")


def static_files_are_named() -> Finding:
    """Look for the list of collected files only: without it every page fails."""
    has_list = isinstance(staticfiles_storage, ManifestFilesMixin)
    if not has_list or (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return ok("they are collected")
    return fault(f"none are collected in {settings.STATIC_ROOT}", COLLECT)


def translations_are_compiled() -> Finding:
    """Compare the times of each .po file and its .mo file."""
    return finding_of(checks.translations(), "they are compiled")


def weights_are_there() -> Finding:
    """Look for the weights of the built-in tagger."""
    path = default_weights_folder() / MUSICNN_WEIGHTS
    if path.is_file():
        return ok(f"{path.name} is there")
    return fault(f"{path} is missing", "Run: python manage.py fetch_musicnn")


def data_are_private() -> Finding:
    """Look whether other users of the machine can enter EARSIGHT_DATA."""
    return finding_of(checks.data_folder(), "other users of the machine cannot enter EARSIGHT_DATA")


def settings_are_private() -> Finding:
    """Look whether other users of the machine can read the file of settings."""
    return finding_of(checks.settings_file(), "other users of the machine cannot read a file of settings")


def heads_file_is_written() -> Finding:
    """Open the file of heads as publishing does, without adding anything."""
    if settings.HEADS_FILE is None:
        return ok("none is set")
    path = Path(settings.HEADS_FILE)
    if path.exists():
        path.open("ab").close()
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        return fault(
            f"the folder {path.parent} is not there or cannot be written to",
            "Connect it, or correct EARSIGHT_HEADS_FILE.",
        )
    return ok(f"{path} can be added to")

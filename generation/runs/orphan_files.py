"""Delete stored files that no row refers to, however a worker ends.

The name of a file is recorded (`LooseFile`) before the file is written, under the token of the lease or the upload,
and removed in the transaction that gives the file an owner.
"""

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from generation.models import ClipStep, LooseFile
from study.opaque_tokens import new_file_name
from study.setup.clip_files import still_owned
from study.stored_files import deleting
from study.stored_files.unavailable import StorageUnavailable
from study.survey_images.versions import delete_versions

logger = logging.getLogger(__name__)

# A worker that lost its lease may still be writing, so a name is forgotten only after this time.
FORGET_AFTER = timedelta(hours=1)
# Token prefix of uploaded files. They are kept for FORGET_AFTER; an upload that has not made them its own by then has
# failed.
UPLOAD = "upload-"


def write(contents: Iterable[tuple[str, bytes]], lease_token: str) -> list[str]:
    """Record names for files, (suffix, bytes) each, and store the files; return the names."""
    contents = list(contents)
    names = [new_file_name(suffix) for suffix, _ in contents]
    LooseFile.objects.bulk_create(LooseFile(name=name, lease_token=lease_token) for name in names)
    for name, (_, data) in zip(names, contents, strict=True):
        default_storage.save(name, ContentFile(data))
    return names


def upload_token() -> str:
    """Return a token for the files of one upload."""
    return UPLOAD + secrets.token_hex(12)


def keep(token: str) -> None:
    """Hold the files written under a token for another `FORGET_AFTER`."""
    LooseFile.objects.filter(lease_token=token).update(created_at=Now())


def mark_owned(names: Iterable[str]) -> int:
    """Remove the records of files that a row of the same transaction owns now; return how many were recorded."""
    names, removed = list(names), 0
    for first in range(0, len(names), 500):
        removed += LooseFile.objects.filter(name__in=names[first : first + 500]).delete()[0]
    return removed


def release_token(token: str) -> None:
    """Let `delete_orphans` delete the files written under a token."""
    LooseFile.objects.filter(lease_token=token).update(lease_token="")


def mark_orphaned(names: Iterable[str]) -> None:
    """Record files that no row owns any more; `delete_orphans`, after the commit, deletes them."""
    LooseFile.objects.bulk_create((LooseFile(name=name) for name in names if name), ignore_conflicts=True)


def delete_orphans() -> int:
    """Delete recorded files that no lease and no recent upload holds; return how many names were looked at."""
    held = ClipStep.objects.held_under(OuterRef("lease_token"))
    uploading = Q(lease_token__startswith=UPLOAD, created_at__gte=Now() - FORGET_AFTER)
    orphaned = LooseFile.objects.exclude(uploading).exclude(Exists(held))
    names = list(orphaned.values_list("name", flat=True)[:500])
    unowned = set(names) - still_owned(names)
    try:
        deleting.delete_stored(unowned)
    except StorageUnavailable as error:  # their records stay, and a worker's look-out tries again
        logger.warning("%d files wait to be deleted: %s", len(unowned), error)
        return 0
    delete_versions(unowned)
    LooseFile.objects.filter(name__in=names, lease_token="").delete()
    LooseFile.objects.filter(name__in=names, created_at__lt=Now() - FORGET_AFTER).delete()
    return len(names)


deleting.register(mark_orphaned)

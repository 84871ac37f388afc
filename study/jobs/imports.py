"""Exports that are to be taken in: asked for by a page, done by a worker, erased when that has ended.

They are no jobs of a study, because there is none until the work has ended well.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from study.background_work import messages, rows
from study.errors import NotAllowedNow
from study.models import StudyImport
from study.models.imports import import_path

logger = logging.getLogger(__name__)


def request_import(owner: Any, upload: UploadedFile) -> StudyImport:
    """Keep an uploaded export and queue the work. Not inside a transaction: storing it may take long.

    Raises:
        NotAllowedNow: another of this person's goes on.
    """
    if going_on(owner) is not None:
        raise NotAllowedNow(_("Another export of yours is being taken in. Wait for it, then bring the next one."))
    name = default_storage.save(import_path(StudyImport(), ""), upload)
    try:
        row = StudyImport.objects.create(
            owner=owner,
            file=name,
            name=(upload.name or "")[-255:],
            language=(translation.get_language() or "").split("-")[0],
        )
    except BaseException:
        default_storage.delete(name)
        raise
    transaction.on_commit(lambda: queue_import(row.pk))
    return row


def going_on(owner: Any) -> StudyImport | None:
    """Return the person's unfinished import, if there is one."""
    return StudyImport.objects.filter(owner=owner, state__in=StudyImport.UNFINISHED).first()


def queue_import(import_id: int) -> None:
    """Send the message to a worker. The task goes by name because only config knows how to do it."""
    if messages.send("config.import_study", (import_id,)):
        StudyImport.objects.filter(pk=import_id).update(sent_at=timezone.now())


def find_lost_imports(starting: bool) -> int:
    """Send again the messages of imports that no process works on; return how many they were."""
    erase_unneeded()
    ids = rows.lost(StudyImport.objects.all(), starting)
    for import_id in ids:
        queue_import(import_id)
    return len(ids)


def erase_unneeded() -> None:
    """Erase the uploads of imports that have ended."""
    for row in StudyImport.objects.exclude(state__in=StudyImport.UNFINISHED).exclude(file=""):
        name = str(row.file)
        StudyImport.objects.filter(pk=row.pk).update(file="")
        _delete(name)


def forgettable(now: datetime) -> QuerySet[StudyImport]:
    """Ended imports that nobody needs to see in the list any more."""
    long_ago = now - 2 * timedelta(days=settings.KEEP_DOWNLOADS_DAYS)
    return StudyImport.objects.filter(finished_at__lt=long_ago).exclude(state__in=StudyImport.UNFINISHED)


def connect() -> None:
    """Delete the stored upload with its row, also if that goes with an account."""
    post_delete.connect(_delete_of_row, sender=StudyImport, dispatch_uid="study.imports.stored-file")


def _delete_of_row(sender: Any, instance: StudyImport, **_more: Any) -> None:
    if name := str(instance.file or ""):
        transaction.on_commit(lambda: _delete(name))


def _delete(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError:
        logger.warning("%s could not be deleted.", name, exc_info=True)

"""Take in an uploaded export in a worker."""

import errno
import logging
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.bundles.taking_in.errors import BundleRefused
from config.bundles.taking_in.study_from_bundle import TakenIn, take_in
from study.background_work import rows, schema
from study.errors import StudyError
from study.jobs.imports import erase_unneeded
from study.models import StudyImport

logger = logging.getLogger(__name__)


class _Lost(Exception):
    """Another process has taken the work over."""


def run_import(import_id: int) -> None:
    """Take in an export that waits, unless it has ended or another process does it."""
    row = rows.claim(StudyImport.objects.filter(pk=import_id).select_related("owner"))
    if row is None:
        return
    with translation.override(row.language or settings.LANGUAGE_CODE):
        try:
            with rows.kept_alive(row):
                _take_in(row)
        except _Lost:
            logger.info("The import %s was taken over.", row.pk)
            return
        except BundleRefused as error:
            _fail(row, str(error), error.faults)
        except StudyError as error:
            _fail(row, str(error))
        except OperationalError:  # the database is away: the row stays as it is, and the look-out finds it
            raise
        except Exception as error:
            if schema.is_cause_of(error):  # a worker of the other version does it
                raise
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                _fail(row, _("The server's disk is full. Whoever runs the server has to make room; then ask again."))
            else:
                logger.exception("The import %s failed.", row.pk)
                _fail(row, rows.unexpected(error))
    erase_unneeded()


def _take_in(row: StudyImport) -> TakenIn:
    ours = rows.still_ours(row)

    def report(at_hand: str) -> None:
        # In the transaction that writes the study nobody would see it, and the heartbeat would wait for its end.
        if not (ours.exists() if connection.in_atomic_block else ours.update(at_hand=at_hand[:200])):
            raise _Lost

    def settle(taken_in: TakenIn) -> None:
        done = {"state": StudyImport.State.READY, "finished_at": timezone.now(), "at_hand": ""}
        if not ours.update(study=taken_in.study, notes=list(taken_in.notes), **done):
            raise _Lost

    with tempfile.TemporaryDirectory(prefix="earsight-import-") as folder:
        path = Path(folder) / "bundle.zip"
        with row.file.open("rb") as stored, path.open("wb") as file:
            shutil.copyfileobj(stored, file)
        return take_in(path, owner=row.owner, report=report, settle=settle)


def _fail(row: StudyImport, error: str, faults: tuple[str, ...] = ()) -> None:
    rows.still_ours(row).update(
        state=StudyImport.State.FAILED, error=error, faults=list(faults), at_hand="", finished_at=timezone.now()
    )

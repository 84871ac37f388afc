"""The Celery tasks of what needs all wings."""

from celery import shared_task

from study.background_work import lookout
from study.jobs.imports import find_lost_imports


@shared_task(name="config.import_study")
def import_study(import_id: int) -> None:
    """Take in an uploaded export, unless that has ended or another worker does it."""
    # Imported here: it loads what reads pictures, which the web process does without.
    from config.bundles.taking_in.work import run_import

    run_import(import_id)


lookout.register("imports", find_lost_imports)

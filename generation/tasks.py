"""The Celery task of a run. It carries an id; the row that it names says whether there is anything to do."""

from celery import shared_task

from generation.library import tasks  # noqa: F401

# Imported for what importing does: library_tasks registers its task, worker connects its hooks.
from generation.runs import execution


@shared_task(name="generation.perform_step", acks_late=True, ignore_result=True)
def perform_step(step_id: int) -> None:
    """Does the step if it is left to do."""
    execution.perform(step_id)

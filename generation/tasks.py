"""The Celery task of a run. It carries an id; the row that it names says whether there is anything to do."""

from celery import shared_task

# Imported for their effect: the first registers the tasks of library passes, the last connects the worker's hooks.
from generation.library import tasks  # noqa: F401
from generation.runs import execution, worker  # noqa: F401


@shared_task(name="generation.perform_step", acks_late=True, ignore_result=True)
def perform_step(step_id: int) -> None:
    """Does the step if it is left to do."""
    execution.perform(step_id)

"""The Celery task of a run. The message carries the id of a step; the step's row determines what is left to do."""

from celery import shared_task

# Imported for their effect: `tasks` registers the tasks of library passes, `worker` connects its signal handlers.
from generation.library import tasks  # noqa: F401
from generation.runs import execution, worker  # noqa: F401


@shared_task(name="generation.perform_step", acks_late=True, ignore_result=True)
def perform_step(step_id: int) -> None:
    """Do the step if it is left to do."""
    execution.perform_step(step_id)

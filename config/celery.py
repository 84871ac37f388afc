"""The Celery app: `celery -A config worker -Q cpu,api,gpu`, and `celery -A config beat` for periodic tasks."""

import logging
import os
from typing import Any

from celery import Celery, Task
from celery.signals import beat_embedded_init
from kombu.transport import TRANSPORT_ALIASES

from config.parent_death import end_with_parent
from study.background_work import schema

logger = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks would load the module of every page into each worker, which shows nothing of what they find.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# The scheme of a broker's URL selects the transport: these schemes select the patched ones.
TRANSPORT_ALIASES["filesystem"] = "config.brokers.folder:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "config.brokers.redis:Transport"


def every(seconds: float, task: str) -> dict[str, Any]:
    """Return the entry of a task that beat sends once in `seconds`; a message that no worker took by then expires."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


class RowTask(Task):
    """A task that does nothing on a database of another version: its row waits for a worker of that one."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if problem := schema.difference():
            logger.error("%s is left to a worker of the database's version. %s", self.name, problem)
            return None
        return super().__call__(*args, **kwargs)


app = Celery("earsight", task_cls=RowTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
# Each task decides from the database what is due, so that several beats, or none for a while, do no harm.
app.conf.beat_schedule = {
    "publish heads of logs": every(600, "study.publish_heads"),
    "keep schedules": every(60, "study.keep_schedules"),
    "empty the trash": every(3600, "study.empty_trash"),
    "enforce retention": every(86_400, "study.enforce_retention"),
    "tell those who run a study": every(600, "study.tell_what_is_due"),
}
app.autodiscover_tasks()


@beat_embedded_init.connect
def end_with_worker(**_kwargs: Any) -> None:
    """Let the beat of `worker --beat` end with a killed worker; it would go on beside the next one's."""
    end_with_parent()

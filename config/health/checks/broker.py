"""The broker: reachable, patient enough, and on the way between the web server and the workers."""

import os
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Max

from analysis.models import Analysis
from config.health.finding import Finding, fault, ok, warning
from config.health.waiting_work import QUEUES
from generation.models import ClipStep
from generation.runs.queueing import queue_name
from study.background_work.signs_of_life import living
from study.models import BlindingAudit, Job, Worker

REPLY_SECONDS = 2.0  # how long workers have for their answer


def broker_is_reached() -> Finding:
    """Open a connection to the broker; for the folder broker, look whether it can be written to."""
    url, options = urlsplit(settings.CELERY_BROKER_URL), settings.CELERY_BROKER_TRANSPORT_OPTIONS
    if url.scheme == "filesystem":
        folders = [str(options[key]) for key in ("data_folder_in", "control_folder")]
        if closed := [folder for folder in folders if not os.access(folder, os.R_OK | os.W_OK | os.X_OK)]:
            return fault(
                f"{closed[0]} is missing or cannot be written to", "Make it, and let the server's user write to it."
            )
        return ok("the folder broker can be read and written")
    with current_app.connection_for_write() as connection:
        connection.ensure_connection(
            max_retries=1, interval_start=0.1, timeout=settings.CELERY_BROKER_CONNECTION_TIMEOUT
        )
        # RabbitMQ refuses and Redis fails here, if they take connections and serve none. Nothing is left there.
        with connection.channel() as channel:
            channel.queue_declare("earsight-doctor", durable=False, auto_delete=True)
            channel.queue_delete("earsight-doctor")
    return ok(f"{url.scheme}://{url.hostname or 'localhost'} is reachable")


def workers_answer() -> Finding:
    """Ask the workers through the broker which queues they serve, and compare with their signs of life."""
    asked = current_app.control.inspect(timeout=REPLY_SECONDS)
    replies: dict[str, list[dict[str, Any]]] = asked.active_queues() or {}
    answered = {queue["name"] for queues in replies.values() for queue in queues}
    seen = [worker for worker in living() if worker.kind == Worker.Kind.WORKER]
    served = {queue: queue_name(queue) for queue in QUEUES}
    silent = [name for name in served.values() if name not in answered]
    start = "Start one: celery -A config worker --queues"
    if not silent:
        return ok(f"{len(replies)} workers answer for {', '.join(served.values())}")
    if lost := [name for name in silent if any(worker.serves(name) for worker in seen)]:
        return warning(
            f"a worker for {', '.join(lost)} lives but does not answer through the broker",
            "Look whether EARSIGHT_BROKER_URL is the same for it; if so, restart it.",
        )
    if served["cpu"] in silent:
        return fault(f"no worker answers for {', '.join(silent)}", f"{start} {','.join(silent)}")
    return warning(
        f"no worker answers for {', '.join(silent)}",
        f"{start} {','.join(silent)}, if studies of this installation use a language model (api) or a painter on a "
        "graphics card (gpu).",
    )


def visibility_outlasts_steps() -> Finding:
    """Compare Redis's visibility timeout with the longest step, analysis and check that this database has seen."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        return ok("this broker gives no task to a second worker by time")
    timeout = timedelta(seconds=float(str(options["visibility_timeout"])))
    longest = longest_task()
    shown = f"the longest task took {_words(longest)}, the visibility timeout is {_words(timeout)}"
    mend = "Set a longer visibility_timeout in CELERY_BROKER_TRANSPORT_OPTIONS: Redis gives such a task out twice."
    if longest >= timeout:
        return fault(shown, mend)
    return warning(shown, mend) if longest * 2 > timeout else ok(shown)


def longest_task() -> timedelta:
    """Return the duration of the longest task that any worker has finished."""
    zero = timedelta(0)
    steps: float = ClipStep.objects.aggregate(most=Max("seconds")).get("most") or 0.0
    return max(
        timedelta(seconds=steps),
        _longest(Analysis.objects.filter(state=Analysis.State.READY), "finished_at") or zero,
        _longest(Job.objects.filter(state=Job.State.READY), "finished_at") or zero,
        _longest(BlindingAudit.objects.filter(state__in=("passed", "leaks")), "moved_at") or zero,
    )


def _longest(rows: Any, end: str) -> timedelta | None:
    took = ExpressionWrapper(F(end) - F("started_at"), output_field=DurationField())
    return rows.filter(started_at__isnull=False).aggregate(most=Max(took))["most"]


def _words(span: timedelta) -> str:
    seconds = span.total_seconds()
    return (
        f"{seconds:.0f} s"
        if seconds < 180
        else f"{seconds / 60:.0f} min"
        if seconds < 10_800
        else f"{seconds / 3600:.1f} h"
    )

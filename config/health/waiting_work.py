"""Work that waits for workers, by queue: how much, since when, and whether a worker lives that would take it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Max, Min, Q, QuerySet, Value
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from analysis.models import Analysis
from generation.models import ClipStep, GenerationRun
from generation.runs.queueing import queue_name
from study.background_work.signs_of_life import silent_after
from study.models import BlindingAudit, Job, Study, Worker

QUEUES = ("cpu", "api", "gpu")
# What waits for less is no news: a worker may be starting, or at its step before.
PATIENCE = timedelta(minutes=2)
# Work that waits although workers live, while nothing is done in its queue for so long, does not reach them.
STUCK_AFTER = timedelta(minutes=15)
# Work whose messages go to the queue `cpu`, with the column of when it was asked for. Questions about power are in the
# plans of studies, which are too long to be read for every page.
_ON_CPU: tuple[tuple[Any, str], ...] = ((Analysis, "requested_at"), (BlindingAudit, "asked_at"), (Job, "requested_at"))
WORKER, BUSY, WAITS = "worker", "busy", "waits"


@dataclass(frozen=True)
class SilentQueue:
    """A queue in which work waits and which no living worker serves.

    `queue`: as workers name it; `since`: when one was last seen, or when the work was asked for.
    """

    queue: str
    since: datetime


def silent_queues() -> list[SilentQueue]:
    """Return the queues in which work waits without a worker; one query, for every page of the console."""
    now = timezone.now()
    rows = list(_observations(now))
    found = []
    for queue in QUEUES:
        waits = [since for what, name, since in rows if what == WAITS and name == queue]
        seen = [at for what, names, at in rows if what == WORKER and queue_name(queue) in names.split(",")]
        is_busy = any(what == BUSY and name == queue for what, name, _at in rows)
        if not waits or min(waits) > now - PATIENCE or is_busy or any(at > now - silent_after() for at in seen):
            continue
        found.append(SilentQueue(queue_name(queue), max(seen, default=min(waits))))
    return found


def _observations(now: datetime) -> QuerySet[Worker, tuple[str, str, datetime]]:
    """Return rows (what, queue or queues, time): workers' last signs, queues that somebody works in, and waiting work.

    A command that makes a study's images in its own process holds leases as a worker does.
    """
    workers = Worker.objects.filter(kind=Worker.Kind.WORKER).order_by()
    steps = ClipStep.objects.order_by()
    waiting = steps.filter(state=ClipStep.State.WAITING, run__state=GenerationRun.State.RUNNING)
    busy = steps.filter(state=ClipStep.State.RUNNING, leased_until__gt=now)
    return workers.values_list(_word(WORKER), "queues", "seen_at").union(
        waiting.values("queue").annotate(since=Min("run__started_at")).values_list(_word(WAITS), "queue", "since"),
        busy.values("queue").annotate(until=Max("leased_until")).values_list(_word(BUSY), "queue", "until"),
        *(
            model.objects.filter(state="waiting").order_by().values_list(_word(WAITS), _word("cpu"), asked)
            for model, asked in _ON_CPU
        ),
        all=True,
    )


def waiting_since_by_study(before: datetime) -> Iterator[tuple[int, str, datetime]]:
    """Yield (study, queue as workers name it, time) of work that was asked for before this time and still waits."""
    steps = ClipStep.objects.filter(
        state=ClipStep.State.WAITING, run__state=GenerationRun.State.RUNNING, run__started_at__lt=before
    )
    rows = steps.order_by().values("run__study", "queue").annotate(since=Min("run__started_at"))
    for study, queue, since in rows.values_list("run__study", "queue", "since"):
        yield study, queue_name(queue), since
    for model, asked in _ON_CPU:
        waiting = model.objects.filter(state="waiting", **{f"{asked}__lt": before}).order_by()
        for study, since in waiting.values("study").annotate(since=Min(asked)).values_list("study", "since"):
            yield study, queue_name("cpu"), since


def _questions_about_power() -> list[datetime]:
    """Return when each question about power that waits was asked."""
    asked = Study.objects.filter(plan__power__state="waiting").values_list("plan__power__asked_at", flat=True)
    return [at for text in asked if (at := parse_datetime(text or "")) is not None]


def _word(word: str) -> Value:
    return Value(word, output_field=CharField())


@dataclass(frozen=True)
class Depth:
    """A queue as it is now.

    `waiting`, `running`: tasks; `since`: when the longest waiting was asked for, or when something was last done in the
    queue, if that was later; None if nothing waits.
    """

    queue: str
    waiting: int = 0
    running: int = 0
    since: datetime | None = None


def depths() -> list[Depth]:
    """Return each queue's depth, from the rows and not from the broker, which holds only messages of them."""
    active = Q(state__in=ClipStep.ACTIVE)
    steps: dict[str, Any] = {
        row["queue"]: row
        for row in ClipStep.objects.filter(run__state=GenerationRun.State.RUNNING)
        .order_by()
        .values("queue")
        .annotate(
            waiting=Count("pk", filter=Q(state=ClipStep.State.WAITING)),
            running=Count("pk", filter=Q(state=ClipStep.State.RUNNING)),
            began=Min("run__started_at", filter=active),
            last=Max("finished_at"),
        )
    }
    found = []
    for queue in sorted({*QUEUES, *steps}):
        row = steps.get(queue, {})
        waiting, running = row.get("waiting", 0), row.get("running", 0)
        since = [max(filter(None, (row["began"], row["last"])))] if waiting else []
        if queue == "cpu":
            for model, asked in _ON_CPU:
                is_waiting = Q(state="waiting")
                counted = model.objects.filter(state__in=("waiting", "running")).aggregate(
                    waiting=Count("pk", filter=is_waiting),
                    running=Count("pk", filter=Q(state="running")),
                    first=Min(asked, filter=is_waiting),
                )
                waiting, running = waiting + counted["waiting"], running + counted["running"]
                since += [counted["first"]] if counted["first"] else []
            questions = _questions_about_power()
            waiting += len(questions)
            since += questions
        found.append(Depth(queue, waiting, running, min(since, default=None)))
    return found


def stuck(all_depths: Iterable[Depth]) -> list[Depth]:
    """Return the queues in which work waits while nothing is being done, and nothing has been for long."""
    before = timezone.now() - STUCK_AFTER
    return [one for one in all_depths if one.since is not None and not one.running and one.since < before]

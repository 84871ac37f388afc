"""The figures of /metrics as Prometheus's families, from the counts of requests and a dozen small queries.

What is counted over large tables is not counted anew: the highest number of a row grows with each new row, and answers
in no time however many there are.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error
from django.db.models import Count, Max, Q
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from analysis.models import Analysis
from config.health import readiness
from config.health.checks.services import last_backup
from config.health.waiting_work import depths
from config.metrics.request_counts import BUCKETS, STATUSES, RequestCounts
from generation.models import ClipStep, GenerationRun
from generation.runs.queueing import queue_name
from study.background_work.running_code import code_digest, release
from study.background_work.signs_of_life import living
from study.models import Ballot, BlindingAudit, Job, Participant, Worker

logger = logging.getLogger(__name__)
RECENT = timedelta(minutes=5)
# More ballots than these within five minutes are not counted one by one.
MOST_RECENT_BALLOTS = 50_000


class Figures:
    """A collector in the sense of prometheus_client: `collect` yields families."""

    def __init__(self, requests: RequestCounts) -> None:
        self.requests = requests

    def collect(self) -> Iterator[Metric]:
        """Yield all families. Those of a database that is away are left out, and `earsight_database_up` is 0."""
        start = time.perf_counter()
        yield _gauge(
            "earsight_info",
            "The release that this web server runs",
            ["version", "code"],
            {(release(), code_digest()): 1},
        )
        yield from self._requests()
        yield from _machine()
        try:
            found = [*_queues(), *_workers(), *_work(), *_answers()]
            is_up = 1
        except Error:
            logger.warning("The figures of the database could not be read.", exc_info=True)
            found, is_up = [], 0
        yield from found
        yield _gauge("earsight_database_up", "Whether the database answered this scrape", [], {(): is_up})
        yield _gauge("earsight_scrape_seconds", "How long this scrape took", [], {(): time.perf_counter() - start})

    def _requests(self) -> Iterator[Metric]:
        seconds = HistogramMetricFamily(
            "earsight_request_seconds", "Time from a request to its response, by view", labels=["view"]
        )
        responses = CounterMetricFamily("earsight_responses", "Responses by view and status", labels=["view", "status"])
        for view, row in self.requests.sums().items():
            total, buckets = 0.0, []
            for end, number in zip([*map(str, BUCKETS), "+Inf"], row, strict=False):
                total += number
                buckets.append((end, total))
            seconds.add_metric([view], buckets, sum_value=row[len(BUCKETS) + 1])
            for status, number in zip(STATUSES, row[-len(STATUSES) :], strict=True):
                responses.add_metric([view, status], number)
        yield seconds
        yield responses


def _gauge(name: str, text: str, labels: list[str], values: Mapping[Any, float]) -> Metric:
    """Return a gauge; `values` are by the tuple of the labels' values."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _machine() -> Iterator[Metric]:
    folders = {("data",): str(settings.DATA_DIR), ("temporary",): tempfile.gettempdir()}
    yield _gauge(
        "earsight_disk_free_bytes",
        "Free space",
        ["folder"],
        {name: shutil.disk_usage(folder).free for name, folder in folders.items()},
    )
    faults = readiness.faults()
    yield _gauge("earsight_ready", "Whether /health/ready answers 200", [], {(): not faults})
    try:
        backup = last_backup()
    except (OSError, ValueError):  # `doctor` tells what is wrong with the note
        backup = None
    yield _time("earsight_last_backup", "When the last backup was made", backup and backup.at)
    yield _time(
        "earsight_last_backup_with_files", "When the newest with stored files was made", backup and backup.files_at
    )


def _time(name: str, text: str, at: datetime | None) -> Metric:
    return _gauge(f"{name}_timestamp_seconds", f"{text}; absent if never", [], {(): at.timestamp()} if at else {})


def _queues() -> Iterator[Metric]:
    now, found = timezone.now(), depths()
    age = {(one.queue,): max(0.0, (now - one.since).total_seconds()) if one.since else 0.0 for one in found}
    yield _gauge(
        "earsight_queue_waiting", "Tasks that wait, by queue", ["queue"], {(one.queue,): one.waiting for one in found}
    )
    yield _gauge(
        "earsight_queue_running", "Tasks being done, by queue", ["queue"], {(one.queue,): one.running for one in found}
    )
    yield _gauge(
        "earsight_queue_age_seconds",
        "How long the queue has waited: since its work was asked for or something was last done in it",
        ["queue"],
        age,
    )
    workers = [one for one in living() if one.kind == Worker.Kind.WORKER]
    yield _gauge(
        "earsight_workers_alive",
        "Workers that were seen lately, by queue",
        ["queue"],
        {(one.queue,): sum(worker.serves(queue_name(one.queue)) for worker in workers) for one in found},
    )


def _workers() -> Iterator[Metric]:
    now = timezone.now()
    yield _gauge(
        "earsight_worker_seen_age_seconds",
        "Time since the last sign of life of each worker and beat of this day",
        ["kind", "host", "pid", "queues", "code"],
        {
            (one.kind, one.host, str(one.pid), one.queues, one.code): (now - one.seen_at).total_seconds()
            for one in Worker.objects.filter(seen_at__gte=now - timedelta(days=1))
        },
    )


def _work() -> Iterator[Metric]:
    """Steps, and failures of any work; those of rehearsals are copies, or told on their page."""
    state = ClipStep.State
    copied = GenerationRun.objects.filter(study__rehearsal_of__isnull=False)
    made = ClipStep.objects.exclude(run__in=copied)
    steps = dict.fromkeys(state.values, 0) | dict(made.order_by().values_list("state").annotate(Count("pk")))
    yield _gauge("earsight_steps", "Steps of generation, by state", ["state"], {(key,): n for key, n in steps.items()})
    since = timezone.now() - RECENT
    # The steps of runs that go on or ended lately alone: their index finds them.
    runs = GenerationRun.objects.filter(Q(finished_at=None) | Q(finished_at__gte=since))
    ended = made.filter(run__in=runs, finished_at__gte=since, state__in=(state.DONE, state.FAILED))
    recent = {state.DONE.value: 0, state.FAILED.value: 0} | dict(
        ended.order_by().values_list("state").annotate(Count("pk"))
    )
    yield _gauge(
        "earsight_steps_last_5_minutes",
        "Steps that ended in the last five minutes",
        ["state"],
        {(key,): n for key, n in recent.items()},
    )
    yield _gauge(
        "earsight_failed",
        "Rows that tell of a failure",
        ["kind"],
        {
            ("step",): steps[state.FAILED],
            ("analysis",): Analysis.objects.filter(state=Analysis.State.FAILED, study__rehearsal_of=None).count(),
            ("job",): Job.objects.filter(state=Job.State.FAILED).count(),
            ("blinding_audit",): BlindingAudit.objects.filter(state=BlindingAudit.State.FAILED).count(),
        },
    )
    ended_audits = BlindingAudit.objects.filter(state__in=(BlindingAudit.State.PASSED, BlindingAudit.State.LEAKS))
    last = ended_audits.aggregate(last=Max("moved_at"))["last"]
    yield _time("earsight_last_blinding_audit", "When a check of the blinding last ended", last)


def _answers() -> Iterator[Metric]:
    newest = Ballot.objects.aggregate(last=Max("pk"))["last"] or 0
    text = "Number of the newest ballot, which each new one raises; practice and simulated ones count too"
    yield _counter("earsight_ballots", text, newest)
    recent = Ballot.objects.filter(pk__gt=newest - MOST_RECENT_BALLOTS, received_at__gte=timezone.now() - RECENT)
    recent = recent.filter(trial__participant__study__rehearsal_of=None)
    text = "Ballots of the last five minutes, without those of rehearsals"
    yield _gauge("earsight_ballots_last_5_minutes", text, [], {(): recent.count()})
    people = Participant.objects.aggregate(last=Max("pk"))["last"] or 0
    yield _counter("earsight_participants", "Number of the newest participant, which each new one raises", people)

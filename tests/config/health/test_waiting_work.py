"""Work that waits in vain is told in the console, by the doctor and by mail."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analysis.study_results.power_answers import ask_power
from config.health.checks import services
from config.health.finding import Level
from config.health.waiting_work import PATIENCE, STUCK_AFTER, depths, silent_queues
from generation.models import ClipStep, GenerationRun
from study.background_work.signs_of_life import note_life, silent_after
from study.models import Study, Worker
from tests.config.addresses import browser
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def study_that_waits(queue: str = "gpu", ago: timedelta = timedelta(hours=1)) -> tuple[Study, ClipStep]:
    """Return a study whose run began a while ago, with one step that waits in the queue."""
    study = make_study(clips=1)
    run = study.generation_runs.create(number=1)
    GenerationRun.objects.update(started_at=timezone.now() - ago)
    step = ClipStep.objects.create(
        clip=study.clips.get(), run=run, kind="paint", position=4, queue=queue, state=ClipStep.State.WAITING
    )
    return study, step


def names() -> list[str]:
    return [one.queue for one in silent_queues()]


def test_waiting_work_without_a_worker_is_silent_and_a_worker_ends_it() -> None:
    note_life(Worker.Kind.WORKER, ["cpu", "api"])
    assert names() == []
    _study, _step = study_that_waits("gpu")
    assert names() == ["gpu"]
    note_life(Worker.Kind.WORKER, ["cpu", "gpu"])
    assert names() == []
    last = timezone.now() - silent_after()
    Worker.objects.update(seen_at=last)
    [silent] = silent_queues()
    assert abs(silent.since - last) < timedelta(seconds=1), "since the worker was last seen"


def test_work_that_waits_a_moment_or_is_being_done_by_a_command_is_no_news() -> None:
    study, _step = study_that_waits("cpu", ago=PATIENCE / 2)
    assert names() == []
    GenerationRun.objects.update(started_at=timezone.now() - timedelta(hours=1))
    assert names() == ["cpu"]
    other = make_study(clips=1)
    run = other.generation_runs.create(number=1)
    ClipStep.objects.create(
        clip=other.clips.get(),
        run=run,
        kind="paint",
        position=4,
        queue="cpu",
        state=ClipStep.State.RUNNING,
        leased_until=timezone.now() + timedelta(minutes=1),
    )
    assert names() == []
    ClipStep.objects.filter(run=run).update(leased_until=timezone.now())
    assert names() == ["cpu"]
    study.generation_runs.update(state=GenerationRun.State.CANCELLED)
    assert names() == []


def test_analyses_audits_and_jobs_wait_for_cpu() -> None:
    study = make_study(clips=1)
    study.analyses.create()
    audit = study.blinding_audits.create()
    assert names() == []
    study.analyses.update(requested_at=timezone.now() - timedelta(hours=1))
    assert names() == ["cpu"]
    study.analyses.all().delete()
    job = study.jobs.create(kind="export")
    assert names() == []
    type(job).objects.update(requested_at=timezone.now() - timedelta(hours=1))
    assert names() == ["cpu"]
    job.delete()
    type(audit).objects.update(asked_at=timezone.now() - timedelta(hours=1))
    assert names() == ["cpu"]


def test_the_prefix_of_queues_counts(settings: Any) -> None:
    study_that_waits("cpu")
    settings.GENERATION_QUEUE_PREFIX = "lab-"
    note_life(Worker.Kind.WORKER, ["cpu"])
    assert names() == ["lab-cpu"], "the worker is of another installation"
    note_life(Worker.Kind.WORKER, ["lab-cpu"])
    assert names() == []


def test_one_query_tells_it() -> None:
    for _number in range(3):
        study_that_waits()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert names() == ["gpu"]
    assert len(queries) == 1


def test_the_pages_of_the_console_tell_researchers_since_when_and_what_to_do() -> None:
    study, _step = study_that_waits("gpu")
    client = browser(study.owner)
    for address in (reverse("study_overview", args=[study.slug]), reverse("study_list"), reverse("account")):
        page = client.get(address).content.decode()
        assert "no worker for “gpu” has been seen since" in page
        assert "<code>celery -A config worker --queues gpu</code>" in page
    assert "no worker for" not in Client().get(reverse("sign_in")).content.decode()
    note_life(Worker.Kind.WORKER, ["gpu"])
    assert "no worker for" not in client.get(reverse("study_list")).content.decode()


def test_depths_count_what_waits_and_runs_by_queue() -> None:
    study, step = study_that_waits("gpu")
    study.analyses.create()
    study.analyses.create(state="running")
    found = {one.queue: (one.waiting, one.running) for one in depths()}
    assert found == {"cpu": (1, 1), "api": (0, 0), "gpu": (1, 0)}
    ask_power(study, {})
    found = {one.queue: (one.waiting, one.running) for one in depths()}
    assert found == {"cpu": (2, 1), "api": (0, 0), "gpu": (1, 0)}
    done: datetime = timezone.now() - timedelta(minutes=3)
    ClipStep.objects.create(
        clip=make_study(clips=1).clips.get(),
        run=step.run,
        kind="paint",
        position=4,
        queue="gpu",
        state=ClipStep.State.DONE,
        finished_at=done,
    )
    assert {one.queue: one.since for one in depths()}["gpu"] == done, "since something was last done there"


def test_the_doctor_names_silent_queues_and_work_that_is_stuck_beside_living_workers() -> None:
    assert services.work_is_taken().found == "nothing waits"
    study_that_waits("gpu")
    finding = services.work_is_taken()
    assert finding.level is Level.FAULT
    assert "gpu since" in finding.found
    assert finding.mend.endswith("--queues gpu")
    note_life(Worker.Kind.WORKER, ["gpu"])
    finding = services.work_is_taken()
    assert finding.level is Level.FAULT
    assert "although workers live: 1 in gpu" in finding.found
    GenerationRun.objects.update(started_at=timezone.now() - STUCK_AFTER / 2)
    assert services.work_is_taken().found == "waiting: 1 in gpu"

"""A service that is away for an hour: its steps wait in their rows, and no worker with them; nothing fails."""

import json
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Min
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from generation.models import ClipStep, GenerationRun, SentenceCall
from generation.runs import execution, leases, lifecycle, queueing, spending, waiting, worker
from generation.runs.progress import progress_of
from generation.writing import service
from study.models import Stimulus, Study
from study.stored_files.unavailable import StorageUnavailable
from tests.generation.studies import add_clips, generate, owned_files, stored_files
from tests.generation.writing.conftest import Server, failure, sentence

State, Kind = ClipStep.State, ClipStep.Kind
AWAY = failure(503, message="down for maintenance")
BACK = sentence("A slow piano plays a classical tune.")
OTHER_TAGS = ["techno", "classical", "classic", "piano", "piano solo", "slow"]


@pytest.fixture
def no_waits(monkeypatch: Any) -> list[float]:
    """The waits between two attempts of a call, which nobody waits."""
    waits: list[float] = []
    monkeypatch.setattr(service.time, "sleep", waits.append)
    return waits


@pytest.fixture
def asks_once(with_service: Callable[..., Study], no_waits: list[float]) -> None:
    """The study's sentences come from the local server, which is asked once at a time."""
    with_service(attempts=1)


def pass_time(time: timedelta) -> None:
    """Shift the clock: all that is to come is so much nearer, and all that was so much longer ago."""
    times = ("not_before", "waiting_since", "finished_at")
    ClipStep.objects.update(**{name: F(name) - time for name in times})


def do_what_is_due(run: GenerationRun) -> int:
    """Do all steps that a worker would be sent, once each; return how many."""
    done = 0
    while step := ClipStep.objects.filter(queueing.is_due(), run=run, state=State.WAITING).first():
        if execution.perform_step(step.pk) in ("taken", "stopped"):
            break
        done += 1
    return done


def go_on_for(run: GenerationRun, time: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
    """Look once every `step` for what is due; looks that would find nothing are left out."""
    left = int(time / step)
    while left > 0:
        do_what_is_due(run)
        waiting_steps = ClipStep.objects.filter(run=run, state=State.WAITING)
        looks = 1
        if not waiting_steps.filter(queueing.is_due()).exists():
            next_due = waiting_steps.aggregate(next=Min("not_before"))["next"]
            looks = left if next_due is None else math.ceil((next_due - timezone.now()) / step)
        looks = min(max(looks, 1), left)
        pass_time(looks * step)
        left -= looks


def test_an_hour_without_the_model_costs_a_few_calls_and_no_step_fails(
    with_service: Callable[..., Study], server: Server, no_waits: list[float]
) -> None:
    study = with_service(attempts=2)
    server.script = [BACK, BACK, AWAY]  # one clip's sentences are there when it goes
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=1))
    states = set(ClipStep.objects.filter(run=run).values_list("state", flat=True))
    assert State.FAILED not in states
    assert Stimulus.objects.filter(state="ready").count() == 4
    # The first call's two attempts, then one try at a time, at most every five minutes.
    assert 10 <= len(server.requests) - 2 <= 20
    assert not SentenceCall.objects.filter(under_way=True).exists()
    assert spending.used(study).calls == 2

    server.script = [BACK]
    go_on_for(run, timedelta(minutes=6))
    run.refresh_from_db()
    assert (run.state, run.totals["failed"]) == ("done", 0)
    assert Stimulus.objects.filter(state="ready").count() == 12
    answered = {json.dumps(request["messages"]) for request in server.requests}
    assert spending.used(study).calls == len(answered), "each answer was paid for once"
    assert stored_files() == owned_files(study)
    assert not ClipStep.objects.exclude(not_before=None, waits=0, error="").exists()


def test_without_it_each_step_fails_within_a_minute(
    with_service: Callable[..., Study], server: Server, no_waits: list[float], monkeypatch: Any
) -> None:
    """The control: what happened before."""
    monkeypatch.setattr(waiting, "put_off", lambda _lease, _step, reason, *_asked: reason)
    study = with_service(attempts=2)
    server.script = [AWAY]
    assert generate(study).totals["failed"] == 3


@pytest.mark.usefixtures("asks_once")
def test_of_many_steps_one_asks_and_the_others_wait_behind_it_and_go_on_together(study: Study, server: Server) -> None:
    add_clips(study, 4)
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    do_what_is_due(run)
    assert len(server.requests) == 1, "steps that became due later wait too"
    held = ClipStep.objects.filter(run=run, kind=Kind.WRITE, state=State.WAITING, not_before__isnull=False)
    assert held.count() == 7
    assert held.filter(not_before__lt=timezone.now() + waiting.BEHIND).count() == 1
    assert queueing.send_waiting_steps(run) == 0
    worker.requeue_orphans()
    assert not held.filter(queued_at__isnull=False).exists()
    server.script = [BACK]
    pass_time(timedelta(seconds=31))
    worker.requeue_orphans()
    assert held.filter(queued_at__isnull=False).count() == 1
    execution.perform_step(held.get(queued_at__isnull=False).pk)
    assert not held.exists()
    do_what_is_due(run)
    run.refresh_from_db()
    assert (run.state, run.totals["images"]) == ("done", 28)


@pytest.mark.usefixtures("asks_once")
def test_a_worker_killed_while_it_tries_lets_the_others_go_on(study: Study, server: Server) -> None:
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    do_what_is_due(run)
    ClipStep.objects.filter(clip__number=2, waits=1).update(state=State.RUNNING, lease_holder="gone")
    pass_time(waiting.FIRST_WAIT + waiting.BEHIND)
    server.script = [BACK]
    do_what_is_due(run)
    assert ClipStep.objects.filter(kind=Kind.WRITE, state=State.DONE).count() >= 1


@pytest.mark.usefixtures("asks_once")
def test_a_request_that_the_service_never_answers_fails_alone(study: Study, server: Server, monkeypatch: Any) -> None:
    study.clips.filter(number=1).update(imported_tags=OTHER_TAGS)
    add_clips(study, 1)
    answer = Server.next_entry
    monkeypatch.setattr(
        Server, "next_entry", lambda self: AWAY if "techno" in json.dumps(self.requests[-1]) else answer(self)
    )
    server.script = [BACK]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(minutes=30))
    run.refresh_from_db()
    assert (run.state, run.totals["images"], run.totals["failed"]) == ("done", 12, 1)
    error = ClipStep.objects.get(state=State.FAILED).error
    assert "down for maintenance" in error
    assert error.endswith("It was tried again 5 times, while others were answered.")


@pytest.mark.usefixtures("asks_once")
def test_one_refusal_after_a_long_outage_fails_nothing(study: Study, server: Server) -> None:
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=2))
    assert _most_waits() > waiting.MOST_ALONE
    server.script = [BACK, BACK, AWAY]  # it is back, and refuses the second step once
    while len(server.script) > 1:
        go_on_for(run, timedelta(minutes=1))
    assert sorted(ClipStep.objects.filter(kind=Kind.WRITE).values_list("state", flat=True)) == ["done"] + 2 * [
        "waiting"
    ]
    server.script = [BACK]
    go_on_for(run, timedelta(minutes=10))
    run.refresh_from_db()
    assert (run.state, run.totals["images"], run.totals["failed"]) == ("done", 12, 0)


@pytest.mark.usefixtures("asks_once")
def test_a_second_outage_is_not_counted_against_the_steps_left_of_the_first(study: Study, server: Server) -> None:
    study.clips.filter(number=2).update(imported_tags=OTHER_TAGS)
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=1))
    server.script = [BACK, BACK, AWAY]
    go_on_for(run, timedelta(hours=1))
    assert not ClipStep.objects.filter(state=State.FAILED).exists()
    assert ClipStep.objects.filter(kind=Kind.WRITE, state=State.DONE).exists()


@pytest.mark.usefixtures("asks_once")
def test_sentences_that_were_stored_are_no_sign_that_the_service_answers(study: Study, server: Server) -> None:
    generate(study)
    add_clips(study, 2)  # with sentences that are stored
    study.clips.filter(number=4).update(imported_tags=OTHER_TAGS)
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=1))
    states = dict(ClipStep.objects.filter(kind=Kind.WRITE).values_list("clip__number", "state"))
    assert (states[4], states[5]) == ("waiting", "done")


def test_the_service_is_left_alone_as_long_as_it_asks_within_reason(
    with_service: Callable[..., Study], server: Server, no_waits: list[float]
) -> None:
    study = with_service(attempts=3)
    server.script = [failure(429, message="later", retry_after="3600")]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(minutes=59))
    assert len(server.requests) == 1
    go_on_for(run, timedelta(minutes=2))
    assert len(server.requests) == 2
    server.script = [failure(429, message="later", retry_after="31536000")]
    go_on_for(run, timedelta(hours=2), timedelta(minutes=30))
    assert len(server.requests) == 3
    go_on_for(run, waiting.LONGEST_ASKED, timedelta(minutes=30))
    assert len(server.requests) == 4


def _most_waits() -> int:
    return max(ClipStep.objects.values_list("waits", flat=True))


@pytest.mark.usefixtures("asks_once")
def test_after_a_day_the_step_fails_with_its_reason(study: Study, server: Server) -> None:
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=23), timedelta(hours=1))
    assert not ClipStep.objects.filter(state=State.FAILED).exists()
    go_on_for(run, timedelta(hours=3), timedelta(hours=1))
    failed = ClipStep.objects.filter(state=State.FAILED).first()
    assert failed is not None
    assert "down for maintenance" in failed.error
    assert "tried again for a day" in failed.error
    server.script = [BACK]
    lifecycle.retry_failed(study)
    run = study.generation_runs.get(state="running")
    go_on_for(run, timedelta(minutes=30))
    run.refresh_from_db()
    assert (run.state, run.totals["images"]) == ("done", 12)


@pytest.mark.usefixtures("asks_once")
def test_after_a_day_all_fail_though_most_have_not_asked(study: Study, server: Server) -> None:
    add_clips(study, 3)
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    go_on_for(run, timedelta(hours=18), timedelta(hours=6))
    assert ClipStep.objects.filter(kind=Kind.WRITE, waits=0).exists()
    assert not ClipStep.objects.filter(state=State.FAILED).exists()
    go_on_for(run, timedelta(hours=12), timedelta(hours=6))
    run.refresh_from_db()
    assert (run.state, run.totals["failed"]) == ("done", 6)
    assert len(server.requests) == 5, "they do not each ask once more"
    errors = ClipStep.objects.filter(state=State.FAILED).values_list("error", flat=True)
    assert all("tried again for a day" in error for error in errors)


@pytest.mark.usefixtures("asks_once")
def test_a_worker_that_has_lost_its_step_puts_off_no_other(study: Study, server: Server) -> None:
    run = lifecycle.start_run(study)
    step = ClipStep.objects.filter(run=run, state=State.WAITING).first()
    assert step is not None
    assert waiting.put_off(leases.Lease(step.pk, "of another time"), step, "no answer") == ""
    assert not ClipStep.objects.exclude(not_before=None, waits=0).exists()


def test_the_look_out_changes_steps_under_the_lock_of_their_study(study: Study) -> None:
    lifecycle.start_run(study)
    with CaptureQueriesContext(connection) as asked:
        worker.requeue_orphans()
    queries = [query["sql"] for query in asked]
    lock = next(n for n, sql in enumerate(queries) if sql.startswith("SELECT") and 'FROM "study_study" WHERE' in sql)
    changes = [
        n for n, sql in enumerate(queries) if sql.startswith('UPDATE "generation_clipstep"') and "queued_at" in sql
    ]
    assert changes
    assert min(changes) > lock


@pytest.mark.usefixtures("asks_once")
def test_the_page_says_what_waits_and_when_it_is_tried(study: Study, server: Server) -> None:
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    do_what_is_due(run)
    client = Client()
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("generation_run", args=[study.slug])).content.decode()
    assert "down for maintenance" in page
    assert "3 steps wait for it; it has been away since" in page
    assert "The next try is at" in page
    assert "just started" not in page
    pass_time(timedelta(minutes=1))
    page = client.get(reverse("generation_live", args=[study.slug])).content.decode()
    assert "It is being tried again now." in page
    lifecycle.cancel_run(run)
    assert "wait for it" not in client.get(reverse("generation_run", args=[study.slug])).content.decode()


@pytest.mark.usefixtures("asks_once")
def test_other_studies_and_a_later_run_are_not_held(study: Study, server: Server) -> None:
    server.script = [AWAY]
    run = lifecycle.start_run(study)
    do_what_is_due(run)
    lifecycle.cancel_run(run)
    server.script = [BACK]
    again = lifecycle.start_run(study)
    do_what_is_due(again)
    again.refresh_from_db()
    assert (again.state, again.totals["images"]) == ("done", 12)
    assert progress_of(study).held is None


class Storage:
    """Lets every file that is saved meet a storage that is away, as long as `error` is set."""

    def __init__(self, monkeypatch: Any) -> None:
        from django.core.files.storage import FileSystemStorage

        self.error: StorageUnavailable | None = None
        for name in ("_save", "exists"):
            monkeypatch.setattr(FileSystemStorage, name, self._guarded(getattr(FileSystemStorage, name)))

    def _guarded(self, method: Any) -> Any:
        def guarded(storage: Any, *args: Any) -> Any:
            if self.error is not None:
                raise self.error
            return method(storage, *args)

        return guarded


def test_a_storage_that_is_away_paints_once_and_waits(study: Study, performed_kinds: list, monkeypatch: Any) -> None:
    storage = Storage(monkeypatch)
    run = lifecycle.start_run(study)
    for step in ClipStep.objects.filter(run=run, kind=Kind.LISTEN):
        execution.perform_step(step.pk)
    storage.error = StorageUnavailable("s3://b/x: no answer")
    painted: list[int] = []
    from generation.runs.steps import paint

    whole = paint.paint_clip
    monkeypatch.setattr(paint, "paint_clip", lambda *args: painted.append(1) or whole(*args))
    go_on_for(run, timedelta(hours=1))
    assert (len(painted), ClipStep.objects.filter(state=State.FAILED).count()) == (1, 0)
    held = progress_of(study).held
    assert held is not None
    assert held.reason == "The storage of uploads and images does not answer (s3://b/x: no answer)."
    storage.error = None
    go_on_for(run, timedelta(minutes=20))
    run.refresh_from_db()
    assert (run.state, run.totals["images"], run.totals["failed"]) == ("done", 12, 0)
    assert stored_files() == owned_files(study)


def test_a_storage_that_refuses_stops_the_run_with_one_message(study: Study, monkeypatch: Any) -> None:
    storage = Storage(monkeypatch)
    run = lifecycle.start_run(study)
    storage.error = StorageUnavailable("s3://b/x: AccessDenied (status 403)", refused=True)
    do_what_is_due(run)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert "refuses access (s3://b/x: AccessDenied (status 403))" in run.message

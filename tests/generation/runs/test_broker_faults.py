"""Known faults of Celery and its brokers do no harm; each test has its control, of workers by `make controls`."""

import threading

import pytest
from django.db import connection

from generation.models import ClipStep
from generation.runs import lifecycle, queueing, worker
from tests.generation.concurrency import run_at_once
from tests.generation.runs.kill_workers import is_whole
from tests.services import control, need_program, printed_by

pytestmark = [pytest.mark.long, pytest.mark.processes]


@pytest.fixture
def redis_program():
    need_program("redis-server", "redis-server")


def with_fault(*options: str) -> dict:
    return printed_by("tests.generation.runs.broker_faults", *options)


def test_a_worker_asked_to_stop_finishes_its_steps_and_loses_none():
    found = with_fault("warm")
    assert is_whole(found), found
    assert found["held_after_stopping"] == 0
    assert found["done_when_stopped"] < found["wanted"]  # it was in the middle: steps are as many as stimuli


@pytest.mark.usefixtures("redis_program")
def test_redis_comes_back_empty_and_the_same_worker_finishes():
    found = with_fault("redis")
    assert is_whole(found), found
    assert found["same_worker"]


@control
@pytest.mark.usefixtures("redis_program")
def test_without_requeueing_steps_stay_waiting_when_redis_comes_back_empty():
    found = with_fault("redis", "--unprotected")
    assert (found["run"], found["steps_not_done"] > 0) == ("running", True), found


@pytest.mark.usefixtures("redis_program")
def test_a_worker_waits_again_after_redis_answers_with_an_error():
    found = with_fault("error")
    assert (found["answered"], found["same_worker"], found["waits"]) == (1, True, 1), found


@control
@pytest.mark.usefixtures("redis_program")
def test_with_celerys_default_the_worker_ends_after_such_an_error():
    found = with_fault("error", "--unprotected")
    assert (found["answered"], found["same_worker"]) == (1, False), found


@pytest.mark.usefixtures("redis_program")
def test_a_task_that_redis_delivers_again_while_it_runs_is_not_done_twice():
    found = with_fault("redelivery")
    assert found["deliveries"] > 1, found
    assert found["begun"] == 1, found


@control
@pytest.mark.usefixtures("redis_program")
def test_without_leases_a_task_delivered_again_is_done_twice():
    assert with_fault("redelivery", "--unprotected")["begun"] > 1


def sent_inside_a_transaction(study, monkeypatch, send) -> list[bool]:
    """Return for each message whether it was sent before the row that it names was committed."""
    seen: list[bool] = []
    monkeypatch.setattr(queueing, "_publish", lambda step_id, queue: seen.append(connection.in_atomic_block))
    if send is not None:
        monkeypatch.setattr(queueing, "_send_after_commit", send)
    lifecycle.start_run(study)
    return seen


@pytest.mark.django_db(transaction=True)
def test_messages_are_sent_after_the_commit(study, monkeypatch):
    seen = sent_inside_a_transaction(study, monkeypatch, None)
    assert seen
    assert not any(seen)


@pytest.mark.django_db(transaction=True)
def test_messages_sent_at_once_would_name_rows_that_are_not_committed(study, monkeypatch):
    at_once = lambda step_id, queue: queueing._publish(step_id, queue)  # noqa: E731
    assert any(sent_inside_a_transaction(study, monkeypatch, at_once))


def sent_by_two(study, monkeypatch, look) -> list[int]:
    """Return the ids of the steps for which two threads that requeue at the same moment send messages."""
    sent: list[int] = []
    monkeypatch.setattr(queueing, "_send_after_commit", lambda step_id, queue: sent.append(step_id))
    run = lifecycle.start_run(study, wake=False)
    run_at_once(lambda: look(run), lambda: look(run))
    return sent


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_requeue_at_once_send_each_message_once(study, monkeypatch):
    """Celery issue 2856, two schedulers: there is no scheduler here, and requeueing may be done at any time."""
    sent = sent_by_two(study, monkeypatch, lambda run: worker.requeue_orphans(starting=False))
    assert sorted(sent) == sorted(ClipStep.objects.filter(state="waiting").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_that_read_first_and_mark_later_send_each_message_twice(study, monkeypatch):
    together = threading.Barrier(2, timeout=120)

    def look(run) -> None:
        found = list(ClipStep.objects.filter(run=run, state="waiting", queued_at=None).values_list("pk", flat=True))
        together.wait()
        for step_id in found:
            queueing._send_after_commit(step_id, "cpu")

    sent = sent_by_two(study, monkeypatch, look)
    assert len(sent) == 2 * len(set(sent)) > 0

"""What Celery and its brokers are known to do, and that it does no harm; each with its control."""

import json
import subprocess
import sys
import threading

import pytest
from django.db import connection, connections

from generation.models import ClipStep
from generation.runs import lifecycle, queueing, worker
from tests.generation.runs.kill_workers import ROOT
from tests.services import PATIENCE, need_program

pytestmark = pytest.mark.long


@pytest.fixture
def redis_program():
    need_program("redis-server", "redis-server")


def trap(*options: str) -> dict:
    command = [sys.executable, "-m", "tests.generation.runs.broker_faults", *options]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.stdout.strip(), result.stderr[-3000:]
    return json.loads(result.stdout.strip().splitlines()[-1])


def is_whole(found: dict) -> bool:
    return (
        found["run"] == "done"
        and found["stimuli"] == found["wanted"]
        and not (found["orphans"] or found["missing_files"] or found["steps_not_done"])
    )


def test_a_worker_asked_to_stop_in_the_middle_ends_its_steps_and_loses_none():
    found = trap("warm")
    assert is_whole(found), found
    assert found["held_after_stopping"] == 0
    assert found["done_when_stopped"] < found["wanted"]  # it was in the middle: steps are as many as stimuli


@pytest.mark.usefixtures("redis_program")
def test_redis_comes_back_empty_and_the_same_worker_finishes():
    found = trap("redis")
    assert is_whole(found), found
    assert found["same_worker"]


@pytest.mark.usefixtures("redis_program")
def test_without_the_look_out_work_stays_lying_when_redis_comes_back_empty():
    found = trap("redis", "--unprotected")
    assert (found["run"], found["steps_not_done"] > 0) == ("running", True), found


@pytest.mark.usefixtures("redis_program")
def test_a_worker_that_redis_answers_with_an_error_asks_again():
    found = trap("error")
    assert (found["answered"], found["same_worker"], found["waits"]) == (1, True, 1), found


@pytest.mark.usefixtures("redis_program")
def test_with_celerys_default_it_ends():
    found = trap("error", "--unprotected")
    assert (found["answered"], found["same_worker"]) == (1, False), found


@pytest.mark.usefixtures("redis_program")
def test_a_task_that_redis_hands_out_again_while_it_runs_is_not_done_twice():
    found = trap("redelivery")
    assert found["deliveries"] > 1, found
    assert found["begun"] == 1, found


@pytest.mark.usefixtures("redis_program")
def test_without_the_lease_it_is_done_twice():
    assert trap("redelivery", "--unprotected")["begun"] > 1


def sent_inside_a_transaction(study, monkeypatch, send) -> list[bool]:
    """For each message, whether it went out before what it speaks of was committed."""
    seen: list[bool] = []
    monkeypatch.setattr(queueing, "_publish", lambda step_id, queue: seen.append(connection.in_atomic_block))
    if send is not None:
        monkeypatch.setattr(queueing, "_send_after_commit", send)
    lifecycle.start_run(study)
    return seen


@pytest.mark.django_db(transaction=True)
def test_messages_go_out_after_the_commit(study, monkeypatch):
    seen = sent_inside_a_transaction(study, monkeypatch, None)
    assert seen
    assert not any(seen)


@pytest.mark.django_db(transaction=True)
def test_sent_at_once_they_would_name_rows_that_nobody_sees_yet(study, monkeypatch):
    at_once = lambda step_id, queue: queueing._publish(step_id, queue)  # noqa: E731
    assert any(sent_inside_a_transaction(study, monkeypatch, at_once))


def sent_by_two(study, monkeypatch, look) -> list[int]:
    """The steps whose messages two that look at the same moment send."""
    sent: list[int] = []
    monkeypatch.setattr(queueing, "_send_after_commit", lambda step_id, queue: sent.append(step_id))
    run = lifecycle.start_run(study, wake=False)
    together = threading.Barrier(2, timeout=120)

    def once() -> None:
        try:
            together.wait()
            look(run, together)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


@pytest.mark.django_db(transaction=True)
def test_two_look_outs_at_once_send_each_message_once(study, monkeypatch):
    """Celery issue 2856, two schedulers: there is none here, and whoever looks may look as often as they like."""
    sent = sent_by_two(study, monkeypatch, lambda run, together: worker.requeue_orphans(starting=False))
    assert sorted(sent) == sorted(ClipStep.objects.filter(state="waiting").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_that_look_first_and_mark_later_send_them_twice(study, monkeypatch):
    def look(run, together) -> None:
        found = list(ClipStep.objects.filter(run=run, state="waiting", queued_at=None).values_list("pk", flat=True))
        together.wait()
        for step_id in found:
            queueing._send_after_commit(step_id, "cpu")

    sent = sent_by_two(study, monkeypatch, look)
    assert len(sent) == 2 * len(set(sent)) > 0

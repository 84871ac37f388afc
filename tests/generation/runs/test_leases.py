"""Leases: one holder at a time, however many try at once; and what happens to steps whose holder has ended."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from generation.models import ClipStep, LooseFile
from generation.runs import execution, leases, lifecycle, orphan_files, processes, queueing, worker
from tests.generation.concurrency import run_at_once
from tests.generation.studies import add_clips, stored_files

State = ClipStep.State
NO_PROCESS = 999_999_999


@pytest.fixture
def step(study):
    lifecycle.start_run(study)
    return ClipStep.objects.filter(state=State.WAITING).first()


def reread(step: ClipStep) -> ClipStep:
    return ClipStep.objects.get(pk=step.pk)


def expire(step: ClipStep) -> None:
    ClipStep.objects.filter(pk=step.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_a_held_step_cannot_be_acquired(step):
    assert leases.acquire(step.pk)
    assert leases.acquire(step.pk) is None


def test_an_expired_lease_passes_on_and_the_first_holder_can_neither_renew_nor_save(step):
    first = leases.acquire(step.pk)
    expire(step)
    assert leases.acquire(step.pk) is None
    worker.requeue_orphans()
    second = leases.acquire(step.pk)
    assert second
    assert not leases.renew(first)
    with pytest.raises(leases.LeaseLost):
        leases.end_step(first, State.DONE)
    leases.end_step(second, State.DONE)
    assert reread(step).state == State.DONE


def test_a_heartbeat_keeps_the_lease(step):
    lease = leases.acquire(step.pk)
    soon = timezone.now() + timedelta(seconds=1)
    ClipStep.objects.filter(pk=step.pk).update(leased_until=soon)
    assert leases.renew(lease)
    assert reread(step).leased_until > soon


def die_holding(step: ClipStep, *, worker_lives: bool) -> None:
    """Let the step's process die while its worker lives, or together with its worker."""
    assert leases.acquire(step.pk)
    holder = processes.holder_of(NO_PROCESS, os.getpid() if worker_lives else NO_PROCESS)
    ClipStep.objects.filter(pk=step.pk).update(lease_holder=holder)
    worker.requeue_orphans()


def test_a_step_that_kills_its_worker_three_times_fails_with_a_message(step):
    for _ in range(leases.MAX_PROCESS_DEATHS):
        assert reread(step).state == State.WAITING
        die_holding(step, worker_lives=True)
    failed = reread(step)
    assert failed.state == State.FAILED
    assert "3 attempts" in failed.error
    assert leases.acquire(step.pk) is None


def test_a_step_survives_many_deaths_of_whole_workers_but_not_any_number(step):
    for _ in range(leases.MAX_WORKER_DEATHS):
        assert reread(step).state == State.WAITING
        die_holding(step, worker_lives=False)
    assert reread(step).state == State.FAILED


def test_steps_whose_worker_died_are_queued_last(step):
    die_holding(step, worker_lives=False)
    order = ClipStep.objects.filter(state=State.WAITING).order_by(*queueing.WORK_ORDER)
    assert order.last() == step


def test_a_lease_of_a_process_that_has_ended_is_freed_before_it_runs_out(step):
    code = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        leases.acquire(step.pk)
        ClipStep.objects.filter(pk=step.pk).update(lease_holder=processes.holder_of(other.pid))
        assert worker.requeue_orphans() == 0
        other.kill()
    worker.requeue_orphans()
    assert reread(step).state == State.WAITING


def test_a_reused_process_number_is_not_taken_for_the_holder():
    holder = processes.this_process()
    assert not processes.process_has_ended(holder)
    started_earlier = holder.rpartition("|")[0] + "|1"
    assert processes.process_has_ended(started_earlier)
    assert not processes.process_has_ended("another-host/boot/pid:[1]|1|1")


def test_files_of_a_lost_lease_are_deleted_and_those_of_a_held_one_stay(step):
    lease = leases.acquire(step.pk)
    before = stored_files()
    orphan_files.write([("png", b"picture")], lease.token)
    orphan_files.delete_orphans()
    assert len(stored_files()) == len(before) + 1
    expire(step)
    orphan_files.delete_orphans()
    assert len(stored_files()) == len(before) + 1  # a holder that lives may still renew it: the clock was set forward
    leases.free_abandoned_steps()
    orphan_files.delete_orphans()
    assert stored_files() == before
    assert LooseFile.objects.count() == 1  # the name is kept while a late writer may still store the file


def test_messages_under_way_are_few_however_many_clips_there_are(study, monkeypatch):
    sent = []
    monkeypatch.setattr("generation.runs.queueing._send_after_commit", lambda step_id, queue: sent.append(step_id))
    add_clips(study, 60)
    run = lifecycle.start_run(study)
    assert len(sent) == 8
    queueing.send_waiting_steps(run)
    assert len(sent) == 8
    execution.perform_step(sent[0])
    assert len(sent) == len(set(sent)) == 9


def test_a_lost_message_is_sent_again_when_a_worker_starts(study, monkeypatch):
    sent = []
    monkeypatch.setattr("generation.runs.queueing._send_after_commit", lambda step_id, queue: sent.append(step_id))
    lifecycle.start_run(study)
    first = list(sent)
    worker.requeue_orphans()
    assert sent == first
    worker.requeue_orphans(starting=True)
    assert sorted(sent) == sorted(first * 2)


def _race(acquire, step: ClipStep, workers: int = 8) -> int:
    """Count how many of several threads that try at the same moment acquire the step."""
    won = []

    def work() -> None:
        if acquire(step.pk):
            won.append(True)

    run_at_once(*[work] * workers)
    return len(won)


def _acquire_without_condition(looked: threading.Barrier):
    """The control: read the state first, and change it then."""

    def acquire(step_id: int) -> bool:
        step = ClipStep.objects.get(pk=step_id)
        looked.wait()
        if step.state != State.WAITING:
            return False
        ClipStep.objects.filter(pk=step_id).update(state=State.RUNNING)
        return True

    return acquire


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_acquire_at_once_one_wins(step):
    assert _race(leases.acquire, step) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_condition_several_acquire_the_same_step(step):
    assert _race(_acquire_without_condition(threading.Barrier(8, timeout=120)), step) == 8


def test_connection_is_usable_after_a_heartbeat(step):
    with leases.keep_renewing(leases.acquire(step.pk)):
        pass
    assert connection.is_usable()

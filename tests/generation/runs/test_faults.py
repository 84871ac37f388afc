"""Faults during a run: a full disk, a locked database, a study deleted or a run cancelled during a step."""

import contextlib
import errno

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection

from generation.errors import NotPossibleNow
from generation.models import ClipStep, GenerationRun
from generation.runs import execution, leases, lifecycle
from generation.runs.steps import by_kind
from study.models import Deletion, Stimulus
from study.setup.drafting import delete_draft
from study.setup.trash import erase
from tests.generation.concurrency import run_at_once
from tests.generation.studies import generate, owned_files, stored_files

State = ClipStep.State


def full_after(monkeypatch, pictures: int):
    """Let the disk take so many pictures and a part of the next one; return a function that makes room."""
    save, taken = type(default_storage._wrapped)._save, []

    def limited(self, name, content):
        if name.endswith(".png"):
            taken.append(name)
            if len(taken) > pictures:
                content.file.truncate(10)
                save(self, name, content)
                raise OSError(errno.ENOSPC, "No space left on device")
        return save(self, name, content)

    monkeypatch.setattr(type(default_storage._wrapped), "_save", limited)
    return lambda: monkeypatch.setattr(type(default_storage._wrapped), "_save", save)


def test_a_full_disk_stops_the_run_with_one_message_and_leaves_no_half_picture(study, monkeypatch):
    make_room = full_after(monkeypatch, pictures=6)
    run = generate(study)
    assert run.state == "stopped"
    assert "No space left on device" in run.message
    assert not ClipStep.objects.filter(state__in=[State.FAILED, State.RUNNING]).exists()
    assert Stimulus.objects.filter(state="ready").count() == 4
    assert stored_files() == owned_files(study)
    make_room()
    assert generate(study).state == "done"
    assert Stimulus.objects.filter(state="ready").count() == 12
    assert stored_files() == owned_files(study)


def locked(times: int, save_outcome=by_kind.save_outcome):
    """Return a `save_outcome` that meets a locked database so many times."""
    left = [times]

    def save(*args):
        if left[0]:
            left[0] -= 1
            raise OperationalError("database is locked")
        return save_outcome(*args)

    return save


def test_a_locked_database_lets_a_step_be_tried_again(study, monkeypatch):
    monkeypatch.setattr(by_kind, "save_outcome", locked(2))
    run = generate(study)
    assert (run.state, run.totals["failed"]) == ("done", 0)
    assert Stimulus.objects.filter(state="ready").count() == 12
    assert stored_files() == owned_files(study)


def test_a_database_that_stays_locked_is_not_tried_for_ever(study, monkeypatch):
    monkeypatch.setattr(by_kind, "save_outcome", locked(1000))
    run = generate(study)
    assert (run.state, run.totals["failed"]) == ("done", 3)
    assert "after 3 attempts: database is locked" in ClipStep.objects.filter(state=State.FAILED).first().error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("was_away", [True, False])
def test_a_database_that_was_away_counts_against_no_step(study, monkeypatch, was_away):
    refused = OperationalError("the server ended the connection")
    release, away = leases.release, [2]

    def release_once_it_is_back(*args, **fields):
        if was_away and away[0]:
            away[0] -= 1
            raise refused
        release(*args, **fields)

    monkeypatch.setattr(by_kind, "save_outcome", locked(4))
    monkeypatch.setattr(connection, "is_usable", lambda: not was_away)
    monkeypatch.setattr(leases, "release", release_once_it_is_back)
    monkeypatch.setattr(execution.time, "sleep", lambda _seconds: None)
    lifecycle.start_run(study, wake=False)
    step = ClipStep.objects.filter(state=State.WAITING).first()
    results = [execution.perform_step(step.pk, wake=False) for _ in range(4)]
    assert results == (["put back"] * 4 if was_away else ["put back", "put back", "failed", "taken"])


def test_a_study_deleted_during_a_step_leaves_nothing(study, monkeypatch, django_capture_on_commit_callbacks):
    lifecycle.start_run(study)
    step = ClipStep.objects.filter(state=State.WAITING).first()

    def deleted_meanwhile(*args, run_step=by_kind.run_step):
        outcome = run_step(*args)
        with django_capture_on_commit_callbacks(execute=True):
            delete_draft(study)
            erase(Deletion.objects.all())  # as after its day
        return outcome

    monkeypatch.setattr(by_kind, "run_step", deleted_meanwhile)
    assert execution.perform_step(step.pk) == "lost"
    assert not stored_files()
    assert not ClipStep.objects.exists()
    assert execution.perform_step(step.pk) == "taken"


def test_a_clip_deleted_during_a_step_leaves_the_others(study, monkeypatch):
    lifecycle.start_run(study)
    step = ClipStep.objects.filter(state=State.WAITING).first()

    def deleted_meanwhile(*args, run_step=by_kind.run_step):
        monkeypatch.setattr(by_kind, "run_step", run_step)
        outcome = run_step(*args)
        step.clip.delete()
        return outcome

    monkeypatch.setattr(by_kind, "run_step", deleted_meanwhile)
    assert execution.perform_step(step.pk) == "lost"
    assert execution.run_pending(study).state == "done"
    assert Stimulus.objects.filter(state="ready").count() == 8


def unless_refused(verb):
    """Return a function that calls the verb and ignores its refusal."""

    def call() -> None:
        with contextlib.suppress(NotPossibleNow):
            verb()

    return call


@pytest.mark.django_db(transaction=True)
def test_cancelled_retried_repainted_and_ended_at_once_leaves_nothing_behind(study):
    generate(study)
    clip = study.clips.last()
    for _ in range(5):
        run = study.generation_runs.last()
        GenerationRun.objects.filter(pk=run.pk).update(state="running")
        ClipStep.objects.filter(clip__number=1, kind="paint").update(state=State.FAILED, run=run)
        verbs = (
            lambda run=run: lifecycle.cancel_run(run),
            lambda: lifecycle.retry_failed(study),
            lambda: lifecycle.repaint(clip, reason="other", note="too dark"),
            lambda run=run: lifecycle.finish_if_complete(run),
        )
        run_at_once(*map(unless_refused, verbs))
        assert study.generation_runs.filter(state="running").count() <= 1
        at_hand = ClipStep.objects.filter(state__in=ClipStep.ACTIVE)
        assert not at_hand.filter(run__state="done").exists(), "active steps in a run that has ended"
        if (run := lifecycle.active_run(study)) is None:
            run = lifecycle.start_run(study)
        assert execution.run_pending(study).state == "done"
        assert Stimulus.objects.filter(state="ready").count() == 12
    assert stored_files() == owned_files(study)


def test_a_retry_between_the_last_check_and_the_end_is_not_lost(study, monkeypatch):
    """No step is left when a retry adds one: the run checks again under the lock before it ends."""
    run = generate(study)
    GenerationRun.objects.filter(pk=run.pk).update(state="running")
    ClipStep.objects.filter(clip__number=1, kind="paint").update(state=State.FAILED)

    def retried_meanwhile(study_id, lock=lifecycle._lock_study):
        monkeypatch.setattr(lifecycle, "_lock_study", lock)
        lifecycle.retry_failed(study)
        lock(study_id)

    monkeypatch.setattr(lifecycle, "_lock_study", retried_meanwhile)
    assert not lifecycle.finish_if_complete(run)
    assert execution.run_pending(study).state == "done"
    assert not ClipStep.objects.exclude(state=State.DONE).exists()

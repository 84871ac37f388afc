"""Workers and beats leave signs of life."""

import os
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from study.background_work import lookout, signs_of_life
from study.background_work.running_code import code_digest
from study.background_work.signs_of_life import forget_process, living, note_life
from study.models import Worker

pytestmark = pytest.mark.django_db


def test_a_worker_is_seen_with_its_queues_and_its_code_until_it_stops() -> None:
    note_life(Worker.Kind.WORKER, ["gpu", "cpu"], starting=True)
    [worker] = living()
    assert (worker.queues, worker.pid, worker.code) == ("cpu,gpu", os.getpid(), code_digest())
    assert worker.serves("gpu")
    assert not worker.serves("api")
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=1), started_at=timezone.now())
    note_life(Worker.Kind.WORKER, ["gpu", "cpu"])
    assert Worker.objects.get().seen_at > worker.seen_at, "the same row is brought up to date"
    forget_process(Worker.Kind.WORKER)
    assert living() == []


def test_a_killed_worker_is_silent_and_its_row_goes_after_a_week() -> None:
    note_life(Worker.Kind.WORKER, ["cpu"])
    Worker.objects.update(pid=1, seen_at=timezone.now() - signs_of_life.silent_after())
    assert living() == []
    note_life(Worker.Kind.WORKER, ["cpu"], starting=True)
    assert Worker.objects.filter(pid=1).exists()
    Worker.objects.filter(pid=1).update(seen_at=timezone.now() - signs_of_life.KEPT)
    note_life(Worker.Kind.WORKER, ["cpu"], starting=True)
    assert not Worker.objects.filter(pid=1).exists()


def test_a_database_that_is_away_stops_no_lookout(monkeypatch: Any, caplog: pytest.LogCaptureFixture) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Worker.objects, "update_or_create", away)
    monkeypatch.setattr(Worker.objects, "filter", away)
    note_life(Worker.Kind.BEAT, starting=True)
    forget_process(Worker.Kind.BEAT)
    assert caplog.text.count("sign of life could not") == 1


def test_the_lookout_leaves_the_sign_and_knows_the_queues(monkeypatch: Any) -> None:
    signs: list[tuple[Any, ...]] = []

    def note(kind: Any, queues: Any, *, starting: bool) -> None:
        signs.append((kind, queues, starting))
        lookout._stopping.set()

    monkeypatch.setattr(lookout, "note_life", note)
    monkeypatch.setattr(lookout, "look_out", lambda **_kwargs: 0)
    monkeypatch.setattr(lookout.connections, "close_all", lambda: None)
    monkeypatch.setattr(lookout.threading, "Thread", _Now)
    app = SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from={"cpu": 1, "api": 2})))
    lookout.start_lookout(SimpleNamespace(app=app))
    assert signs == [(Worker.Kind.WORKER, ["cpu", "api"], True)]


class _Now:
    """A thread that does its work at once."""

    def __init__(self, target: Any, args: Any, **_kwargs: Any) -> None:
        self.target, self.args = target, args

    def start(self) -> None:
        self.target(*self.args)

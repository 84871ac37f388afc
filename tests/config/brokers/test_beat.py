"""Beat after its clock was set back: it goes on in its usual time. The control is Celery's own scheduler."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.beat import PersistentScheduler

from config.brokers.beat import Scheduler


def ticks(kind: type[PersistentScheduler], folder: Path, monkeypatch: Any, *, restarted: bool) -> list[int]:
    """Return at which seconds after the clock was set back by an hour beat sends a task that is due every ten minutes.

    Args:
        restarted: beat is started again after that, from its file.
    """
    app = Celery(set_as_current=False)
    app.conf.result_expires = None  # else Celery adds a task of its own, at four in the morning
    app.conf.beat_schedule = {"often": {"task": "often", "schedule": 600.0}}
    began, passed, step = app.now(), 0, 3600
    monkeypatch.setattr(Celery, "now", lambda _app: began + timedelta(seconds=passed + step))
    sent: list[int] = []

    def start() -> PersistentScheduler:
        scheduler = kind(app, schedule_filename=str(folder / "schedule"), lazy=True)
        scheduler.setup_schedule()
        monkeypatch.setattr(scheduler, "apply_entry", lambda _entry, producer=None: sent.append(passed))
        monkeypatch.setattr(kind, "producer", None, raising=False)
        return scheduler

    scheduler = start()
    for _ in range(4):
        passed += 300
        scheduler.tick()
    step, passed = 0, 0
    assert sent
    sent.clear()
    if restarted:
        scheduler.close()
        scheduler = start()
    for _ in range(8):
        passed += 300
        scheduler.tick()
    scheduler.close()
    return sent


@pytest.mark.parametrize("restarted", [True, False])
def test_beat_goes_on_after_its_clock_was_set_back(restarted: bool, tmp_path: Path, monkeypatch: Any) -> None:
    assert len(ticks(Scheduler, tmp_path, monkeypatch, restarted=restarted)) in (3, 4)


@pytest.mark.parametrize("restarted", [True, False])
def test_celerys_own_beat_stands_still_meanwhile(restarted: bool, tmp_path: Path, monkeypatch: Any) -> None:
    assert ticks(PersistentScheduler, tmp_path, monkeypatch, restarted=restarted) == []

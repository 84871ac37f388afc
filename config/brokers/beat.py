"""Celery's beat, patched so that it bears a clock that is set back.

Upstream fault (Celery 5.7.0, celery/beat.py): beat remembers by the clock when it last sent each task and when the next
is due. After the clock was set back by an hour, it sends nothing for an hour; a machine that starts with a clock in the
future (an empty battery, then NTP) sends nothing until that time has come. tests/config/brokers/test_beat.py shows this
with Celery's own scheduler; once that test fails, this file can go.
"""

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Take a time in the future at which a task was sent for now: the next is sent after its usual time."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        late = [entry for entry in self.schedule.values() if entry.last_run_at > entry.default_now()]
        for entry in late:
            entry.last_run_at = entry.default_now()
        if late:
            self._heap = None  # it holds the times that were due by the earlier clock
        return super().tick(*args, **kwargs)

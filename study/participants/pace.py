"""When a study will have the people that its plan asks for, judged by how many have finished lately.

People who finish are taken as counts of a steady stream. How much the eight parts of the window differ (a class at
once, nights) says how much steadier or rougher than chance it is, and the interval holds nine of ten such streams:
the logarithm of the time that is left has about the variance dispersion × (1 / left + 1 / seen).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from math import exp, sqrt

from django.db.models import Count, Max
from django.utils import timezone

from study.ballots.table import counted_kind
from study.models import Participant, Study, StudyStage
from study.models.participants import CAME_AGAIN
from study.participants.arrivals import WholeSeconds
from study.participants.study_stages import BEGUN

# The last day, with its night, if enough have finished in it; else the last week.
WINDOWS = (timedelta(days=1), timedelta(days=7))
SHORTEST_WINDOW = timedelta(hours=2)
# With fewer, the interval is too wide to plan by.
ENOUGH = 10
_PARTS = 8
_HALF_WIDTH = 1.645  # of a normal distribution: nine of ten
# An interval whose end is so many times as far as its beginning says nothing.
_TOO_WIDE = 12
_LONGEST = timedelta(days=366)
# What the log says of the moments from which on a study takes people of its stage again.
_BEGIN_AGAIN = (BEGUN, "resumed")
_STEP = 15 * 60  # seconds: finishes are counted by the quarter of an hour


class Outlook(Enum):
    """What can be said about the end."""

    NO_TARGET = "no target"
    REACHED = "reached"
    NOT_OPEN = "not open"
    PAUSED = "paused"
    TOO_FEW = "too few"
    EXPECTED = "expected"


@dataclass(frozen=True)
class Pace:
    """What can be said about the end; times and counts only if it is `EXPECTED`."""

    outlook: Outlook
    left: int = 0  # people
    seen: int = 0  # people who finished within the window
    window: timedelta = timedelta(0)
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def hours(self) -> int:
        return round(self.window.total_seconds() / 3600)

    @property
    def days(self) -> int:
        return round(self.window.total_seconds() / 86400)

    @property
    def within_a_day(self) -> bool:
        """Whether both ends are on one day of the reader's time zone."""
        if self.earliest is None or self.latest is None:
            return False
        return timezone.localtime(self.earliest).date() == timezone.localtime(self.latest).date()


def pace_of(study: Study, completed: int, *, stage: str = StudyStage.MAIN, now: datetime | None = None) -> Pace:
    """Judge by two queries when the target will be reached.

    Args:
        completed: how many have finished, as `monitoring.monitor` counts them.
    """
    now = now or timezone.now()
    target = study.target_of(stage)
    if not target:
        return Pace(Outlook.NO_TARGET)
    if completed >= target:
        return Pace(Outlook.REACHED)
    if study.status == Study.Status.PAUSED:
        return Pace(Outlook.PAUSED, target - completed)
    if study.status != Study.Status.OPEN or stage != study.stage:
        return Pace(Outlook.NOT_OPEN, target - completed)
    finished = study.participants.filter(
        kind=counted_kind(study),
        stage=stage,
        status=Participant.Status.COMPLETED,
        completed_at__gt=now - max(WINDOWS),
        completed_at__lte=now,
    ).exclude(CAME_AGAIN)
    steps = finished.order_by().annotate(step=WholeSeconds("completed_at") / _STEP).values_list("step")
    return expect(dict(steps.annotate(n=Count("pk"))), target - completed, _began(study), now)


def _began(study: Study) -> datetime | None:
    """When the study last began to take people of its current stage: at the opening, with the stage, after a pause."""
    again = study.log.filter(action__in=_BEGIN_AGAIN).order_by().aggregate(last=Max("at"))["last"]
    return max(filter(None, (study.opened_at, again)), default=None)


def expect(finished: Mapping[int, int], left: int, began_at: datetime | None, now: datetime) -> Pace:
    """Judge when `left` more people will have finished.

    Args:
        finished: how many finished, by the number of the quarter of an hour since 1970.
        began_at: windows do not begin before.
    """
    age = now - began_at if began_at else max(WINDOWS)
    for longest in WINDOWS:
        window = min(longest, age)
        if window < SHORTEST_WINDOW:
            break
        parts = _parts(finished, now, window)
        seen = sum(parts)
        if seen < ENOUGH:
            continue
        mean = seen / _PARTS
        dispersion = max(1.0, sum((part - mean) ** 2 for part in parts) / (_PARTS - 1) / mean)
        half = _HALF_WIDTH * sqrt(dispersion * (1 / left + 1 / seen))
        if exp(2 * half) > _TOO_WIDE:
            continue
        middle = window * left / seen
        latest = middle * exp(half)
        if latest > _LONGEST:
            continue
        return Pace(Outlook.EXPECTED, left, seen, window, now + middle * exp(-half), now + latest)
    return Pace(Outlook.TOO_FEW, left)


def _parts(finished: Mapping[int, int], now: datetime, window: timedelta) -> list[int]:
    """How many finished in each equal part of the window, the latest first."""
    parts = [0] * _PARTS
    for step, people in finished.items():
        age = now.timestamp() - (step + 0.5) * _STEP
        place = int(max(0.0, age) / window.total_seconds() * _PARTS)
        if place < _PARTS:
            parts[place] += people
    return parts

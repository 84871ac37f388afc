"""When people began and finished, counted by the database: however many they are, few rows are read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, F, Func, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from study.coarse_times import to_the_minute
from study.models import Participant, Study

MANY_ARRIVALS = gettext_noop("many arrivals from one network")
# So many arrivals within so short a time are a class, a lecture hall or a script: the page says so.
BURST_WINDOW, BURST_PEOPLE = timedelta(minutes=1), 30
# Of so many minutes, those with most arrivals, each arrival is looked at.
_MINUTES = 100
# Time zones differ from UTC by whole quarters of an hour, so all arrivals of a quarter are on one day.
_QUARTER = 15 * 60


class WholeSeconds(Func):
    """The seconds from 1970 to a time, without the fraction."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # `unixepoch` came with 3.38 and takes half the time.
        quick = connection.Database.sqlite_version_info >= (3, 38)
        template = "unixepoch(%(expressions)s)" if quick else "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(FLOOR(DATE_PART('epoch', %(expressions)s)) AS bigint)"
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Day:
    """One day: how many participants started and how many completed on it."""

    day: date
    started: int
    completed: int


@dataclass(frozen=True)
class Burst:
    """The most people who began within `BURST_WINDOW`."""

    people: int
    seconds: int  # from the first to the last of them
    began: datetime
    one_network: int  # how many of them, at least, came from one network; 0 if that is not known


def _counts(people: QuerySet[Participant], of: Any, *, least: int = 1) -> dict[int, int]:
    """How many people there are for each value of an expression that is a number, where there are `least` of them."""
    return dict(people.order_by().annotate(of=of).values_list("of").annotate(n=Count("pk")).filter(n__gte=least))


def days_of(people: QuerySet[Participant]) -> tuple[Day, ...]:
    """Every day from the first arrival to the last event, at most the last sixty."""
    started = _by_day(_counts(people, WholeSeconds("created_at") / _QUARTER))
    completed = _by_day(_counts(people.filter(completed_at__isnull=False), WholeSeconds("completed_at") / _QUARTER))
    if not started:
        return ()
    first, last = min(started), max([*started, *completed])
    count = (last - first).days + 1
    days = [first + timedelta(days=offset) for offset in range(count)]
    return tuple(Day(day, started[day], completed[day]) for day in days[-60:])


def _by_day(quarters: dict[int, int]) -> Counter[date]:
    days: Counter[date] = Counter()
    zone = timezone.get_current_timezone()
    for quarter, people in quarters.items():
        days[datetime.fromtimestamp(quarter * _QUARTER, zone).date()] += people
    return days


@dataclass(frozen=True)
class Times:
    """How long people took from enrolment to completion, in minutes: how many, the median and the quartiles.

    Durations are of whole seconds. Somebody during whose visit the server's clock was set back is not counted.
    """

    people: int
    lower: float
    median: float
    upper: float


def times_of(people: QuerySet[Participant], *, least_minutes: float = 0.0) -> Times | None:
    """The times of those who completed; None if there are none.

    Args:
        least_minutes: whoever was faster is left out.
    """
    completed = people.filter(completed_at__gte=F("created_at"))
    counts = _counts(completed, WholeSeconds("completed_at") - WholeSeconds("created_at"))
    counts = {seconds: counts[seconds] for seconds in sorted(counts) if seconds >= least_minutes * 60}
    if not counts:
        return None
    n = sum(counts.values())
    # A place between two values is their weighted mean, as in NumPy's usual quantile.
    lower, median, upper = (_between(counts, (n - 1) * part) / 60 for part in (0.25, 0.5, 0.75))
    return Times(n, lower, median, upper)


def _between(counts: dict[int, int], place: float) -> float:
    low = int(place)
    first = _at(counts, low)
    return first if low == place else first + (place - low) * (_at(counts, low + 1) - first)


def _at(counts: dict[int, int], place: int) -> int:
    """The value at a place, from 0, of all values, which are in order, each as often as it is counted."""
    for value, n in counts.items():
        place -= n
        if place < 0:
            return value
    raise IndexError(place)


def greatest_burst(study: Study, people: QuerySet[Participant]) -> Burst | None:
    """The greatest burst of arrivals; None if none is as great as `BURST_PEOPLE`. Reads few arrivals one by one.

    A window lies within two minutes of the clock, one after the other. One of them has half of the people at least, and
    the greatest window has as many people as the fullest minute: only few minutes can hold it.
    """
    half = BURST_PEOPLE // 2
    minutes = _counts(people, WholeSeconds("created_at") / 60, least=half)
    least = max(BURST_PEOPLE, max(minutes.values(), default=0))
    # The most people of a minute and one beside it; of those that are not counted there are fewer than `half`.
    most = {at: n + max(minutes.get(at + beside, half - 1) for beside in (-1, 1)) for at, n in minutes.items()}
    full = sorted((minute for minute in most if most[minute] >= least), key=lambda minute: -most[minute])
    if not full:
        return None
    within = Q()
    for minute in full[:_MINUTES]:
        begin = datetime.fromtimestamp((minute - 1) * 60, UTC)
        within |= Q(created_at__gte=begin, created_at__lt=begin + 3 * timedelta(minutes=1))
    return _greatest(study, people.filter(within).order_by("created_at").values_list("created_at", flat=True))


def _greatest(study: Study, times: Iterable[datetime]) -> Burst | None:
    arrivals = list(times)
    first, most = 0, (0, 0)  # people, place of the last one
    for last, at in enumerate(arrivals):
        while at - arrivals[first] > BURST_WINDOW:
            first += 1
        most = max(most, (last - first + 1, last), key=lambda pair: pair[0])
    people, last = most
    if people < BURST_PEOPLE:
        return None
    began, ended = arrivals[last - people + 1], arrivals[last]
    told = study.log.filter(action=MANY_ARRIVALS, at__gte=began, at__lte=ended + BURST_WINDOW)
    networks = [int(entry.data.get("people", 0)) for entry in told]
    seconds = round((ended - began).total_seconds())
    return Burst(people, seconds, to_the_minute(began), min(people, max(networks, default=0)))

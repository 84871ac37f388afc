"""Monitor a running study in numbers that reveal nothing about conditions or choices."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Q
from django.utils import timezone

from study.ballots.table import counted_kind, late_answers
from study.models import Ballot, Participant, ProblemReport, Study, Trial
from study.models.log import record
from study.participants.flag_words import MEANINGS, flag_name
from study.participants.headphones import PASSES_FROM, headphones_right

# A participant counts as active if the browser sent something within this time.
ACTIVE_WITHIN = timedelta(minutes=30)
MANY_ARRIVALS = "many arrivals from one network"
# So many arrivals within so short a time are a class, a lecture hall or a script: the page says so.
BURST_WINDOW, BURST_PEOPLE = timedelta(minutes=1), 30


@dataclass(frozen=True)
class Day:
    """One day: how many participants started and how many completed on it."""

    day: date
    started: int
    completed: int


@dataclass(frozen=True)
class Stop:
    """How many participants left after `answered` answers."""

    answered: int
    people: int


@dataclass(frozen=True)
class FlagCount:
    """How many participants have a flag: its kind, its name, and what it means."""

    kind: str
    name: str
    meaning: str
    people: int


@dataclass(frozen=True)
class Burst:
    """The most people who began within `BURST_WINDOW`."""

    people: int
    seconds: int  # from the first to the last of them
    began: datetime
    one_network: int  # how many of them, at least, came from one network; 0 if that is not known


@dataclass(frozen=True)
class Monitoring:
    """The numbers that the monitoring page shows."""

    started: int
    completed: int
    in_progress: int
    stopped: int
    withdrawn: int
    screened_out: int
    pilots: int
    target: int | None
    ballots: int
    median_minutes: float | None
    days: tuple[Day, ...]
    stops: tuple[Stop, ...]
    flags: tuple[FlagCount, ...]
    left_out: int
    last_answer: datetime | None
    late: int
    open_problems: int
    screened: int  # people who answered the headphone screening
    headphones: int  # those of them who passed it
    burst: Burst | None

    @property
    def share(self) -> float | None:
        """The share of the target that has completed, 0 to 1; None without a target."""
        return min(1.0, self.completed / self.target) if self.target else None

    @property
    def busiest_day(self) -> int:
        return max((day.started for day in self.days), default=0)

    @property
    def most_stops(self) -> int:
        return max((stop.people for stop in self.stops), default=0)


def monitor(study: Study, *, now: datetime | None = None) -> Monitoring:
    """Read the study's state in a fixed number of queries."""
    now = now or timezone.now()
    kind = counted_kind(study)
    people = list(
        study.participants.filter(kind=kind)
        .annotate(answered=Count("trials__ballot", filter=~Q(trials__kind=Trial.Kind.PRACTICE)))
        .only(
            *("study", "status", "created_at", "completed_at", "last_seen_at"),
            *("flags", "excluded", "exclusion_reason", "rule_exclusions", "answers"),
        )
    )
    status = Counter(person.status for person in people)
    present = [
        person for person in people if person.status != Participant.Status.WITHDRAWN
    ]  # no times are kept of them
    unfinished = [person for person in people if person.status == Participant.Status.STARTED]
    active = [person for person in unfinished if now - person.last_seen_at <= ACTIVE_WITHIN]
    gone = [person for person in unfinished if now - person.last_seen_at > ACTIVE_WITHIN]
    scores = [score for person in people if (score := headphones_right(person.answers)) is not None]
    durations = [minutes for person in people if (minutes := minutes_of(person)) is not None]
    ballots = Ballot.objects.filter(
        trial__participant__study=study, trial__participant__kind=kind, trial__kind=Trial.Kind.MAIN
    )
    last = ballots.order_by("-answered_at").values_list("answered_at", flat=True).first()
    return Monitoring(
        started=len(people),
        completed=sum(person.status == Participant.Status.COMPLETED and not person.came_again for person in people),
        in_progress=len(active),
        stopped=len(gone),
        withdrawn=status[Participant.Status.WITHDRAWN],
        screened_out=status[Participant.Status.SCREENED_OUT],
        pilots=study.participants.filter(kind=Participant.Kind.PILOT).count(),
        target=study.target_participants,
        ballots=ballots.count(),
        median_minutes=median(durations) if durations else None,
        days=_days(present),
        stops=tuple(
            Stop(answered, count) for answered, count in sorted(Counter(person.answered for person in gone).items())
        ),
        flags=flag_counts(people),
        left_out=sum(person.left_out for person in people),
        last_answer=last,
        late=late_answers(study).count(),
        open_problems=ProblemReport.objects.filter(study=study, resolved=False).count(),
        screened=len(scores),
        headphones=sum(score >= PASSES_FROM for score in scores),
        burst=None if study.simulated else _burst(study, sorted(person.created_at for person in present)),
    )


def _burst(study: Study, arrivals: Sequence[datetime]) -> Burst | None:
    """The greatest burst among arrivals in the order of time; None if none is as great as `BURST_PEOPLE`."""
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
    return Burst(people, round((ended - began).total_seconds()), began, min(people, max(networks, default=0)))


def note_many_arrivals(study: Study, people: int, seconds: float) -> None:
    """Write to the study's log that so many people have just come from one network."""
    record(study, MANY_ARRIVALS, people=people, seconds=round(seconds))


def minutes_of(person: Participant) -> float | None:
    """Minutes from enrolment to completion; None if not completed, or if the server's clock was set back meanwhile."""
    if person.completed_at is None or person.completed_at < person.created_at:
        return None
    return (person.completed_at - person.created_at).total_seconds() / 60


def flag_counts(people: Iterable[Participant]) -> tuple[FlagCount, ...]:
    """How many of these people have each flag, the most frequent first."""
    counts = Counter(kind for person in people for kind in set(person.flag_kinds))
    return tuple(
        FlagCount(kind, flag_name(kind), str(MEANINGS.get(kind, "")), number) for kind, number in counts.most_common()
    )


def _days(people: Sequence[Participant]) -> tuple[Day, ...]:
    """Every day from the first arrival to the last event, at most the last sixty."""
    started = Counter(timezone.localtime(person.created_at).date() for person in people)
    completed = Counter(timezone.localtime(person.completed_at).date() for person in people if person.completed_at)
    if not started:
        return ()
    first, last = min(started), max([*started, *completed])
    count = (last - first).days + 1
    days = [first + timedelta(days=offset) for offset in range(count)]
    return tuple(Day(day, started[day], completed[day]) for day in days[-60:])

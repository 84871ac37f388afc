"""Monitor a running study in numbers that reveal nothing about conditions or choices."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone

from study.ballots.table import counted_people, late_answers
from study.coarse_times import to_the_minute
from study.models import Participant, ProblemReport, Study, StudyStage
from study.models.log import record
from study.models.participants import CAME_AGAIN, LEFT_OUT, kind_of_flag
from study.participants.arrivals import MANY_ARRIVALS, Burst, Day, days_of, greatest_burst, times_of
from study.participants.flag_words import MEANINGS, flag_name
from study.participants.headphones import PASSES_FROM, headphones_right

# A participant counts as active if the browser sent something within this time.
ACTIVE_WITHIN = timedelta(minutes=30)


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
class Counts:
    """How many people and answers there are, and how far the people are."""

    started: int
    completed: int
    in_progress: int
    stopped: int
    withdrawn: int
    screened_out: int
    ballots: int
    median_minutes: float | None
    stops: tuple[Stop, ...]
    left_out: int
    discarded: int  # answers of people who are left out
    languages: tuple[tuple[str, int], ...]  # people by the language of their pages, the most frequent first
    last_answer: datetime | None

    @property
    def most_stops(self) -> int:
        return max((stop.people for stop in self.stops), default=0)


@dataclass(frozen=True)
class Monitoring(Counts):
    """The numbers that the monitoring page shows."""

    pilots: int
    target: int | None
    days: tuple[Day, ...]
    flags: tuple[FlagCount, ...]
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


@dataclass(frozen=True)
class Progress:
    """How many people have completed, and how many are taking part."""

    completed: int
    in_progress: int


def progress(study: Study, *, now: datetime | None = None) -> Progress:
    """Read two of the numbers of `monitor` of the current stage, from indexes alone."""
    people = _people(study, study.stage)
    completed = people.filter(status=Participant.Status.COMPLETED)
    here = people.filter(status=Participant.Status.STARTED).exclude(last_seen_at__lt=_active_since(now))
    return Progress(completed.count() - completed.filter(CAME_AGAIN).count(), here.count())


def _active_since(now: datetime | None) -> datetime:
    return (now or timezone.now()) - ACTIVE_WITHIN


def monitor(study: Study, *, stage: str | None = None, now: datetime | None = None) -> Monitoring:
    """Read the state of a stage in a fixed number of queries, whose answers are short however many people there are.

    Args:
        stage: None reads the current one.
    """
    stage = study.stage if stage is None else stage
    people = _people(study, stage)
    scores = _headphone_scores(people) if study.headphone_check else {}
    return Monitoring(
        **vars(count_people(study, stage=stage, now=now)),
        pilots=study.participants.filter(kind=Participant.Kind.PILOT).count(),
        target=study.target_of(stage),
        days=days_of(_present(people)),
        flags=flag_counts(people.filter(remarked=True).exclude(flags=[]).values_list("flags", flat=True)),
        late=late_answers(study, stage).count(),
        open_problems=ProblemReport.objects.filter(study=study, resolved=False).count(),
        screened=sum(scores.values()),
        headphones=sum(people for score, people in scores.items() if score >= PASSES_FROM),
        burst=None if study.simulated else greatest_burst(study, _present(people)),
    )


def count_people(study: Study, *, stage: str = StudyStage.MAIN, now: datetime | None = None) -> Counts:
    """Read the numbers of people and answers of a stage, as `monitor` does."""
    now = now or timezone.now()
    active_since = _active_since(now)
    status = Participant.Status
    people = _people(study, stage)
    rows = people.values("status", "language").annotate(
        people=Count("pk"), ballots=Sum("main_answered"), last_answer=Max("last_answer_at")
    )
    by_status: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    ballots, last_answers = 0, []
    for row in rows:
        by_status[row["status"]] += row["people"]
        languages[row["language"]] += row["people"]
        ballots += row["ballots"]
        last_answers.append(row["last_answer"])
    completed_again = CAME_AGAIN & Q(status=status.COMPLETED)
    noted = people.filter(remarked=True).aggregate(
        again=Count("pk", filter=completed_again),
        left_out=Count("pk", filter=LEFT_OUT),
        discarded=Sum("main_answered", filter=LEFT_OUT, default=0),
    )
    unfinished = people.filter(status=status.STARTED).values("answered")
    if study.results_open_at is None or now < study.results_open_at:  # nobody can go on once the results are open
        unfinished = unfinished.filter(last_seen_at__lt=active_since)
    stops = unfinished.annotate(people=Count("pk")).order_by("answered")
    gone = [Stop(row["answered"], row["people"]) for row in stops]
    stopped = sum(stop.people for stop in gone)
    return Counts(
        started=by_status.total(),
        completed=by_status[status.COMPLETED] - noted["again"],
        in_progress=by_status[status.STARTED] - stopped,
        stopped=stopped,
        withdrawn=by_status[status.WITHDRAWN],
        screened_out=by_status[status.SCREENED_OUT],
        ballots=ballots,
        median_minutes=_median_minutes(study, stage, people),
        stops=tuple(gone),
        left_out=noted["left_out"],
        discarded=noted["discarded"],
        languages=tuple(sorted(languages.items(), key=lambda pair: (-pair[1], pair[0]))),
        last_answer=max(map(to_the_minute, filter(None, last_answers)), default=None),
    )


def _median_minutes(study: Study, stage: str, people: QuerySet[Participant]) -> float | None:
    """The median visit; of a study that was brought in as its first server knew it, as single times are hours here.

    An export tells that of the main stage alone.
    """
    if brought_in := study.plan.get("brought_in"):
        return brought_in["median_minutes"] if stage == StudyStage.MAIN else None
    times = times_of(_present(people))
    return None if times is None else times.median


def _people(study: Study, stage: str) -> QuerySet[Participant]:
    return counted_people(study, stage).order_by()


def _present(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """Those of whom times are kept."""
    return people.exclude(status=Participant.Status.WITHDRAWN)


def _headphone_scores(people: QuerySet[Participant]) -> dict[int, int]:
    """How many people had how many sounds of the headphone screening right, of those who answered it."""
    answers = people.exclude(answers={}).values_list("answers", flat=True)
    return Counter(score for said in answers if (score := headphones_right(said)) is not None)


def note_many_arrivals(study: Study, people: int, seconds: float) -> None:
    """Write to the study's log that so many people have just come from one network."""
    record(study, MANY_ARRIVALS, people=people, seconds=round(seconds))


def minutes_of(person: Participant) -> float | None:
    """Minutes from enrolment to completion.

    None if not completed, if the server's clock was set back meanwhile, or in a study that was brought in, where both
    times are whole hours.
    """
    if "brought_in" in person.study.plan:
        return None
    if person.completed_at is None or person.completed_at < person.created_at:
        return None
    return (person.completed_at - person.created_at).total_seconds() / 60


def flag_counts(flags: Iterable[Sequence[Any]]) -> tuple[FlagCount, ...]:
    """How many people have each flag, the most frequent first; `flags`: those of each person."""
    counts = Counter(kind for row in flags for kind in {kind_of_flag(flag) for flag in row})
    return tuple(
        FlagCount(kind, flag_name(kind), str(MEANINGS.get(kind, "")), number) for kind, number in counts.most_common()
    )

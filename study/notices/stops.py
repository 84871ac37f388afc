"""At which step unusually many people leave: a rule of counts, with a test (docs/monitoring.md).

Of the last `PEOPLE` who finished or stopped, a step is named if at least `FEWEST` stopped at it, these are at least
`SHARE` of those who came to it, and so many would stop there by chance with a probability of at most `BY_CHANCE`, were
it a step like the others.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import comb

from django.db.models import Count, Q
from django.utils import timezone

from study.ballots.table import counted_people
from study.models import Participant, Study, Trial
from study.models.participants import CAME_AGAIN
from study.participants.monitoring import ACTIVE_WITHIN
from study.participants.stages import Stage, has_page, stage_outside_trials

PEOPLE = 50
FEWEST = 5
SHARE = 0.2
BY_CHANCE = 0.001
# What people leave at any step, for no reason of the step: at least so much is taken to be usual.
USUAL = 0.02

# A step: the stage, and which of the trials (0: none).
Step = tuple[int, int]


@dataclass(frozen=True)
class Way:
    """How far one person came: the step at which they stopped and when they were last there; the end, if they finished.

    Attributes:
        trials: how many trials they were given.
    """

    stopped_at: Step
    last_seen: datetime
    trials: int


@dataclass(frozen=True)
class UnusualStep:
    """A step at which `stopped` of the `reached` people who came to it left; `last_seen`: when each was last there."""

    step: Step
    stopped: int
    reached: int
    last_seen: tuple[datetime, ...]


def unusual_steps(study: Study, *, now: datetime | None = None) -> list[UnusualStep]:
    """Return the steps at which unusually many of the last people of the study's stage left, in their order."""
    return steps_among(_last_ways(study, now or timezone.now()), _stages_of(study))


def _last_ways(study: Study, now: datetime) -> list[Way]:
    status = Participant.Status
    is_over = Q(status=status.COMPLETED) | Q(status=status.STARTED, last_seen_at__lt=now - ACTIVE_WITHIN)
    people = (
        counted_people(study, study.stage)
        .filter(is_over)
        .exclude(CAME_AGAIN)
        .order_by("-created_at", "-pk")
        .defer("flags", "rule_exclusions")[:PEOPLE]
    )
    ways = []
    last = list(people)
    counted = Trial.objects.filter(participant__in=[person.pk for person in last]).exclude(kind=Trial.Kind.PRACTICE)
    trials = dict(counted.values_list("participant").annotate(n=Count("pk")).order_by())
    for person in last:
        person.study = study
        due = trials.get(person.pk, 0)
        ways.append(Way(_step_of(person, due), person.last_seen_at, due))
    return ways


def _step_of(person: Participant, due: int) -> Step:
    outside = stage_outside_trials(person)
    if outside is not None:
        return int(outside), 0
    if person.answered < due:
        return Stage.TRIALS, person.answered + 1
    asks = has_page(person.study, "questions after") and "after" not in person.answers
    return (Stage.QUESTIONS_AFTER if asks else Stage.REVIEW), 0


def _stages_of(study: Study) -> list[Stage]:
    """The stages that this study has, from the consent to the last page."""
    pages = {Stage.QUESTIONS_BEFORE: "questions before", Stage.SOUND: "sound", Stage.QUESTIONS_AFTER: "questions after"}
    stages = [stage for stage in Stage if Stage.CONSENT <= stage <= Stage.REVIEW]
    return [stage for stage in stages if stage not in pages or has_page(study, pages[stage])]


def steps_among(ways: Sequence[Way], stages: Iterable[Stage]) -> list[UnusualStep]:
    """Return the unusual steps of these ways through a study with these stages, in their order."""
    stops = Counter(way.stopped_at for way in ways)
    reached = {
        step: sum(way.stopped_at >= step and way.trials >= step[1] for way in ways) for step in _steps(ways, stages)
    }
    found = []
    for step, came in reached.items():
        left = stops[step]
        elsewhere = sum(reached.values()) - came
        left_elsewhere = sum(stops[other] for other in reached if other != step)
        usual = max(USUAL, left_elsewhere / elsewhere if elsewhere else 0.0)
        if left >= FEWEST and left >= SHARE * came and at_least(left, came, usual) <= BY_CHANCE:
            last_seen = sorted(way.last_seen for way in ways if way.stopped_at == step)
            found.append(UnusualStep(step, left, came, tuple(last_seen)))
    return found


def _steps(ways: Sequence[Way], stages: Iterable[Stage]) -> Iterator[Step]:
    for stage in stages:
        if stage == Stage.TRIALS:
            most = max((way.trials for way in ways), default=0)
            yield from ((int(stage), number) for number in range(1, most + 1))
        else:
            yield int(stage), 0


def at_least(successes: int, of: int, probability: float) -> float:
    """The probability of at least so many successes in `of` independent tries: the upper tail of the binomial."""
    return sum(
        comb(of, each) * probability**each * (1 - probability) ** (of - each) for each in range(successes, of + 1)
    )

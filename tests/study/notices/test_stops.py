"""The rule by which a step is named at which unusually many people leave."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils import timezone

from study.models import Participant, Study
from study.notices.stops import Step, Way, at_least, steps_among, unusual_steps
from study.participants.enrolment import enrol
from study.participants.stages import Stage
from study.participants.study_stages import begin_stage
from tests.factories import make_open_study

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
STAGES = [Stage.CONSENT, Stage.INSTRUCTIONS, Stage.TRIALS, Stage.REVIEW]
END: Step = (Stage.COMPLETED, 0)


def ways(*stops: tuple[Step, int], of: int = 50, trials: int = 10) -> list[Way]:
    stopped = [step for step, people in stops for _ in range(people)]
    return [Way(step, NOON, trials) for step in [*stopped, *[END] * (of - len(stopped))]]


def named(found: list[Way]) -> list[tuple[Step, int, int]]:
    return [(one.step, one.stopped, one.reached) for one in steps_among(found, STAGES)]


def test_a_step_at_which_many_leave_is_named_with_those_who_came_to_it() -> None:
    third: Step = (Stage.TRIALS, 3)
    assert named(ways(((Stage.CONSENT, 0), 2), (third, 12))) == [(third, 12, 48)]


@pytest.mark.parametrize(
    "few",
    [
        ways(of=50),
        ways(((Stage.TRIALS, 3), 4), of=10),  # fewer than five
        ways(((Stage.TRIALS, 3), 9), of=50),  # less than a fifth
        [],
    ],
)
def test_few_people_are_not_named(few: list[Way]) -> None:
    assert named(few) == []


def test_a_longer_order_of_others_is_no_step_of_a_short_one() -> None:
    """People with five clips never come to the sixth: they are not among those who reached it."""
    short = [Way(END, NOON, 5)] * 30
    long = [Way((Stage.TRIALS, 6), NOON, 10)] * 8 + [Way(END, NOON, 10)] * 12
    assert named([*short, *long]) == [((Stage.TRIALS, 6), 8, 20)]


def test_the_tail_is_that_of_the_binomial() -> None:
    """By hand: P(X ≥ 2) of 3 tries at 1/2 is 4/8; and by counting draws."""
    assert at_least(2, 3, 0.5) == pytest.approx(0.5)
    assert at_least(0, 7, 0.2) == pytest.approx(1.0)
    draws = np.random.default_rng(1).binomial(40, 0.1, 200_000)
    assert at_least(8, 40, 0.1) == pytest.approx(float((draws >= 8).mean()), abs=0.003)


def test_steps_that_are_all_alike_are_hardly_ever_named() -> None:
    """A thousand studies in which one of thirty leaves at each step: at most one of a hundred is told of one."""
    rng = np.random.default_rng(7)
    steps: list[Step] = [(Stage.CONSENT, 0), (Stage.INSTRUCTIONS, 0), *((Stage.TRIALS, n) for n in range(1, 11))]
    told = 0
    for _ in range(1000):
        leaves = rng.random((50, len(steps))) < 1 / 30
        people = [Way(steps[int(row.argmax())] if row.any() else END, NOON, 10) for row in leaves]
        told += bool(steps_among(people, STAGES))
    assert told <= 10


@pytest.mark.django_db
def test_people_of_a_study_are_placed_by_how_far_they_came() -> None:
    study = make_open_study(clips=6)
    people_who_left(study, 6, answered=2)
    for number in range(14):
        person, _token = enrol(study)
        Participant.objects.filter(pk=person.pk).update(
            status="completed" if number else "started", completed_at=timezone.now(), consented_at=timezone.now()
        )
    Participant.objects.create(study=study, number=99, token_hash="9" * 64)  # is taking part now
    [found] = unusual_steps(study)
    assert (found.step, found.stopped, found.reached) == ((Stage.TRIALS, 3), 6, 19)


@pytest.mark.django_db
def test_people_of_an_earlier_stage_are_not_among_the_last() -> None:
    study = make_open_study(clips=6)
    people_who_left(study, 6, answered=2)
    assert unusual_steps(study)
    begin_stage(study, Study.Stage.FOLLOW_UP, reason="a month later")
    assert unusual_steps(study) == []


def people_who_left(study: Study, count: int, *, answered: int) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    for _ in range(count):
        person, _token = enrol(study)
        Participant.objects.filter(pk=person.pk).update(
            answered=answered, last_seen_at=long_ago, consented_at=long_ago, answers={"instructions": True}
        )

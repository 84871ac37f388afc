"""The expected finish: right for people who come at random, wider for those who come in classes, silent for few."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from study.models import Participant, Study
from study.participants.pace import Outlook, expect, pace_of
from study.participants.study_stages import begin_stage
from study.setup.lifecycle import pause_study, resume_study
from tests.factories import StudyFactory

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


def finished(*hours_ago: float) -> dict[int, int]:
    steps = [int((NOW.timestamp() - 3600 * hours) // 900) for hours in hours_ago]
    return {step: steps.count(step) for step in steps}


def test_a_steady_stream_of_one_an_hour_takes_a_day_for_24_people() -> None:
    steady = finished(*(hour + 0.5 for hour in range(24)))
    pace = expect(steady, 24, LONG_AGO, NOW)
    assert (pace.outlook, pace.seen, pace.window) == (Outlook.EXPECTED, 24, timedelta(days=1))
    assert pace.earliest is not None
    assert pace.latest is not None
    assert pace.earliest < NOW + timedelta(days=1) < pace.latest
    assert pace.earliest - NOW > timedelta(hours=12)
    assert pace.latest - NOW < timedelta(days=2)


def test_nine_of_ten_intervals_hold_the_end() -> None:
    rng, held, told = np.random.default_rng(3), 0, 0
    for _study in range(400):
        rate = rng.uniform(1, 4)  # an hour
        seen = np.cumsum(rng.exponential(1 / rate, 400))
        pace = expect(finished(*seen[seen < 24]), 60, LONG_AGO, NOW)
        if pace.earliest is not None and pace.latest is not None:
            told += 1
            end = NOW + timedelta(hours=float(rng.gamma(60) / rate))
            held += pace.earliest <= end <= pace.latest
    assert told > 350
    assert held / told > 0.86


def test_people_who_come_as_a_class_make_it_uncertain() -> None:
    steady, classes = finished(*range(24)), finished(*[3.0] * 6, *[9.5] * 6, *[15.5] * 6, *[21.5] * 6)
    ends = [expect(seen, 40, LONG_AGO, NOW) for seen in (steady, classes)]
    widths = [end.latest - end.earliest for end in ends if end.latest and end.earliest]
    assert len(widths) == 2
    assert widths[1] > 1.3 * widths[0]
    assert expect(finished(*[5.0] * 30), 40, LONG_AGO, NOW).outlook == Outlook.TOO_FEW, "one class says nothing"


def test_few_people_say_nothing_and_a_week_is_asked_before_that() -> None:
    assert expect(finished(1, 2, 3), 40, LONG_AGO, NOW).outlook == Outlook.TOO_FEW
    week = expect(finished(*(6 + 12 * n for n in range(14))), 14, LONG_AGO, NOW)
    assert (week.outlook, week.days, week.seen) == (Outlook.EXPECTED, 7, 14)
    young = expect(finished(*[0.5] * 20), 40, NOW - timedelta(hours=1), NOW)
    assert young.outlook == Outlook.TOO_FEW, "an hour after the opening"


@pytest.mark.django_db
def test_the_state_of_the_study_comes_first(owner: Any) -> None:
    study = StudyFactory(owner=owner, status=Study.Status.OPEN, opened_at=LONG_AGO)
    assert pace_of(study, 5).outlook == Outlook.NO_TARGET
    study.target_participants = 10
    assert pace_of(study, 10).outlook == Outlook.REACHED
    assert pace_of(study, 5).outlook == Outlook.TOO_FEW
    study.status = Study.Status.PAUSED
    assert (pace_of(study, 5).outlook, pace_of(study, 5).left) == (Outlook.PAUSED, 5)
    study.status = Study.Status.CLOSED
    assert pace_of(study, 5).outlook == Outlook.NOT_OPEN


@pytest.mark.django_db
def test_only_people_who_count_and_finished_are_counted(owner: Any) -> None:
    study = StudyFactory(owner=owner, status=Study.Status.OPEN, opened_at=LONG_AGO, target_participants=50)
    for number in range(1, 31):
        at = NOW - timedelta(minutes=48 * number - 20)
        kind = Participant.Kind.PILOT if number > 24 else Participant.Kind.REAL
        status = Participant.Status.STARTED if number % 2 else Participant.Status.COMPLETED
        study.participants.create(number=number, kind=kind, status=status, completed_at=at, token_hash=f"{number:064}")
    with patch("study.participants.pace.ENOUGH", 5):
        assert pace_of(study, 12, now=NOW).seen == 12


@pytest.mark.django_db
@pytest.mark.parametrize("begins", ["stage", "pause"])
def test_time_before_the_stage_and_in_a_pause_does_not_count(owner: Any, begins: str) -> None:
    study = StudyFactory(owner=owner, status=Study.Status.OPEN, opened_at=LONG_AGO, target_participants=40)
    if begins == "stage":
        begin_stage(study, "follow_up", target=40, reason="Later.")
    else:
        pause_study(study)
        resume_study(study)
    study.log.update(at=NOW - timedelta(hours=3))
    for number in range(1, 21):
        study.participants.create(
            number=number,
            stage=study.stage,
            status=Participant.Status.COMPLETED,
            completed_at=NOW - timedelta(minutes=9 * number - 4),
            token_hash=f"{number:064}",
        )
    pace = pace_of(study, 20, stage=study.stage, now=NOW)
    assert pace.window == timedelta(hours=3)
    assert pace.latest is not None
    assert pace.latest - NOW < timedelta(hours=9), "20 people in 3 hours; in the day before them nobody could finish"

"""The monitor counts people and answers, and nothing by condition."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from study.access import Access
from study.api.contents import monitor_contents
from study.ballots.casting import Answer, cast_ballot
from study.models import Participant, Role, Study
from study.participants.arrivals import BURST_PEOPLE
from study.participants.enrolment import enrol
from study.participants.monitoring import monitor
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
QUERIES = 11  # one for each kind of number


def answer(person: Participant, trials: int, at: datetime) -> None:
    for trial in list(person.trials.all())[:trials]:
        cast_ballot(trial, Answer(uuid4(), "A", "B"), now=at)


def arrive(study: Study, *, answers: int, minutes_ago: int, **fields: Any) -> Participant:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    person, _token = enrol(study, now=at)
    answer(person, answers, at)
    Participant.objects.filter(pk=person.pk).update(**fields)
    return person


@pytest.fixture
def study(owner: Any) -> Study:
    study = make_open_study(clips=3, owner=owner, target_participants=4)
    now = timezone.now()
    for minutes in (4, 8):
        arrive(
            study,
            answers=3,
            minutes_ago=60,
            status="completed",
            completed_at=now - timedelta(minutes=60 - minutes),
        )
    arrive(study, answers=1, minutes_ago=5)
    arrive(study, answers=1, minutes_ago=90, flags=["too_fast"])
    arrive(study, answers=0, minutes_ago=90, flags=["too_fast"])
    arrive(study, answers=0, minutes_ago=90, status="withdrawn")
    return study


def test_participants_are_counted_by_how_far_they_are(study: Study) -> None:
    seen = monitor(study)
    assert (seen.started, seen.completed, seen.in_progress, seen.stopped, seen.withdrawn) == (6, 2, 1, 2, 1)
    assert (seen.target, seen.share, seen.ballots) == (4, 0.5, 8)
    assert seen.median_minutes == pytest.approx(6, abs=0.1)
    assert [(stop.answered, stop.people) for stop in seen.stops] == [(0, 1), (1, 1)]
    assert [(flag.name, flag.people) for flag in seen.flags] == [("too fast", 2)]
    assert sum(day.started for day in seen.days) == 5  # no time is kept of the one who has withdrawn


def test_pages_and_scripts_tell_when_people_came_and_answered_to_the_minute(owner: Any) -> None:
    study = make_open_study(clips=1, owner=owner)
    at = timezone.now().replace(second=37) - timedelta(minutes=9)
    for number in range(1, BURST_PEOPLE + 1):
        person = study.participants.create(number=number, token_hash=str(number), last_answer_at=at)
        Participant.objects.filter(pk=person.pk).update(created_at=at)
    told = monitor_contents(Access(study, Role.OWNER, owner))
    minute = at.astimezone(UTC).replace(second=0).isoformat(timespec="seconds")
    assert told["last_answer"] == told["burst"]["began"] == minute
    assert monitor(study).burst.people == BURST_PEOPLE  # type: ignore[union-attr]


def test_who_passed_the_headphone_screening_is_counted(study: Study, as_user: Any) -> None:
    def page() -> str:
        return as_user(study.owner).get(reverse("study_monitor", args=[study.slug])).text

    Study.objects.filter(pk=study.pk).update(headphone_check=True)
    study.refresh_from_db()
    assert "Headphone screening passed" not in page(), "nobody has answered it"
    for person, right in zip(study.participants.all(), (6, 5, 4, None), strict=False):
        person.answers = {"sound": {"heard": "yes"} | ({} if right is None else {"right": right})}
        person.save(update_fields=["answers"])
    seen = monitor(study)
    assert (seen.headphones, seen.screened) == (2, 3)
    assert "Headphone screening passed" in page()


def test_a_study_without_people_has_no_numbers(owner: Any) -> None:
    seen = monitor(make_open_study(clips=1, owner=owner))
    assert (seen.started, seen.share, seen.median_minutes, seen.days, seen.stops) == (0, None, None, (), ())


def test_the_number_of_queries_does_not_grow(study: Study, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(QUERIES):
        monitor(study)
    for _ in range(5):
        arrive(study, answers=2, minutes_ago=50)
    with django_assert_num_queries(QUERIES):
        monitor(study)


def test_the_refreshing_part_is_no_whole_page_and_names_no_condition(study: Study, as_user: Any) -> None:
    text = as_user(study.owner).get(reverse("study_monitor", args=[study.slug]) + "?fragment").text
    assert "<html" not in text
    assert "2 of 4 people" in text
    for condition in study.conditions.all():
        assert condition.label not in text
        assert condition.sealed_label not in text


def test_nobody_takes_part_right_now_once_the_results_are_open(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status="closed", closed_at=timezone.now() - timedelta(minutes=30))
    study.refresh_from_db()
    assert (monitor(study).in_progress, monitor(study).stopped) == (1, 2)  # they may still finish
    later = study.closed_at + timedelta(minutes=study.grace_minutes)
    assert (monitor(study, now=later).in_progress, monitor(study, now=later).stopped) == (0, 3)

"""The list of people: its filters count what they give, and its rows show how far each person is."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.utils import timezone

from study.ballots.casting import Answer, cast_ballot
from study.models import InviteLink, Participant, Study
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.people_filters import GROUP_FROM, PeopleFilters, Wanted
from study.participants.people_rows import blocks_of, draw, people_a_page, rows_of, seen_words
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study


def arrive(study: Study, answers: int, *, link: InviteLink | None = None, **fields: Any) -> Participant:
    person, _token = enrol(study, link=link)
    for trial in person.trials.order_by("number")[:answers]:
        cast_ballot(trial, Answer(uuid4(), "A", "B"))
    Participant.objects.filter(pk=person.pk).update(consented_at=timezone.now(), **fields)
    return person


@pytest.fixture
def study(db: None, owner: Any) -> Study:
    """Nine people: five of a class of whom two have finished, two stopped, one at the consent, one withdrawn."""
    study = make_open_study(clips=3, owner=owner, repeats=1)
    group = InviteLink.objects.create(study=study, label="Class A", token_hash="1" * 64, cap=30)
    personal = InviteLink.objects.create(study=study, label="Kim Minji", token_hash="2" * 64, cap=1)
    for answers in (4, 4, 4, 2, 1):
        arrive(study, answers, link=group)
    for person in study.participants.order_by("number")[:2]:
        finish(person)
    study.participants.filter(number__lte=2).update(flags=[{"kind": "left_tab", "value": 0.7, "n": 3, "of": 4}])
    long_ago = timezone.now() - timedelta(hours=5)
    arrive(study, 2, link=personal, last_seen_at=long_ago, flags=["too_fast"])
    arrive(study, 0, last_seen_at=long_ago)
    Participant.objects.filter(pk=enrol(study)[0].pk).update(consented_at=None)
    withdraw(arrive(study, 3))
    return study


def counts(study: Study, **wanted: str) -> dict[str, dict[str, int]]:
    found = PeopleFilters(study, Wanted(**wanted)).read()
    return {row.key: {option.value: option.people for option in row.options} for row in found}


def codes(study: Study, **wanted: str) -> set[str]:
    return {person.code for person in PeopleFilters(study, Wanted(**wanted)).people()}


def test_each_filter_counts_the_people_that_it_gives(study: Study) -> None:
    found, group = counts(study), study.invite_links.get(cap=30)
    assert found["status"] == {"here": 4, "stopped": 2, "completed": 2, "withdrawn": 1, "noted": 3}
    assert found["step"] == {"consent": 1, "before": 1, "trials": 3, "after": 1}
    assert found["flag"] == {"left_tab": 2, "too_fast": 1}
    assert found["group"] == {"open": 2, f"link-{group.pk}": 5, "personal": 1}
    for wanted in ({}, {"status": "here"}, {"step": "trials"}, {"flag": "left_tab"}, {"group": "open"}):
        for key, options in counts(study, **wanted).items():
            for value, people in options.items():
                assert len(codes(study, **wanted | {key: value})) == people, (wanted, key, value)


def test_a_code_or_its_number_finds_one_person(study: Study) -> None:
    assert codes(study, code="r0003") == codes(study, code="3") == codes(study, code="R3") == {"r0003"}
    assert codes(study, code="p0003") == codes(study, code="3x") == codes(study, code="r0099") == set()


def test_a_personal_link_or_a_small_group_is_no_filter(study: Study) -> None:
    small = InviteLink.objects.create(study=study, label="Two friends", token_hash="3" * 64, cap=9)
    for _person in range(GROUP_FROM - 1):
        enrol(study, link=small)
    names = {option.name for row in PeopleFilters(study, Wanted()).read() for option in row.options}
    assert "Class A" in names
    assert not names & {"Kim Minji", "Two friends"}
    assert codes(study, group=f"link-{small.pk}") == set()
    enrol(study, link=small)
    assert len(codes(study, group=f"link-{small.pk}")) == GROUP_FROM


def test_an_address_that_is_no_filter_narrows_nothing() -> None:
    wanted = Wanted.from_query(QueryDict("status=x&step=x&stage=y&version=z&flag=too_fast&code=+r3+&page=4").dict())
    assert wanted == Wanted(flag="too_fast", code="r3")
    assert wanted.address(flag="") == "code=r3"


def test_a_row_shows_each_trial_and_where_the_person_is(study: Study, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    people = list(study.participants.order_by("number"))
    with django_assert_num_queries(1):
        rows = rows_of(people, active_since=now - timedelta(minutes=30), now=now, show_checks=True)
    assert [row.state for row in rows[:2]] == ["completed", "completed"]
    assert [row.state for row in rows[2:]] == ["here", "here", "here", "stopped", "stopped", "here", "withdrawn"]
    drawn = [row.blocks for row in rows]
    assert [(blocks.answered, blocks.trials) for blocks in drawn if blocks] == [
        *((4, 4), (4, 4), (4, 4), (2, 4), (1, 4), (2, 4), (0, 4), (0, 4))
    ]
    assert drawn[-1] is None
    assert rows[-1].seen == ""
    assert [row.step for row in rows[2:8]] == [
        "After the last trial",
        "",
        "",
        "",
        "Before the first answer",
        "At the consent",
    ]
    assert rows[3].blocks
    assert [kind for kind, _path in rows[3].blocks.paths] == [
        "open",
        "check",
        "answered",
        "hatch",
        "current",
    ]
    plain = rows_of(people[3:4], active_since=now, now=now, show_checks=False)[0].blocks
    assert plain
    assert [kind for kind, _path in plain.paths] == ["open", "answered", "current"]


def test_blocks_stand_in_lines_and_the_first_open_one_is_current() -> None:
    blocks = blocks_of([(True, False), (False, False), (True, True), (False, False)], begun=True)
    assert [block.current for block in blocks] == [False, True, False, False]
    assert not any(block.current for block in blocks_of([(True, False), (False, False)], begun=False))
    drawing = draw(blocks_of([(False, False)] * 200, begun=False))
    assert (drawing.width, drawing.height, drawing.trials) == (560, 110, 200)
    assert (people_a_page(12), people_a_page(200), people_a_page(5000), people_a_page(0)) == (50, 12, 10, 50)


def test_times_are_to_the_minute_only_while_somebody_is_there() -> None:
    assert seen_words(timedelta(seconds=20), here=True) == "seen just now"
    assert seen_words(timedelta(minutes=7, seconds=50), here=True) == "seen 7 minutes ago"
    assert seen_words(timedelta(minutes=7), here=False) == "seen within the hour"
    assert seen_words(timedelta(hours=5, minutes=59), here=False) == "seen 5 hours ago"
    assert seen_words(timedelta(days=3, hours=1), here=False) == "seen 3 days ago"

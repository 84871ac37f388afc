"""The page “Replay”: in words for everybody, for those who may see data about single people."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.models import Event, Role, Study
from study.participants.withdrawal import withdraw
from tests.factories import UserFactory, make_open_study
from tests.study.participants.test_replay import a_person_who_listens

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.fixture
def study() -> Study:
    study = make_open_study(clips=2, seconds=20.0, listening_minimum_seconds=0)
    a_person_who_listens(study)
    return study


def address(study: Study, code: str = "r0001") -> str:
    return reverse("participant_replay", args=[study.slug, code])


def test_each_stored_event_is_one_row_in_words(study: Study, as_user: SignIn) -> None:
    page = as_user(study.owner).get(address(study)).text
    kinds = re.findall(r'data-kind="([\w ]+)"', page)
    assert sum(kind in ("shown", "play", "pause", "enlarge", "choose") for kind in kinds) == Event.objects.count() == 12
    assert "the sound plays from 0.0 s, until it stops at 7.0 s of it" in page
    assert "chooses image α" in page
    assert "changes the answer: 1st γ, 2nd β" in page
    assert page.count("redefined") == 0
    assert page.count("<img") == page.count("/image/") == 0


def test_the_participants_link_to_it_for_those_who_may_see_single_people(study: Study, as_user: SignIn) -> None:
    people = reverse("study_participants", args=[study.slug]) + "?show=all"
    link = f'href="{address(study)}"'
    assert link in as_user(study.owner).get(people).text
    runner = UserFactory()
    study.memberships.create(user=runner, role=Role.RUNNER)
    assert link not in as_user(runner).get(people).text
    assert as_user(runner).get(address(study)).status_code == 403


def test_of_a_person_who_has_withdrawn_the_page_shows_nothing(study: Study, as_user: SignIn) -> None:
    withdraw(study.participants.get())
    page = as_user(study.owner).get(address(study)).text
    assert "Nothing is kept of their way" in page
    assert "data-rows" not in page


def test_events_that_were_erased_are_said_to_be(study: Study, as_user: SignIn) -> None:
    Event.objects.all().delete()
    assert "There is no event of the page" in as_user(study.owner).get(address(study)).text
    Study.objects.update(events_erased_at=timezone.now())
    page = as_user(study.owner).get(address(study)).text
    assert "The events of this study were erased on" in page
    assert "answers: 1st" in page


def test_an_unknown_code_is_not_found(study: Study, as_user: SignIn) -> None:
    for code in ("r0002", "p0001", "r999999999"):
        assert as_user(study.owner).get(address(study, code)).status_code == 404

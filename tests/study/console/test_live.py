"""The live pages: a part comes again only when something has changed, and shows a runner nothing of the images."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from study.ballots.casting import Answer, cast_ballot
from study.models import Role, Study
from study.participants import live_state
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import withdraw
from tests.factories import UserFactory, make_open_study

pytestmark = pytest.mark.django_db
PAGES = ("study_monitor", "study_participants")


@pytest.fixture
def study(owner: Any, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(live_state, "EVERY", live_state.EVERY * 10**6)  # the clock changes nothing meanwhile
    return make_open_study(clips=2, owner=owner, attention_trials=1)


def tag_of(browser: Client, study: Study, page: str, known: str = "") -> str:
    """The part's tag, or "unchanged" if the part is the one of the tag that is known."""
    response = browser.get(reverse(page, args=[study.slug]), {"fragment": "1"}, headers={"If-None-Match": known})
    if response.status_code == 304:
        assert not response.content
        return "unchanged"
    assert b"<html" not in response.content
    return response["ETag"]


@pytest.mark.parametrize("page", PAGES)
def test_a_part_comes_again_whenever_something_has_happened(page: str, study: Study, as_user: Any) -> None:
    browser = as_user(study.owner)
    tag = tag_of(browser, study, page)
    people = []

    def answer() -> None:
        for trial in people[0].trials.order_by("number"):
            cast_ballot(trial, Answer(uuid4(), "A", "B"))

    for happening in (
        lambda: people.append(enrol(study)[0]),
        answer,
        lambda: finish(people[0]),
        lambda: set_exclusion(study, people[0].code, "told us so", excluded=True, actor=study.owner),
        lambda: withdraw(people[0]),
        lambda: Study.objects.filter(pk=study.pk).update(status="paused"),
    ):
        assert tag_of(browser, study, page, tag) == "unchanged"
        happening()
        new = tag_of(browser, study, page, tag)
        assert new not in ("unchanged", tag)
        tag = new
    assert tag_of(browser, study, page, f"W/{tag}") == "unchanged", "a proxy that compresses marks it so"


def test_an_unchanged_part_costs_few_queries(study: Study, as_user: Any) -> None:
    enrol(study)
    browser = as_user(study.owner)
    for page in PAGES:
        tag = tag_of(browser, study, page)
        with CaptureQueriesContext(connection) as queries:
            assert tag_of(browser, study, page, tag) == "unchanged"
        assert len(queries) <= 4, [query["sql"] for query in queries]


def test_the_tag_of_the_page_is_that_of_its_part(study: Study, as_user: Any) -> None:
    enrol(study)
    browser = as_user(study.owner)
    for page in PAGES:
        whole = browser.get(reverse(page, args=[study.slug])).context["live_tag"]
        assert tag_of(browser, study, page, whole) == "unchanged"
        assert tag_of(browser, study, page, "") != "unchanged"
    tag = tag_of(browser, study, "study_participants")
    other = reverse("study_participants", args=[study.slug]) + "?fragment&code=1"
    response = browser.get(other, headers={"If-None-Match": tag})
    assert response.status_code == 200, "another filter is another part"


def test_a_runner_sees_people_but_no_name_of_a_clip_and_no_kind_of_trial(study: Study, as_user: Any) -> None:
    runner = UserFactory()
    study.memberships.create(user=runner, role=Role.RUNNER)
    person, _token = enrol(study)
    cast_ballot(person.trials.order_by("number")[0], Answer(uuid4(), "A", "B"))
    texts = {}
    for user in (runner, study.owner):
        pages = [as_user(user).get(reverse(page, args=[study.slug])).text for page in PAGES]
        texts[user] = "".join(pages)
        for condition in study.conditions.all():
            assert condition.label not in texts[user]
            assert condition.sealed_label not in texts[user]
    assert person.code in texts[runner]
    assert "clip1.wav" in texts[study.owner]
    assert "clip1.wav" not in texts[runner]
    assert 'class="check"' in texts[study.owner]
    assert 'class="check' not in texts[runner]

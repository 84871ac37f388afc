"""The pages of stages: beginning one, its people apart on the other pages, and its links."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import InviteLink, Study
from study.participants.enrolment import enrol
from study.participants.study_stages import begin_stage
from tests.factories import make_open_study, make_study
from tests.study.participants.test_study_stages import MAIN, PILOT, piloted

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_a_draft_opens_with_a_pilot_stage_and_the_main_stage_follows_with_a_reason(owner: Any, as_user: SignIn) -> None:
    study = make_study(clips=2, owner=owner, target_participants=30)
    url, browser = reverse("study_stages", args=[study.slug]), as_user(owner)
    page = browser.post(url, {"stage": "pilot", "target": "5"}, follow=True).text
    assert "The study will open with its pilot stage." in page
    assert "The target is 5." in page
    Study.objects.filter(pk=study.pk).update(status="open")
    for lacking in ({"reason": "ready"}, {"confirmed": "on"}):
        assert browser.post(url, {"stage": "main"} | lacking).status_code == 400
    assert browser.post(url, {"stage": "follow_up", "reason": "x", "confirmed": "on"}).status_code == 400
    page = browser.post(url, {"stage": "main", "reason": "ready", "confirmed": "on"}, follow=True).text
    assert "The main stage has begun" in page
    study.refresh_from_db()
    assert (study.stage, study.stage_target) == (MAIN, 30)
    assert "stage begun" in browser.get(reverse("study_log", args=[study.slug])).text.lower()


def test_monitor_and_participants_show_one_stage_at_a_time(owner: Any, as_user: SignIn) -> None:
    study = piloted(owner=owner)
    enrol(study)
    begin_stage(study, MAIN, reason="ready")
    enrol(study), enrol(study)
    browser = as_user(owner)
    monitor, people = (reverse(name, args=[study.slug]) for name in ("study_monitor", "study_participants"))
    assert [browser.get(f"{monitor}?stage={stage}").context["monitoring"].started for stage in (PILOT, MAIN)] == [1, 2]
    assert browser.get(f"{monitor}?stage=pilot").text.count("fragment&amp;stage=pilot") == 1
    listed = {stage: browser.get(f"{people}?show=all&stage={stage}").text for stage in ("", PILOT, MAIN)}
    assert [[code in text for code in ("r0001", "r0003")] for text in listed.values()] == [
        [True, True],
        [True, False],
        [False, True],
    ]


def test_links_of_a_stage_are_offered_once_there_are_stages(owner: Any, as_user: SignIn) -> None:
    study, plain = piloted(owner=owner), make_open_study(clips=1, owner=owner)
    browser = as_user(owner)
    assert 'name="stage"' not in browser.get(reverse("study_links", args=[plain.slug])).text
    url = reverse("study_links", args=[study.slug])
    assert "It leads into the current stage: pilot stage." in browser.get(url).text
    assert browser.post(url, {"count": 1, "cap": 1, "stage": "main"}).status_code == 400, "it has not begun"
    assert browser.post(url, {"count": 1, "cap": 1, "stage": "pilot"}).status_code == 200
    assert InviteLink.objects.get().stage == PILOT

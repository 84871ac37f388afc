"""The page of versions: a change with its difference, what two people change at once, and who may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import Study
from study.participants.enrolment import enrol
from tests.config.fuzz.page_forms import form_with
from tests.factories import make_study
from tests.study.participants.test_study_versions import change, running

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_a_change_is_saved_with_a_reason_and_shown_with_its_difference(owner: Any, as_user: SignIn) -> None:
    study = running(owner=owner)
    enrol(study)
    url, client = reverse("study_versions", args=[study.slug]), as_user(owner)
    form = form_with(client, url, "question_en")
    assert client.post(url, form.sent(question_en="Which picture?")).status_code == 400, "without a reason"
    page = client.post(url, form.sent(question_en="Which <b>picture?", reason="shorter"), follow=True).text
    assert "Saved as version 2." in page
    for text in ("Version 2", "shorter", "<del>image fits this music best?</del>", "<ins>&lt;b&gt;picture?</ins>"):
        assert text in page
    people = reverse("study_participants", args=[study.slug])
    assert [("r0001" in client.get(f"{people}?show=all&version={n}").text) for n in (1, 2)] == [True, False]
    assert client.get(f"{people}?version=x").status_code == 200
    log = client.get(reverse("study_log", args=[study.slug])).text
    assert "Version made" in log
    assert "Which image fits" not in log, "the difference is on the page of versions"


def test_what_somebody_else_has_changed_meanwhile_is_asked(owner: Any, as_user: SignIn) -> None:
    study = running(owner=owner)
    url, client = reverse("study_versions", args=[study.slug]), as_user(owner)
    form = form_with(client, url, "question_en")
    change(study, question="Theirs?", contact="new@example.org")
    asked = client.post(url, form.sent(question_en="Mine?", reason="shorter"))
    assert asked.status_code == 409
    assert "Stored now:" in asked.text
    study.refresh_from_db()
    assert (study.question["en"], study.contact, study.version) == ("Theirs?", "new@example.org", 2)


def test_a_draft_and_a_closed_study_have_no_form(owner: Any, as_user: SignIn) -> None:
    study, url = make_study(clips=1, owner=owner), "study_versions"
    assert 'name="question_en"' not in as_user(owner).get(reverse(url, args=[study.slug])).text
    refused = as_user(owner).post(reverse(url, args=[study.slug]), {"contact": "a", "reason": "b"}, follow=True)
    assert "changed here while it runs" in refused.text
    Study.objects.filter(pk=study.pk).update(status="closed")
    assert 'name="question_en"' not in as_user(owner).get(reverse(url, args=[study.slug])).text

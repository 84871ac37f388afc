"""Links from each step to the next, in both languages: no page of the path is a dead end."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import Study
from tests.config.fuzz.page_forms import forms_of
from tests.factories import StudyFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.mark.parametrize(
    ("page", "following"),
    [
        ("study_describe", "study_clips"),
        ("study_clips", "study_tags"),
        ("study_tags", "generation_run"),
        ("generation_run", "generation_review"),
        ("generation_review", "study_plan"),
        ("study_plan", "study_preview"),
        ("study_power", "study_preview"),
        ("study_analysis_rules", "study_preview"),
        ("study_reporting", "study_preview"),
        ("study_preview", "study_open"),
    ],
)
def test_each_step_of_a_draft_leads_to_the_one_after_it(page: str, following: str, owner: Any, as_user: SignIn) -> None:
    study = make_study(clips=1, owner=owner)
    browser, address = as_user(owner), reverse(page, args=[study.slug])
    text = browser.get(address).text
    main = text[text.index('<main id="main"') :]
    if "Save, and go on with: " not in main:
        assert f'href="{reverse(following, args=[study.slug])}">Go on with: ' in main
        return
    form = next(form for form in forms_of(address, text) if "go-on" in form.fields)
    assert browser.post(form.action, form.sent(**{"go-on": "1"})).url == reverse(following, args=[study.slug])


def test_an_opened_study_is_not_led_through_its_set_up(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    for page in ("study_describe", "study_clips", "generation_run", "study_plan"):
        assert "o on with: " not in as_user(owner).get(reverse(page, args=[study.slug])).text


@pytest.mark.parametrize("page", ["generation_run", "generation_review", "generation_upload", "study_tags"])
def test_a_page_that_needs_clips_leads_to_them(page: str, owner: Any, as_user: SignIn) -> None:
    study = StudyFactory(owner=owner)
    text = as_user(owner).get(reverse(page, args=[study.slug])).text
    assert f'<a class="button primary" href="{reverse("study_clips", args=[study.slug])}"' in text
    assert "Generate</button>" not in text


def test_ready_made_images_need_no_tags_but_an_upload(owner: Any, as_user: SignIn) -> None:
    study = make_study(clips=1, conditions=3, owner=owner)
    text = as_user(owner).get(reverse("study_overview", args=[study.slug])).text
    assert reverse("generation_upload", args=[study.slug]) in text
    assert reverse("study_tags", args=[study.slug]) not in text
    run = as_user(owner).get(reverse("generation_run", args=[study.slug])).text
    assert "Audio of 1 of 1 clips prepared" in run
    assert "sentences" not in run


def test_a_draft_has_no_sealed_results_and_a_closed_study_leads_to_them(owner: Any, as_user: SignIn) -> None:
    draft = make_study(clips=1, owner=owner)
    text = as_user(owner).get(reverse("study_results", args=[draft.slug])).text
    assert "No answers yet" in text
    assert "Sealed" not in text
    closed = make_open_study(clips=1, owner=owner, grace_minutes=0)
    as_user(owner).post(reverse("study_move", args=[closed.slug, "close"]), {"confirmed": "1", "reason": "enough"})
    page = as_user(owner).get(reverse("study_open", args=[closed.slug])).text
    assert f'href="{reverse("study_results", args=[closed.slug])}">Read the results' in page


def test_the_consoles_language_is_chosen_and_kept(draft: Study, owner: Any, as_user: SignIn) -> None:
    browser = as_user(owner)
    url = reverse("study_clips", args=[draft.slug])
    assert 'lang="ko">한국어</button>' in browser.get(url).text
    answer = browser.post(reverse("survey_site_language"), {"language": "ko", "next": url}, follow=True)
    assert answer.redirect_chain[-1][0] == url
    assert '<html lang="ko">' in answer.text
    assert '<html lang="ko">' in browser.get(reverse("study_list")).text
    assert 'lang="en">English</button>' in answer.text


def test_a_missing_page_leads_home_only_who_is_signed_in(owner: Any, as_user: SignIn, client: Client) -> None:
    home = f'href="{reverse("study_list")}"'
    assert home in as_user(owner).get("/console/no/such/page/").text
    assert home not in client.get("/console/no/such/page/").text

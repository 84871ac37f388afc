"""The replay in a browser: somebody takes part by the survey's own script, and a researcher sees it played."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from study.models import Event
from tests.browser.journey import start
from tests.browser.surveys import choose
from tests.browser.test_console import DESKTOP, signed_in
from tests.factories import UserFactory, make_open_study
from tests.services import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_what_a_person_did_in_the_survey_is_replayed(chromium: Browser, live_server: Any) -> None:
    study = make_open_study(clips=2, owner=UserFactory(username="mina"), sound_check=True, listening_minimum_seconds=1)
    person = chromium.new_context(base_url=live_server.url, viewport=DESKTOP).new_page()
    start(person, f"/s/{study.open_link_token}/")
    person.wait_for_selector("html.script")  # before, the button is a link
    person.locator("[data-letter=C] .enlarge").click()
    expect(person.locator("dialog.enlarged")).to_be_visible()
    person.keyboard.press("Escape")
    choose(person)
    person.locator(".next").click()
    expect(person.locator("#trial")).to_have_attribute("data-trial", "2")
    person.goto("about:blank")  # what was noted is sent when the page is left
    assert wait_until(Event.objects.filter(participant__study=study, kind="enlarge").exists)
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(reverse("participant_replay", args=[study.slug, "r0001"]))
    rows = page.locator("[data-rows] tr")
    kinds = [row.get_attribute("data-kind") for row in rows.all()]
    assert sorted(kind for kind in kinds if kind in set(Event.objects.values_list("kind", flat=True))) == sorted(
        Event.objects.values_list("kind", flat=True)
    )
    expect(page.locator("[data-drawing] rect.trial")).to_have_count(2)
    page.get_by_role("button", name="Next trial").click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("[data-play]")).to_have_attribute("aria-pressed", "false")  # it has come to its end
    expect(rows.last).to_have_attribute("aria-current", "true")
    page.locator("[data-drawing]").focus()
    page.keyboard.press("ArrowLeft")
    assert float(page.locator("[data-seek]").input_value()) < float(page.locator("[data-seek]").get_attribute("max"))

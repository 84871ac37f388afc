"""The live pages in a browser: they follow what happens, keep what the reader has open, and say when they are lost."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from study.ballots.casting import Answer, cast_ballot
from study.models import Participant
from study.participants.enrolment import enrol
from tests.browser.test_console import DESKTOP, signed_in
from tests.factories import UserFactory, make_open_study

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
TURN = 3100  # milliseconds of the page's clock


def answer(person: Participant) -> None:
    trial = person.trials.filter(ballot=None).order_by("number")[0]
    cast_ballot(trial, Answer(uuid4(), "A", "B"))


def test_a_live_page_follows_and_keeps_what_is_open(chromium: Browser, live_server: Any) -> None:
    study = make_open_study(clips=3, owner=UserFactory(username="mina"))
    first, _token = enrol(study)
    page = signed_in(chromium, live_server.url, DESKTOP)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.clock.install()
    page.goto(reverse("study_participants", args=[study.slug]) + "?status=here")
    expect(page.locator("[data-live-mark]")).to_be_visible()
    row = page.locator(f"[data-key={first.code}]")
    row.locator(".row-menu summary").click()
    row.locator("[name=reason]").evaluate("field => { field.value = 'told us so'; }")
    row.locator(".row-menu summary").focus()

    answer(first)
    second, _token = enrol(study)
    with page.expect_response(lambda response: response.status == 200 and "fragment" in response.url):
        page.clock.run_for(TURN)
    expect(row.locator("svg.blocks").first).to_have_attribute("aria-label", "1 of 3 answered")
    expect(page.locator("li[data-state]")).to_have_count(2)
    expect(page.locator("[data-key=status-here] a")).to_have_text("Right now: 2")
    assert page.locator("li[data-moved]").evaluate_all("rows => rows.map((row) => row.dataset.key)") == [
        second.code,
        first.code,
    ]
    assert row.locator(".row-menu").evaluate("menu => menu.open")
    assert row.locator("[name=reason]").input_value() == "told us so"
    assert row.locator(".row-menu summary").evaluate("summary => summary === document.activeElement")
    assert "fragment" not in (
        page.locator("[data-key=status-stopped] a, [data-key=status-all] a").first.get_attribute("href") or ""
    )

    with page.expect_response(lambda response: response.status == 304):
        page.clock.run_for(TURN)

    page.goto(reverse("study_monitor", args=[study.slug]))
    expect(page.locator("[data-live-mark]")).to_be_visible()
    page.context.set_offline(True)
    for _failure in range(2):
        with page.expect_event("requestfailed"):
            page.clock.run_for(2 * TURN)
    expect(page.locator("[data-live-lost]")).to_be_visible()
    page.context.set_offline(False)
    answer(first)
    page.clock.run_for(8 * TURN)
    expect(page.locator("[data-live-lost]")).to_be_hidden()
    expect(page.locator(".key-figures div", has_text="Ballots").locator("dd")).to_have_text("2")
    expect(page.locator("[data-live-status]")).to_contain_text("Ballots: 2")

    page.context.clear_cookies()
    page.clock.run_for(2 * TURN)
    expect(page.locator("[data-live-ended]")).to_be_visible()
    assert errors == []

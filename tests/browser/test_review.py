"""The review by keyboard: decisions without leaving the page, images in full size, and what a lost connection costs."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Browser, expect

from generation.models import ClipStep, GenerationRun, ReviewDecision
from generation.runs.review_state import review_of
from study.models import Stimulus, Study
from tests.browser.test_console import DESKTOP, faults, signed_in
from tests.browser.test_kept_forms import sign_in
from tests.factories import UserFactory, make_study

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def painted(study: Study) -> Study:
    """The study with its images as if they had been painted here."""
    Stimulus.objects.filter(clip__study=study).update(painter="sketch")
    run = GenerationRun.objects.create(study=study, number=1, state="done")
    for clip in study.clips.all():
        ClipStep.objects.create(clip=clip, kind="paint", run=run, position=4, state="done", result={"seed_number": 0})
    return study


def test_clips_are_decided_by_keyboard_and_nothing_is_lost_with_the_connection(
    chromium: Browser, live_server: Any, transactional_db: None
) -> None:
    study = painted(make_study(clips=4, owner=UserFactory(username="mina")))
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(reverse("generation_review", args=[study.slug]))
    cards = page.locator("[data-card]")
    page.keyboard.press("j")
    expect(cards.nth(0)).to_be_focused()
    page.wait_for_function("() => [...document.querySelectorAll('#clip-1 img')].every((image) => image.complete)")
    # What is out of view is not approved but shown; and a key that is held approves one clip, not those after it.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("a")
    expect(cards.nth(0).locator("img").first).to_be_in_viewport()
    assert not ReviewDecision.objects.exists()
    page.keyboard.down("a")
    page.keyboard.down("a")
    expect(cards.nth(1)).to_be_focused()
    page.wait_for_function("() => [...document.querySelectorAll('#clip-2 img')].every((image) => image.complete)")
    page.keyboard.down("a")
    page.keyboard.up("a")
    expect(cards.nth(0).locator(".badge")).to_contain_text("approved")
    expect(page.locator("#review-bar")).to_contain_text("1 of 4 clips approved")

    # Without a connection nothing is stored, a sentence says so, and what was chosen is still there.
    page.keyboard.press("r")
    reason = cards.nth(1).locator("select[name=reason]")
    expect(reason).to_be_focused()
    reason.select_option("artefact")
    cards.nth(1).locator("input[name=named]").nth(2).check()
    send = cards.nth(1).get_by_role("button", name="Paint all images again")
    page.context.set_offline(True)
    send.click()
    expect(page.locator("[data-review-messages]")).to_contain_text("Not saved: there is no connection")
    assert ReviewDecision.objects.count() == 1
    page.context.set_offline(False)
    # Nor once the sign-in has ended; after another in another tab, the same press is enough.
    Session.objects.all().delete()
    send.press("Enter")
    expect(page.locator("[data-review-messages]")).to_contain_text("you are signed out")
    expect(reason).to_have_value("artefact")
    elsewhere = page.context.new_page()
    elsewhere.goto(reverse("sign_in"))
    sign_in(elsewhere)
    elsewhere.close()
    send.press("Enter")
    expect(page.locator("[data-review-messages]")).to_contain_text("clip2.wav: all of its images are being painted")
    expect(cards.nth(1)).to_contain_text("sent to be painted again 1 time")
    row = ReviewDecision.objects.get(kind="repainted")
    assert (row.reason, row.named) == ("artefact", ["original_tags"])

    page.keyboard.press("z")
    expect(cards.nth(1).locator(".review-state")).not_to_contain_text("painted again")
    page.keyboard.press("n")
    expect(cards.nth(2)).to_be_focused()

    page.keyboard.press("v")
    dialog = page.locator("[data-large-dialog]")
    expect(dialog).to_be_visible()
    first = dialog.locator("img").first.get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert dialog.locator("img").first.get_attribute("src") != first
    expect(dialog.locator("button[aria-current]")).to_have_count(1)
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()

    page.keyboard.press("?")
    switch = page.get_by_label("Use these keys")
    expect(switch).to_be_visible()
    switch.uncheck()
    page.keyboard.press("k")
    expect(switch).to_be_focused()

    # Another tab has decided: this one says so and decides nothing.
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#clip-4").get_by_role("button", name="Approve", exact=True).click()
    expect(other.locator("#clip-4 .badge")).to_contain_text("approved")
    cards.nth(3).locator("summary", has_text="Leave out").click()
    cards.nth(3).get_by_label("Why is this clip left out?").fill("dull")
    cards.nth(3).get_by_role("button", name="Leave the clip out").click()
    expect(page.locator("[data-review-messages]")).to_contain_text("decided meanwhile: approved (mina)")
    expect(cards.nth(3).get_by_label("Why is this clip left out?")).to_have_value("dull")
    assert faults(page) == []
    assert [row.is_approved for row in review_of(study).rows] == [True, False, False, True]

    # What is typed for another decision stays when the card is put in place anew: after a decision, and by itself.
    cards.nth(2).locator("summary", has_text="Leave out").click()
    why = cards.nth(2).get_by_label("Why is this clip left out?")
    why.fill("too long")
    cards.nth(2).get_by_role("button", name="Approve", exact=True).click()
    expect(cards.nth(2).locator(".badge")).to_contain_text("approved")
    expect(why).to_have_value("too long")
    # So does what is offered.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    put_back = cards.nth(2).get_by_role("button", name="Put it back")
    expect(put_back).to_be_visible()
    cards.nth(2).get_by_role("button", name="Back to undecided").click()
    expect(cards.nth(2).get_by_role("button", name="Approve", exact=True)).to_be_visible()
    put_back.click()
    expect(why).to_have_value("too long")
    GenerationRun.objects.filter(pk=GenerationRun.objects.latest("pk").pk).update(state="running")
    ClipStep.objects.filter(clip__number=3).update(state="waiting", run=GenerationRun.objects.latest("pk"))
    page.reload()
    expect(page.locator("#clip-3[data-being-made]")).to_have_count(1)
    put_back.click()
    expect(why).to_have_value("too long")
    why.fill("too loud")
    why.blur()
    ClipStep.objects.filter(clip__number=3).update(state="done")
    expect(page.locator("#clip-3[data-being-made]")).to_have_count(0)
    expect(why).to_have_value("too loud")
    other.goto(reverse("generation_large", args=[study.slug, 1, 2]))
    assert faults(other) == []

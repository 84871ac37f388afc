"""Questions built on the page, and answered on a phone."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from study.models import Participant, Study
from study.participants.questions import load_question_set
from tests.browser.journey import press
from tests.browser.surveys import PHONE
from tests.browser.test_console import DESKTOP, faults, signed_in
from tests.factories import UserFactory, make_study

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
# What is typed for each kind, by the names of the fields.
TYPED = {
    "choice": {"text_en": "How old are you?", "option-0-text_en": "under 18", "option-1-text_en": "18 or more"},
    "several": {"text_en": "What do you hear?", "option-0-text_en": "jazz", "option-1-text_en": "folk"},
    "number": {"text_en": "How many hours?", "min": "0", "max": "24"},
    "text": {"text_en": "Which instrument?"},
    "scale": {"text_en": "How important is music?", "low_en": "not", "high_en": "very"},
    "matrix_scale": {"text_en": "Do you agree?", "row-0-text_en": "I sing.", "row-1-text_en": "I play."},
    "matrix_choice": {
        "text_en": "Where do you listen?",
        "row-0-text_en": "In the morning",
        "row-1-text_en": "In the evening",
        "option-0-text_en": "at home",
        "option-1-text_en": "outside",
    },
}


def build(page: Page, kind: str) -> None:
    page.goto(reverse("question_add", args=["draft", "before", kind]))
    for name, text in TYPED[kind].items():
        page.locator(f"[name='{name}']").fill(text)
    expect(page.locator("[data-question-preview] .survey-look").first).to_contain_text(TYPED[kind]["text_en"])
    if kind == "choice":  # rows are added, moved and removed in place, and what was typed stays
        page.get_by_role("button", name="Add an answer").click()
        expect(page.locator("[name='option-3-text_en']")).to_be_focused()
        page.keyboard.type("much older")
        page.get_by_role("button", name="Move up (4)").click()
        expect(page.locator("[name='option-2-text_en']")).to_have_value("much older")
        page.get_by_role("button", name="Remove (3)").click()
        expect(page.locator("[name='option-3-text_en']")).to_have_count(0)
        assert faults(page) == []
        page.locator("[name='text_en']").press("Control+a")
        page.keyboard.type(TYPED[kind]["text_en"])
        # Loaded again, the page offers all of it, with the rows as they were.
        page.on("dialog", lambda dialog: dialog.accept())
        page.locator("[name='option-0-text_en']").fill("eighteen")
        page.get_by_role("button", name="Move down (1)").click()
        expect(page.locator("[name='option-1-text_en']")).to_have_value("eighteen")
        page.get_by_role("button", name="Add an answer").click()
        page.locator("[name='option-3-text_en']").fill("older still")
        page.reload()
        expect(page.locator("[name='text_en']")).to_have_value("")
        press(page.get_by_role("button", name="Put it back"))
        expect(page.locator("[name='text_en']")).to_have_value(TYPED[kind]["text_en"])
        expect(page.locator("[name='option-1-text_en']")).to_have_value("eighteen")
        expect(page.locator("[name='option-3-text_en']")).to_have_value("older still")
        expect(page.get_by_role("button", name="Put it back")).to_have_count(0)
        for at, text in enumerate(["under 18", "18 or more", "", ""]):
            page.locator(f"[name='option-{at}-text_en']").fill(text)
    press(page.get_by_role("button", name="Save the question"))


def test_a_question_of_each_kind_is_built_and_answered_on_a_phone(chromium: Browser, live_server: Any) -> None:
    owner = UserFactory(username="mina")
    make_study(clips=1, owner=owner, slug="draft", languages=["en"])
    page = signed_in(chromium, live_server.url, DESKTOP, locale="en")
    for kind in TYPED:
        build(page, kind)
    press(page.get_by_role("button", name="Move down: How old are you?"))
    assert faults(page) == []
    study = Study.objects.get()
    keys = [question.key for question in load_question_set(study.questions_before).questions]
    assert keys[:2] == ["what_do_you_hear", "how_old_are_you"]
    assert len(keys) == len(TYPED)

    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    phone = chromium.new_context(base_url=live_server.url, locale="en", **PHONE).new_page()
    phone.goto(f"/s/{study.open_link_token}/")
    press(phone.locator("main form .button.primary"))
    phone.locator("[name=agree]").check()
    press(phone.locator("main form .button.primary"))
    assert phone.locator("input:checked").count() == 0
    low = phone.locator(".question-set label:has(input)").evaluate_all(
        "labels => labels.filter((label) => label.getBoundingClientRect().height < 44).length"
    )
    assert low == 0, "every answer is as large as a thumb"
    press(phone.get_by_role("button", name="Continue"))
    expect(phone.locator(".problem li")).to_have_count(len(TYPED))
    assert faults(phone) == []
    for answer in ("18 or more", "jazz", "folk"):
        phone.get_by_label(answer, exact=True).check()
    phone.get_by_label("How many hours?").fill("2")
    phone.get_by_label("Which instrument?").fill("viola")
    for legend, answer in (
        ("How important is music?", "6"),
        ("I sing.", "2"),
        ("I play.", "7"),
        ("In the morning", "outside"),
        ("In the evening", "at home"),
    ):
        phone.get_by_role("group", name=legend).get_by_label(answer, exact=True).check()
    press(phone.get_by_role("button", name="Continue"))
    assert Participant.objects.get().answers["before"] == {
        "how_old_are_you": "18_or_more",
        "what_do_you_hear": ["jazz", "folk"],
        "how_many_hours": 2.0,
        "which_instrument": "viola",
        "how_important_is_music": "6",
        "do_you_agree": {"i_sing": "2", "i_play": "7"},
        "where_do_you_listen": {"in_the_morning": "outside", "in_the_evening": "at_home"},
    }

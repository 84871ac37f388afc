"""The survey in a real browser: by touch, by keyboard, without script, offline, with lost replies, in two tabs."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.journey import all_is_saved, press
from tests.browser.surveys import DESKTOP, choose, to_trials
from tests.browser.test_console import found_by_axe

pytestmark = pytest.mark.processes
FOCUSED_NAME = """
  document.activeElement === document.body
    ? ""
    : document.activeElement.innerText || document.activeElement.name || ""
"""


def answer(page, number, total=3, **choices):
    expect(page.locator(".count")).to_have_text(f"{number} of {total}")
    choose(page, **choices)
    page.locator(".next").click()


def test_the_whole_survey_by_touch(visit, server):
    page = visit()
    to_trials(page, server)
    expect(page.locator(".count")).to_have_text("1 of 3")
    page.locator(".play").tap()
    page.locator("[data-letter=A] .pick").tap()
    page.locator("[data-letter=A] .pick").tap()  # undo
    page.locator("[data-letter=D] .pick").tap()
    expect(page.locator("[data-letter=D] .badge-first")).to_be_visible()
    page.locator("[data-letter=A] .enlarge").tap()
    expect(page.locator("dialog.enlarged")).to_be_visible()
    page.get_by_role("button", name="Next image").tap()
    page.get_by_role("button", name="Make it my 2nd").tap()
    page.get_by_role("button", name="Close").tap()
    expect(page.locator("[data-letter=B] .badge-second")).to_be_visible()
    expect(page.locator(".next")).to_have_attribute("aria-disabled", "false")
    expect(page.locator(".state")).to_have_text("You can go on.")
    page.locator(".next").tap()
    expect(page.locator(".count")).to_have_text("2 of 3")
    choose(page)
    expect(page.locator(".state")).to_have_text("You can go on. Your answers so far are saved.")
    page.locator(".next").tap()
    answer(page, 3)
    page.get_by_role("button", name="Finish").tap()
    assert len(page.locator("#receipt").inner_text()) == 39
    assert server.ballots(page) == 3


def test_the_whole_survey_by_keyboard_only(visit, server):
    page = visit(**DESKTOP)
    page.goto(f"{server.url}/s/images4/")

    def press_on(name):
        for _ in range(30):
            if name in page.evaluate(FOCUSED_NAME):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{name} cannot be reached by keyboard")

    press_on("Start")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=agree]")
    press_on("agree")
    page.keyboard.press("Space")
    press_on("Continue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sound/")
    press_on("I hear it well")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instructions/")
    press_on("Begin")
    page.keyboard.press("Enter")
    for number in (1, 2, 3):
        expect(page.locator(".count")).to_have_text(f"{number} of 3")
        page.wait_for_selector("html.script")
        page.keyboard.press("Space")
        page.keyboard.press("d")
        page.keyboard.press("a")
        expect(page.locator(".next")).to_have_attribute("aria-disabled", "false")
        page.keyboard.press("Enter")
    page.wait_for_url("**/review/")
    press_on("Finish")
    page.keyboard.press("Enter")
    expect(page.locator("#receipt")).to_be_visible()
    assert server.ballots(page) == 3


def test_the_whole_survey_without_script(visit, server):
    page = visit(java_script_enabled=False)
    to_trials(page, server)
    for number in (1, 2, 3):
        assert f"{number} of 3" in page.locator(".count").inner_text()
        page.get_by_label("Image C is my 1st").check()
        if number == 2:  # an incomplete answer says what is missing and keeps what was chosen
            press(page.get_by_role("button", name="Next"))
            assert "2nd" in page.locator(".problem").inner_text()
            assert page.get_by_label("Image C is my 1st").is_checked()
        page.get_by_label("Image A is my 2nd").check()
        press(page.get_by_role("button", name="Next"))
    press(page.get_by_role("button", name="Finish"))
    assert page.locator("#receipt").is_visible()
    assert server.ballots(page) == 3


def waits_in(request) -> list[float]:
    """The seconds that an answer waited, if the request sends one."""
    sent = (request.post_data_buffer or b"").decode(errors="replace")
    return [float(age) for age in re.findall(r'name="age"\r\n\r\n([0-9.e-]+)', sent)]


def test_answers_given_in_a_minute_without_network_wait_and_are_saved(visit, server):
    page, waits = visit(), []
    page.on("requestfinished", lambda request: waits.extend(waits_in(request)))
    page.clock.install()
    to_trials(page, server)
    answer(page, 1)
    expect(page.locator(".count")).to_have_text("2 of 3")
    page.wait_for_selector("#trial[data-ahead-ready]")
    all_is_saved(page)
    page.context.set_offline(True)
    answer(page, 2)
    expect(page.locator(".count")).to_have_text("3 of 3")
    choose(page)
    page.locator(".next").click()
    expect(page.locator(".state")).to_contain_text("No connection")
    assert server.ballots(page) == 1
    page.clock.fast_forward(60_000)
    expect(page.locator(".state")).to_contain_text("No connection")
    page.evaluate("const now = Date.now; Date.now = () => now() - 3600000")  # the device's clock is set back an hour
    page.context.set_offline(False)
    page.wait_for_url("**/review/")
    assert server.ballots(page) == 3
    assert server.revisions(page) == 0
    assert server.counts(page) == [1, 2, 3]
    assert [wait > 50 for wait in waits] == [False, True, True]


def test_replies_lost_after_the_server_stored_them_make_no_second_ballot(visit, server):
    page = visit()
    to_trials(page, server)
    lost = []

    def lose(route):
        request = route.request
        if request.method == "POST" and request.url not in lost:
            lost.append(request.url)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/trial/*/", lose)
    for number in (1, 2, 3):
        answer(page, number)
    page.wait_for_url("**/review/")
    assert len(lost) == 3
    assert server.ballots(page) == 3
    assert server.revisions(page) == 0


def test_two_tabs_and_double_clicks_make_one_ballot(visit, server):
    page = visit()
    to_trials(page, server)
    other = page.context.new_page()
    other.goto(page.url)
    choose(page, "A", "B")
    choose(other, "C", "D")
    page.locator(".next").dblclick()
    expect(page.locator(".count")).to_have_text("2 of 3")
    all_is_saved(page)
    other.locator(".next").click()
    expect(other.locator(".count")).to_have_text("2 of 3")
    all_is_saved(other)
    assert server.ballots(page) == 1
    assert server.revisions(page) == 1
    assert server.counts(page) == [2]  # the two tabs count together
    page.go_back()
    page.wait_for_selector("#trial[data-trial='1'][data-answered]")
    assert page.locator("[name=first]:checked").get_attribute("value") == "C"


def test_back_and_reload_at_every_step(visit, server):
    page = visit()
    page.goto(f"{server.url}/s/images4/")
    page.reload()
    press(page.get_by_role("button", name="Start", exact=True))
    page.reload()
    page.get_by_label("I have read this").check()
    press(page.get_by_role("button", name="Continue"))
    page.go_back()
    page.reload()
    page.goto(page.url.replace("consent/", ""))
    press(page.get_by_role("button", name="I hear it well"))
    page.reload()
    press(page.get_by_role("button", name="Begin"))
    for number in (1, 2, 3):
        expect(page.locator(".count")).to_have_text(f"{number} of 3")
        page.locator("[data-letter=B] .pick").click()
        page.reload()
        expect(page.locator("[data-letter=B] .badge-first")).to_be_visible()  # an unsent choice is kept
        page.locator(".play").click()
        page.locator("[data-letter=C] .pick").click()
        expect(page.locator(".next")).to_have_attribute("aria-disabled", "false")
        page.locator(".next").click()
    page.wait_for_url("**/review/")
    press(page.get_by_role("link", name="Change the answer to piece 2"))
    page.locator("[data-letter=B] .pick").click()
    page.locator("[data-letter=A] .pick").click()
    page.locator(".next").click()
    page.wait_for_url("**/review/")
    press(page.get_by_role("button", name="Finish"))
    expect(page.locator("#receipt")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator("#receipt")).to_be_visible()
    assert server.ballots(page) == 3


TYPED_COUNTS = """
  select b.typing from study_ballot b join study_trial t on t.id = b.trial_id
  join study_participant p on p.id = t.participant_id where p.handle = ? order by t.number
"""


def test_how_a_reason_is_typed_or_pasted_is_counted_also_after_a_reload(visit, server):
    text = "the red sky and the drums fit"
    page = visit(**DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    to_trials(page, server, "reasons")
    handle = page.url.split("/")[4]
    choose(page)
    page.locator("#reason").press_sequentially(text)
    page.locator(".next").click()
    expect(page.locator(".count")).to_have_text("2 of 3")
    choose(page)
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator("#reason").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#reason")).to_have_value(text)
    page.locator(".next").click()
    expect(page.locator(".count")).to_have_text("3 of 3")
    page.locator("#reason").press_sequentially(text)
    page.reload()
    page.locator("#reason").fill("")  # as far as this browser kept the text, it is the typed one
    page.locator("#reason").press_sequentially("only")
    choose(page)
    page.locator(".next").click()
    page.wait_for_url("**/review/")
    typed, pasted, again = (json.loads(row[0]) for row in server.ask(TYPED_COUNTS, handle))
    assert (typed["pastes"], typed["inputs"], typed["largest"]) == (0, len(text), 1)
    assert (pasted["pastes"], pasted["inputs"], pasted["largest"]) == (1, 1, len(text))
    assert again["pastes"] == 0
    assert again["inputs"] >= len("only")
    sent = server.ask(
        "select page_sent_at is not null, sound_sent_at is not null, images_sent from study_trial t "
        "join study_participant p on p.id = t.participant_id where p.handle = ?",
        handle,
    )
    assert sent == [(1, 1, 0b1111)] * 3  # also of the trials that were fetched ahead
    page.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/thanks/")
    ((flags,),) = server.ask("select flags from study_participant where handle = ?", handle)
    # Whoever answers in a browser has fetched, listened, and taken the time that the browser says.
    kinds = {flag["kind"] for flag in json.loads(flags)}
    assert not kinds & {"no_page", "no_images", "impossible_time", "not_listened", "script_like"}, flags


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_has_an_accessibility_fault(visit, server, language):
    page = visit()
    faults = []

    def check():
        faults.extend((page.url.split("/", 5)[-1], fault) for fault in found_by_axe(page))

    page.goto(f"{server.url}/s/nothing/")
    check()
    page.goto(f"{server.url}/withdraw/")
    check()
    page.goto(f"{server.url}/go/")
    check()
    page.goto(f"{server.url}/s/options/")
    if language == "ko":
        press(page.get_by_role("button", name="한국어"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    check()
    go_on = page.locator("main form .button.primary")
    press(go_on)
    check()
    base = page.url.replace("consent/", "")
    page.locator("[name=agree]").check()
    press(go_on)
    check()
    page.locator("[name=training_years]").first.check()
    page.locator("[name=importance]").first.check()
    press(go_on)
    check()
    press(go_on)  # without the headphone screening, which the page asks for
    check()
    for sound in range(1, 7):
        page.locator(f"[name=quietest_{sound}]").first.check()
    press(go_on)
    check()
    press(go_on)
    for _ in range(2):
        page.wait_for_selector("#trial")
        check()
        page.locator("[data-letter=A] .enlarge").click()
        check()
        page.keyboard.press("Escape")
        choose(page)
        check()
        here = page.url
        page.locator(".next").click()
        page.wait_for_url(lambda url, here=here: url != here)
    page.wait_for_url("**/review/")
    check()
    for path in ("problem/", "withdraw/"):
        page.goto(base + path)
        check()
    page.goto(base)
    press(go_on)
    page.wait_for_url("**/thanks/")
    check()
    assert faults == []

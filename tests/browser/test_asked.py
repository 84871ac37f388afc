"""Each instrument in a real browser, by touch and by keyboard: what is missing is said, and led to."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.journey import all_is_saved
from tests.browser.surveys import DESKTOP, Server, to_trials
from tests.browser.test_console import found_by_axe

pytestmark = pytest.mark.processes


def content_of(server: Server, page: Page, number: int) -> tuple[str | None, dict]:
    """The first choice's position, and the content of the ballot with letters of positions in place of image ids."""
    rows = server.ask(
        "select t.position_order, b.first_id, b.content from study_ballot b join study_trial t on t.id = b.trial_id "
        "join study_participant p on p.id = t.participant_id where p.handle = ? and t.number = ?",
        page.url.split("/")[4],
        number,
    )
    ((order, first, content),) = rows
    letters = {str(image): "ABCDEF"[at] for at, image in enumerate(json.loads(order))}
    named = {
        key: {letters[image]: given for image, given in value.items()}
        if isinstance(value, dict)
        else [letters.get(str(one), one) for one in value]
        if isinstance(value, list)
        else value
        for key, value in json.loads(content).items()
    }
    return letters.get(str(first)), named


def tap(page: Page, name: str, value: str) -> None:
    page.locator(f"[data-row='{name}'] label:has([value='{value}'])").tap()


def begin(page: Page, server: Server, token: str) -> None:
    to_trials(page, server, token)
    page.wait_for_selector("html.script")
    page.locator(".play").click()


def go_on(page: Page, number: int) -> None:
    """Press Next, and wait until the answer is saved and the page of the trial of this number is there."""
    expect(page.locator(".state")).to_contain_text("You can go on.")
    page.locator(".next").click()
    page.wait_for_url(f"**/trial/{number}/" if number < 3 else "**/review/")
    all_is_saved(page)


def test_ratings_by_touch_say_what_is_missing_and_lead_there(visit, server):
    page = visit()
    begin(page, server, "match-and-quality")
    assert page.locator("#trial :checked").count() == 0
    expect(page.locator(".state")).to_have_text("Image A: 2 answers are missing.")
    for letter, value in zip("ABCD", "7531", strict=True):
        tap(page, f"q.match.{letter}", value)
    for letter in "ACD":
        tap(page, f"q.quality.{letter}", "4")
    missing = "Image B: 1 answer is missing."
    expect(page.locator(".state")).to_have_text(missing)
    page.evaluate("scrollTo(0, 0)")
    page.locator(".state button").tap()
    row = page.locator("[data-row='q.quality.B']")
    expect(row).to_be_in_viewport()
    expect(row).to_be_focused()
    expect(page.locator(".play")).to_be_in_viewport()  # the music stays in reach
    page.reload()  # what was entered is kept
    page.locator(".play").tap()
    expect(page.locator(".state")).to_have_text(missing)
    page.locator(".next").tap(force=True)  # "Next" leads there, too
    expect(row).to_be_in_viewport()
    assert found_by_axe(page) == []
    tap(page, "q.quality.B", "2")
    go_on(page, 2)
    ratings = {"match": dict(zip("ABCD", (7, 5, 3, 1), strict=True)), "quality": {"A": 4, "B": 2, "C": 4, "D": 4}}
    assert content_of(server, page, 1) == (None, ratings)
    page.locator("a.back").tap()
    expect(page.locator("[name='q.quality.B'][value='2']")).to_be_checked()


def test_ratings_by_keyboard(visit, server):
    page = visit(**DESKTOP)
    begin(page, server, "valence-arousal")
    page.keyboard.press("Space")  # no row has the focus: the music
    page.keyboard.press("Space")
    for digit in "9876":
        page.keyboard.press(digit)
    page.keyboard.press("ArrowUp")  # from A's arousal back to D's valence
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    for digit in "1234":
        page.keyboard.press(digit)
    page.keyboard.press("b")
    expect(page.locator("[data-row='q.valence.B']")).to_be_focused()
    page.keyboard.press("7")
    expect(page.locator(".state")).to_have_text("You can go on.")
    assert found_by_axe(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/trial/2/")
    all_is_saved(page)
    ratings = {"valence": {"A": 9, "B": 7, "C": 7, "D": 5}, "arousal": {"A": 1, "B": 2, "C": 3, "D": 4}}
    assert content_of(server, page, 1) == (None, ratings)


@pytest.mark.parametrize("by_touch", [True, False])
def test_a_pair_and_a_tie(visit, server, by_touch):
    page = visit() if by_touch else visit(**DESKTOP)
    begin(page, server, "pairs")
    expect(page.locator(".state")).to_contain_text("or say that both fit equally well")
    assert found_by_axe(page) == []
    if by_touch:
        page.locator("[data-letter=A] .pick").tap()
        page.locator(".tie").tap()
    else:
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("=")
    expect(page.locator(".choice:has([name=first]:checked)")).to_have_count(0)
    go_on(page, 2)
    page.locator(".play").click()
    if by_touch:
        page.locator(".tie").tap()
        page.locator("[data-letter=B] .pick").tap()
    else:
        page.keyboard.press("0")
        page.keyboard.press("ArrowRight")
    go_on(page, 3)
    assert [content_of(server, page, number) for number in (1, 2)] == [(None, {"pair": "tie"}), ("B", {})]


def test_only_the_images_chosen_are_rated(visit, server):
    page = visit()
    begin(page, server, "choose-and-rate")
    expect(page.locator(".asked")).to_be_hidden()
    for letter in "CA":
        page.locator(f"[data-letter={letter}] .pick").tap()
    expect(page.locator("[data-row]:visible")).to_have_count(4)
    for letter, value in (("A", "2"), ("C", "6")):
        tap(page, f"q.match.{letter}", value)
        tap(page, f"q.quality.{letter}", value)
    page.locator("[data-letter=A] .pick").tap()  # another 2nd: its ratings are missing, those of A do not count
    page.locator("[data-letter=D] .pick").tap()
    expect(page.locator(".state")).to_have_text("Image D: 2 answers are missing.")
    tap(page, "q.match.D", "1")
    tap(page, "q.quality.D", "1")
    assert found_by_axe(page) == []
    go_on(page, 2)
    ratings = {"C": 6, "D": 1}
    assert content_of(server, page, 1) == ("C", {"match": ratings, "quality": ratings})


def test_every_kind_of_question_with_sliders_that_say_nothing_until_they_are_touched(visit, server):
    page = visit(**DESKTOP)
    begin(page, server, "everything")
    page.keyboard.press("2")  # the music's category
    for letter in "dab":
        page.keyboard.press(letter)
    expect(page.locator("[data-letter=B] .badge-rank3")).to_be_visible()
    sliders = page.locator("[type=range]")
    expect(sliders).to_have_count(4)
    expect(page.get_by_text("not set yet")).to_have_count(4)
    assert sliders.first.get_attribute("aria-valuetext") == "not set yet"
    sliders.nth(0).click()  # in the middle, where it stands
    sliders.nth(1).press("ArrowRight")
    page.locator("[name='q.warmth.C'][type=number]").fill("0")
    expect(page.locator(".state")).to_have_text("Image D: 1 answer is missing.")
    page.locator("[data-row='q.warmth.D'] .cannot").click()
    page.locator("[data-row='q.shows.A'] label").nth(0).click()
    page.locator("[data-row='q.shows.A'] label").nth(2).click()
    page.locator("[name='q.why']").fill("warm strings")
    page.locator("[data-row='q.sure'] label").nth(3).click()
    assert found_by_axe(page) == []
    go_on(page, 2)
    first, content = content_of(server, page, 1)
    assert first == "D"
    assert content == {
        "choice": ["B"],
        "feeling": "calm",
        "warmth": {"A": 50, "B": 51, "C": 0, "D": None},
        "shows": {"A": ["joy", "sorrow"]},
        "why": "warm strings",
        "sure": 4,
    }


def test_one_image_at_a_time_with_a_way_back(visit, server):
    page = visit()
    begin(page, server, "alone")
    for letter in "ABCD":
        expect(page.locator(".choice:visible")).to_have_attribute("data-letter", letter)
        expect(page.locator("[data-row]:visible")).to_have_count(2)
        tap(page, f"q.match.{letter}", "3")
        page.locator(f"[data-row='q.warmth.{letter}'] .cannot").tap()
        expect(page.locator(".state")).to_contain_text("You can go on.")
        if letter == "A":
            assert found_by_axe(page) == []
        if letter == "B":
            page.get_by_role("button", name="Back to the image before").tap()
            expect(page.locator(".choice:visible")).to_have_attribute("data-letter", "A")
            tap(page, "q.match.A", "5")
            page.locator(".next").tap()
        page.locator(".next").tap()
    expect(page.locator("[data-row]:visible")).to_have_count(1)
    tap(page, "q.loudness", "2")
    go_on(page, 2)
    assert content_of(server, page, 1)[1] == {
        "match": {"A": 5, "B": 3, "C": 3, "D": 3},
        "warmth": dict.fromkeys("ABCD"),
        "loudness": 2,
    }


@pytest.mark.parametrize("token", ["match-and-quality", "valence-arousal", "pairs", "choose-and-rate", "everything"])
def test_each_preset_fits_every_screen_in_korean(visit, server, token):
    page = visit(**DESKTOP, locale="ko-KR")
    to_trials(page, server, token)
    page.wait_for_selector("html.script")
    for pick in page.locator(".pick").all()[:2]:
        pick.click()
    wrong = []
    for width, height in ((320, 568), (360, 640), (640, 360), (640, 400), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{width} × {height}: scrolls sideways")
        small = page.locator(".asked-row:visible .row-answers label").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect()).filter((box) => box.width < 24 || box.height < 44)"
            ".length"
        )
        if small:
            wrong.append(f"{width} × {height}: {small} too small to be tapped")
        ends = page.locator(".asked-row:visible:has(.row-ends)").count()
        assert page.locator(".asked-row:visible .row-ends > span:visible").count() == 2 * ends
    assert wrong == []
    assert page.locator("html").get_attribute("lang") == "ko"

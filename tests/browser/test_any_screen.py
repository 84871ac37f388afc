"""The trial on screens of every size: what is judged is large enough, uncovered, and there at once where it can be."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.journey import press
from tests.browser.surveys import DESKTOP, PHONE, to_trials
from tests.browser.test_console import found_by_axe

pytestmark = pytest.mark.processes
# Phones old and new, with the browser's own bars and without, upright and turned; tablets; desktop; desktop at 200 %.
SCREENS = [
    (320, 568),
    (360, 740),
    (390, 664),
    (390, 844),
    (568, 320),
    (667, 375),
    (844, 390),
    (768, 1024),
    (1024, 768),
    (720, 450),
    (1280, 720),
    (1440, 900),
    (1920, 1080),
]
# Six images of 40 % of the shorter side, with a way to hear, choose and go on, fit only screens of these shapes.
LONG_OR_WIDE = [(390, 844), (844, 390), (1280, 720), (1440, 900), (1920, 1080)]
MEASURE = """async () => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  const box = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const all = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).map(box);
  return {
    images: all(".picture"),
    letters: all(".letter"),
    bar: all(".bottom")[0],
    others: all(".letter, .badge, .enlarge, .ask, .player, .more, .beside, .survey-top > *"),
    targets: all(".play, .next, .enlarge, .pick"),
    width: document.documentElement.scrollWidth,
  };
}"""


def measure(page: Page, screen: tuple[int, int]) -> dict:
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page.evaluate("scrollTo(0, 0)")
    return page.evaluate(MEASURE)


def overlap(one: dict, other: dict) -> bool:
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 0.5 and down > 0.5


def faults(page: Page, screen: tuple[int, int], *, at_once: bool) -> list[str]:
    """What is wrong with the trial on this screen; `at_once`: all images have to be there without scrolling."""
    found, (width, height) = measure(page, screen), screen
    sides = [side for box in found["images"] for side in (box["right"] - box["left"], box["bottom"] - box["top"])]
    wrong = []
    if min(sides) < 0.4 * min(screen) - 0.1 or max(sides) - min(sides) > 0.1:
        wrong.append(f"images of {min(sides):.0f} to {max(sides):.0f}")
    if found["width"] > width:
        wrong.append("scrolls sideways")
    if any(overlap(image, other) for image in found["images"] for other in found["others"]):
        wrong.append("something lies on an image")
    if min(min(box["right"] - box["left"], box["bottom"] - box["top"]) for box in found["targets"]) < 40:
        wrong.append("too small to be tapped")
    if at_once and any(
        overlap(box, found["bar"]) or box["bottom"] > height or box["right"] > width
        for box in found["images"] + found["letters"]
    ):
        wrong.append("an image or its letter is not wholly visible")
    if not at_once:  # then each can be brought into view, above the bar
        for choice in page.locator(".pick").all():
            choice.focus()
            box, bar = choice.bounding_box(), page.locator(".bottom").bounding_box()
            assert box is not None
            assert bar is not None
            if box["y"] < -0.5 or box["y"] + box["height"] > height + 0.5:
                wrong.append("an image is not in view when it has the focus")
            elif box["y"] + box["height"] > bar["y"] + 1 and box["x"] < bar["x"] + bar["width"] and width < height:
                wrong.append("the bar is on an image that has the focus")
    return [f"{width} × {height}: {fault}" for fault in wrong]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_images_are_large_uncovered_and_all_there_at_once_where_the_screen_can_hold_them(visit, server, count):
    page = visit(**DESKTOP)
    to_trials(page, server, f"images{count}")
    page.wait_for_selector("html.script")
    for letter in "AB":  # with both marks
        page.locator(f"[data-letter={letter}] .pick").click()
    at_once = SCREENS if count <= 4 else LONG_OR_WIDE
    assert [fault for screen in SCREENS for fault in faults(page, screen, at_once=screen in at_once)] == []


@pytest.mark.parametrize("script", [True, False])
def test_korean_fits_as_well_and_without_script_images_are_as_large(visit, server, script):
    page = visit(**DESKTOP, locale="ko-KR", java_script_enabled=script)
    to_trials(page, server)
    assert page.locator("html").get_attribute("lang") == "ko"
    if script:
        page.wait_for_selector("html.script")
        assert [fault for screen in SCREENS for fault in faults(page, screen, at_once=True)] == []
        for screen in ((320, 568), (568, 320), (1440, 900)):
            measure(page, screen)
            assert found_by_axe(page) == [], screen
    else:
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            box = page.locator(".picture").first.bounding_box()
            assert box["width"] >= 0.4 * min(width, height) - 0.1, (width, height)


def test_a_bar_that_grows_with_its_message_covers_no_image(visit, server):
    page = visit(**DESKTOP)
    to_trials(page, server)
    page.wait_for_selector("html.script")
    page.evaluate("document.querySelector('.bottom-inner').style.minHeight = '110px'")
    assert faults(page, (390, 664), at_once=True) == []
    # The control: with the room that a short message takes, the bar is on what belongs to an image.
    page.evaluate("document.body.style.setProperty('--bar', '64px')")
    assert faults(page, (390, 664), at_once=True) == ["390 × 664: an image or its letter is not wholly visible"]


# What a screen reader is given of the status line, each time it changes, and what is seen.
WATCH_STATUS = """() => {
  const line = document.querySelector(".state");
  const heard = () => [...line.childNodes].filter((node) => node.ariaHidden !== "true").map((node) => node.textContent);
  window.heard = [heard().join("")];
  window.seen = new Set([line.innerText]);
  new MutationObserver(() => {
    const now = heard().join("");
    if (now !== window.heard.at(-1)) window.heard.push(now);
    window.seen.add(line.innerText.split("\\n")[0]);
  }).observe(line, { childList: true, characterData: true, subtree: true });
}"""


def test_the_seconds_left_to_listen_are_read_aloud_once_and_their_end(visit, server):
    page = visit()
    to_trials(page, server, "longer")
    expect(page.locator(".state")).to_have_text("Press play to hear the music.")
    page.evaluate(WATCH_STATUS)
    page.locator(".play").click()
    expect(page.locator(".state")).to_have_text("Choose your 1st.")
    heard, seen = page.evaluate("[heard, [...seen].filter((text) => text.startsWith('Listen a little longer'))]")
    assert heard == ["Press play to hear the music.", "Listen for 3 more seconds.", "Choose your 1st."]
    assert len(seen) == 3  # who sees the line sees it count: 3, 2, 1


def test_keyboard_focus_first_and_second_choice_look_different(visit, server):
    lines = """() => ["A", "B", "C"].map((letter) => {
      const choice = document.querySelector(`[data-letter=${letter}]`);
      const mark = getComputedStyle(choice.querySelector(".picture"), "::after");
      const focus = getComputedStyle(choice.querySelector(".pick"));
      return [mark.content === "none" ? "none" : mark.borderTopStyle, focus.outlineStyle];
    })"""
    for look in ({"forced_colors": "active"}, {"color_scheme": "dark"}, {}):
        page = visit(**DESKTOP, **look)
        to_trials(page, server)
        page.wait_for_selector("html.script")
        for letter in "AB":
            page.locator(f"[data-letter={letter}] .pick").click()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")  # past the button that enlarges B
        assert page.evaluate(lines) == [["solid", "none"], ["dashed", "none"], ["none", "double"]], look


def test_a_phone_reads_nothing_about_keys(visit, server):
    for options, shown in ((PHONE, False), (DESKTOP, True)):
        page = visit(**options)
        page.goto(f"{server.url}/s/images4/")
        go_on = page.locator("main form .button.primary")
        press(go_on)
        page.locator("[name=agree]").check()
        press(go_on)
        press(go_on)
        assert page.get_by_text("With a keyboard").is_visible() is shown


def test_a_long_question_leaves_the_player_in_reach(visit, server):
    page = visit(**DESKTOP)
    to_trials(page, server)
    page.evaluate("document.querySelector('#trial h1').textContent = 'Which of these images fits? '.repeat(9)")
    for screen in ((320, 568), (568, 320), (844, 390)):
        measure(page, screen)
        play, bar = page.locator(".play").bounding_box(), page.locator(".bottom").bounding_box()
        assert play["y"] + play["height"] <= bar["y"], screen

"""What researchers and participants do in the browser, as functions that tests put together."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site


def press(button: Locator) -> None:
    """Presses what leads to another page, and waits until that page is there: who reads, reloads or goes elsewhere
    at once would do it to a page that is just being left."""
    with button.page.expect_navigation():
        button.click()


# Counts what a person does with mouse and keyboard: presses of links and buttons, ticks, and fields that are filled.
COUNT_STEPS = """
  const count = () => sessionStorage.setItem("steps", 1 + Number(sessionStorage.getItem("steps")));
  document.addEventListener("click", (event) => {
    if (event.isTrusted && event.target.closest("a, button")) count();
  }, true);
  document.addEventListener("change", (event) => { if (event.isTrusted) count(); }, true);
"""


def steps_of(page: Page) -> int:
    """How many clicks and fields the page's browser has counted by `COUNT_STEPS`."""
    return int(page.evaluate("Number(sessionStorage.getItem('steps'))"))


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.url + "/console/")
    page.get_by_label("Name").fill(site.user)
    page.get_by_label("Password").fill(site.password)
    press(page.get_by_role("button", name="Sign in"))


def go_on(page: Page, step: str) -> None:
    """Presses the page's way to the next step: a link, or the button that saves first."""
    press(page.locator("main .actions").locator("a, button").filter(has_text=re.compile(rf"go on with: {step}", re.I)))


def generate(page: Page, title: str, clips: list[Path], tags: Path) -> str:
    """Creates a study, says who asks, uploads its clips and tags, and makes its images; returns the study's address.

    Each page leads to the next, up to Review.
    """
    images = 4 * len(clips)
    press(page.get_by_role("link", name="New study").first)
    page.get_by_label("Title").fill(title)
    press(page.locator("main form button.primary"))
    base = re.match(r".*/studies/[^/]+/", page.url)
    assert base is not None, page.url

    page.get_by_label("Responsible researcher").fill("Mina Kim")
    page.get_by_label("Institution").fill("University of Somewhere")
    page.get_by_label("Contact address").fill("mina@example.org")
    expect(page.get_by_label("Why there is no approval")).to_be_hidden()
    page.get_by_label("No ethics board has approved it").check()
    page.get_by_label("Why there is no approval").fill("a test")
    go_on(page, "Clips")

    page.set_input_files("input[name=files]", clips)
    expect(page.locator(".clip-list > li")).to_have_count(len(clips), timeout=240_000)
    go_on(page, "Tags")

    page.set_input_files("input[name=file]", tags)
    press(page.get_by_role("button", name="Import, and go on"))
    expect(page.get_by_text(f"Tags of {len(clips)} clips imported")).to_be_visible()

    page.get_by_role("button", name=re.compile("^(Generate|Make)")).first.click()
    expect(page.get_by_text(f"{images} of {images} images")).to_be_visible(timeout=600_000)
    go_on(page, "Review")
    expect(page.locator("main img")).to_have_count(images)
    return base.group()


def open_study(page: Page) -> str:
    """Goes on from Review, plans and opens the study; returns the participants' link, which has been copied."""
    go_on(page, "Plan")
    # A study whose participants do not have to wait: of the test alone, so not counted as a step.
    for name, value in (("grace_minutes", "0"), ("listening_minimum_seconds", "1")):
        page.locator(f"[name={name}]").evaluate("(field, value) => { field.value = value }", value)
    go_on(page, "Preview")
    go_on(page, "Open")
    page.get_by_label("I have tried the preview").check()
    press(page.get_by_role("button", name="Open the study"))
    expect(page.get_by_text("The study opens by itself")).to_be_visible()
    expect(page.get_by_text("The study is open")).to_be_visible(timeout=600_000)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return page.locator("#open-address").input_value()


def start(page: Page, link: str) -> None:
    """From the open link to the first trial."""
    page.goto(link)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="I hear it well").click()
    page.get_by_role("button", name="Begin").click()


def all_is_saved(page: Page) -> None:
    """Waits until the server has said of every answer that it is saved; the next trial may be there before."""
    page.wait_for_function("() => Object.keys(localStorage).every((key) => !key.startsWith('earsight-outbox'))")


def choose(page: Page, first: str, second: str) -> None:
    """Listens as long as the study wants, taps two images and goes on."""
    page.get_by_role("button", name="Play").click()
    for letter in (first, second):
        page.locator(f".choice[data-letter={letter}] .pick").click()
    here = page.url
    expect(page.locator("button.next")).to_be_enabled()
    page.locator("button.next").click()
    page.wait_for_url(lambda url: url != here)
    all_is_saved(page)


def answer_all(page: Page, trials: int, picks: str, wanders: bool) -> str:
    """Answers every trial; one who wanders reloads and goes back in the middle. Returns the receipt."""
    for number in range(1, trials + 1):
        expect(page).to_have_url(re.compile(rf"/trial/{number}/$"))
        choose(page, picks[0], picks[1])
        if wanders and number == 2:
            third = page.url
            page.reload()
            page.go_back()
            # Within one document the page loads itself anew when it is come back to.
            page.wait_for_selector("#trial[data-trial='2'][data-answered]")
            page.goto(re.sub(r"trial/\d+/$", "trial/2/", third))
            expect(page.locator(f".choice[data-letter={picks[0]}] input[name=first]")).to_be_checked()
            page.goto(third)
    page.get_by_role("button", name="Finish").click()
    return page.locator("#receipt").inner_text()

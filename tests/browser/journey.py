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


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.url + "/console/")
    page.get_by_label("Name").fill(site.user)
    page.get_by_label("Password").fill(site.password)
    press(page.get_by_role("button", name="Sign in"))


def generate(page: Page, title: str, clips: list[Path], tags: Path) -> str:
    """Creates a study, uploads its clips and tags, and makes its images; returns the study's address."""
    images = 4 * len(clips)
    press(page.get_by_role("link", name="New study").first)
    page.get_by_label("Title").fill(title)
    press(page.locator("main form button.primary"))
    base = re.match(r".*/studies/[^/]+/", page.url)
    assert base is not None, page.url
    study = base.group()

    page.goto(study + "clips/")
    page.set_input_files("input[name=files]", clips)
    expect(page.locator(".clip-list > li")).to_have_count(len(clips), timeout=240_000)

    page.goto(study + "tags/")
    page.set_input_files("input[name=file]", tags)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text(f"{len(clips)} of {len(clips)} clips have tags")).to_be_visible()

    page.goto(study + "generate/")
    page.get_by_role("button", name=re.compile("^(Generate|Make)")).first.click()
    expect(page.get_by_text(f"{images} of {images} images")).to_be_visible(timeout=600_000)

    page.goto(study + "review/")
    expect(page.locator("main img")).to_have_count(images)
    return study


def open_study(page: Page, study: str) -> str:
    """Says who asks, plans and opens the study; returns the participants' link."""
    page.goto(study + "describe/")
    page.get_by_label("Responsible researcher").fill("Mina Kim")
    page.get_by_label("Institution").fill("University of Somewhere")
    page.get_by_label("Contact address").fill("mina@example.org")
    expect(page.get_by_label("Why there is no approval")).to_be_hidden()
    page.get_by_label("No ethics board has approved it").check()
    page.get_by_label("Why there is no approval").fill("a test")
    press(page.locator("main form button.primary").first)

    page.goto(study + "plan/")
    page.locator("[name=grace_minutes]").fill("0")
    page.locator("[name=listening_minimum_seconds]").fill("1")
    press(page.locator("main form button.primary").first)

    page.goto(study + "open/")
    page.get_by_label("I have tried the preview").check()
    press(page.get_by_role("button", name="Open the study"))
    expect(page.get_by_text("The study opens by itself")).to_be_visible()
    expect(page.get_by_text("The study is open")).to_be_visible(timeout=600_000)
    page.get_by_role("link", name="Share the link").first.click()
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

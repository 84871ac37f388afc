"""The images of a trial: one size for all, small enough for the screen, in full when enlarged, before anything else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.surveys import DESKTOP, Server, choose, to_trials

pytestmark = pytest.mark.processes
# Of each image: its letter, its address, and its width on the screen in pixels of the device.
IMAGES = """
  [...document.querySelectorAll(".choice")].map((choice) => {
    const image = choice.querySelector("img");
    const address = image.currentSrc;
    return [choice.dataset.letter, address, image.clientWidth * devicePixelRatio];
  })
"""
LOADED = "() => [...document.querySelectorAll('.picture img')].every((image) => image.complete && image.naturalWidth)"


def image_requests(page: Page) -> list[tuple[str, str, str]]:
    """(trial's key, letter, width) of each image asked for from now on, in order; all other addresses too."""
    asked: list[tuple[str, str, str]] = []

    def note(request) -> None:
        parts = urlsplit(request.url)
        _, handle, _, key, name, *_rest = [*parts.path.split("/")[1:], "", "", "", ""]
        if "/m/" in parts.path:
            asked.append((key or handle, name, parse_qs(parts.query).get("w", [""])[0]))

    page.on("request", note)
    return asked


@pytest.mark.parametrize(
    ("window", "width"),
    [
        ({"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3}, 512),
        ({"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1}, 384),
        ({"viewport": {"width": 844, "height": 390}, "device_scale_factor": 3}, 512),
        (DESKTOP | {"device_scale_factor": 2}, 768),
        (DESKTOP | {"device_scale_factor": 1}, 384),
    ],
)
def test_all_positions_have_the_one_size_that_the_screen_needs(visit, server: Server, window, width):
    page = visit(**window)
    to_trials(page, server, "sizes")
    page.wait_for_function(LOADED)
    images = page.evaluate(IMAGES)
    assert [letter for letter, *_ in images] == ["A", "B", "C", "D"]
    assert {parse_qs(urlsplit(address).query)["w"][0] for _, address, _ in images} == {str(width)}
    assert all(shown * 0.8 < width for *_, shown in images)  # no visible loss of sharpness


@pytest.mark.parametrize(
    ("count", "window"),
    [(2, {"device_scale_factor": 3}), (3, DESKTOP | {"device_scale_factor": 2}), (6, {"device_scale_factor": 3})],
)
def test_any_number_of_images_is_sharp_and_not_much_larger_than_needed(visit, server: Server, count, window):
    page = visit(**window)
    to_trials(page, server, f"sizes{count}")
    page.wait_for_function(LOADED)
    images = page.evaluate(IMAGES)
    (width,) = {int(parse_qs(urlsplit(address).query)["w"][0]) for _, address, _ in images}
    assert len(images) == count
    needed = min(768, max(shown for *_, shown in images))
    assert 0.75 * needed < width < 1.75 * needed


def test_images_load_once_and_before_the_sound_and_the_next_trial(visit, server: Server):
    page = visit(device_scale_factor=3)
    to_trials(page, server, "sizes")
    page.wait_for_selector("#trial[data-ahead-ready]")
    slow, ahead, asked = [], [], image_requests(page)
    page.on("request", lambda request: ahead.append(request.url) if request.url.endswith("/trial/2/") else None)
    hold = lambda route: slow.append(route) if len(slow) < 4 else route.continue_()  # noqa: E731
    page.route(lambda url: "w=512" in url, hold)
    page.reload(wait_until="domcontentloaded")
    page.locator("[data-letter=A] .pick").click()  # the script runs
    expect(page.locator("[data-letter=A] .badge-first")).to_be_visible()
    assert [name for _, name, _ in asked if name != "audio"] == ["A", "B", "C", "D"]
    assert ahead == []
    for route in slow:
        route.continue_()
    page.wait_for_selector("#trial[data-ahead-ready]")
    of_images = [(key, name, width) for key, name, width in asked if name != "audio"]
    own, further = of_images[:4], of_images[4:]
    assert len({key for key, *_ in own}) == 1
    assert {width for *_, width in further} == {"512"}  # in the size that was chosen for this screen
    assert len(further) == len(set(further)) == 8  # two trials ahead
    choose(page)
    page.locator(".next").click()
    expect(page.locator(".count")).to_have_text("2 of 3")
    page.wait_for_function(LOADED)
    shown = {address[:5] for _, address, *_ in page.evaluate(IMAGES)}
    assert shown == {"blob:"}
    assert len([1 for _, name, _ in asked if name != "audio"]) == 12  # nothing was loaded twice


def test_enlarging_shows_the_full_size_and_offline_the_one_that_is_there(visit, server: Server):
    page = visit(device_scale_factor=2)
    to_trials(page, server, "sizes")
    page.wait_for_selector("#trial[data-ahead-ready]")
    asked = image_requests(page)
    large = page.locator("dialog.enlarged img")
    page.locator("[data-letter=B] .enlarge").click()
    expect(large).to_have_js_property("naturalWidth", 900)
    assert [(name, width) for _, name, width in asked] == [("B", "900")]
    page.context.set_offline(True)
    page.get_by_role("button", name="Next image").click()
    expect(large).to_have_js_property("naturalWidth", 384)
    expect(large).to_have_attribute("alt", "Image C")
    page.get_by_role("button", name="Close").click()
    page.context.set_offline(False)


def test_a_browser_decodes_what_fills_the_files_up(visit, server: Server):
    """Files of one width have one length, and the pixels are those of the picture."""
    page = visit(device_scale_factor=3)
    to_trials(page, server, "sizes")
    page.wait_for_function(LOADED)
    lengths = page.evaluate(
        """async () => {
          const images = [...document.querySelectorAll(".picture img")];
          const files = await Promise.all(images.map(async (i) => (await fetch(i.currentSrc)).blob()));
          return Promise.all(files.map(async (file) => [file.size, (await createImageBitmap(file)).width]));
        }"""
    )
    assert len(lengths) == 4
    assert len(set(map(tuple, lengths))) == 1
    assert lengths[0][1] == 512
    colours = page.evaluate(
        """() => [...document.querySelectorAll(".picture img")].map((image) => {
          const canvas = new OffscreenCanvas(8, 8).getContext("2d");
          canvas.drawImage(image, 0, 0, 8, 8);
          return canvas.getImageData(0, 0, 8, 8).data.join();
        })"""
    )
    assert len(set(colours)) == 4

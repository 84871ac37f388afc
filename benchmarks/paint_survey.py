"""Measure how soon a trial's images are there on a slow phone, and how much is loaded for them.

    python benchmarks/paint_survey.py [--size 512] [--before CHECKOUT] [--rounds 3]

Opens a study of sketch pictures with clips of 20 s, serves it as in production, and loads its first trial with an empty
cache in Chromium as a phone (390 × 844, 3 dots a pixel) on Fast 3G (DevTools: 1.47 Mbit/s, 562 ms). With `--before`,
another checkout serves a copy of the same data, in turns. Prints times in ms and bytes as sent.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from load_server import ROOT
from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.processes import wait_until_served, web_command

FAST_3G = {"offline": False, "latency": 562.5, "downloadThroughput": 184_320, "uploadThroughput": 84_375}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
    "bypass_csp": True,  # else the page lets no function wait in it
}
PROMPTS = (
    "rock guitar drums fast loud male vocal",
    "slow soft piano classical quiet",
    "techno electronic beat synth",
    "choir church strings ambient",
)
PREPARE = """
import io, sys
import django; django.setup()
from django.core.files.base import ContentFile
from django.core.management import call_command
call_command("migrate", verbosity=0)
from generation.painting.options import SketchOptions
from generation.painting.sketch import SketchPainter
from study.models import Stimulus
from tests.factories import make_study, open_with_images
size, prompts = int(sys.argv[1]), sys.argv[2:]
study = make_study(clips=4, seconds=20.0, open_link_token="paint")
for clip in study.clips.all():
    painted = SketchPainter(SketchOptions(size=size)).paint(prompts, seed=clip.number)
    for stimulus, picture in zip(clip.stimuli.all(), painted.images, strict=True):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=6)
        stimulus.image.save("image.png", ContentFile(buffer.getvalue()), save=False)
        stimulus.width = stimulus.height = size
        stimulus.save()
open_with_images(study)
"""
# Times of the page in ms since the navigation began, and the largest paint with its element.
TIMES = """
() => new Promise((resolve) => new PerformanceObserver((list) => {
  const paint = list.getEntries().at(-1);
  const images = [...document.querySelectorAll(".picture img")].map((image) => image.currentSrc);
  const ends = images.map((address) => performance.getEntriesByName(address)[0].responseEnd);
  resolve({
    first_byte: performance.getEntriesByType("navigation")[0].responseStart,
    largest_paint: paint.startTime,
    element: paint.element?.tagName ?? "",
    all_images: Math.max(...ends),
  });
}).observe({ type: "largest-contentful-paint", buffered: true }))
"""
FIRST_BYTE = """
async (address) => {
  const url = new URL(address, location.href);
  url.searchParams.set("n", crypto.randomUUID());
  await (await fetch(url)).arrayBuffer();
  const timing = performance.getEntriesByName(url.href)[0];
  performance.clearResourceTimings();
  return timing.responseStart - timing.requestStart;
}
"""


def run(checkout: Path, data: Path, *command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=checkout, env=environment(checkout, data), check=True)


def environment(checkout: Path, data: Path) -> dict[str, str]:
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "EARSIGHT_DATA": str(data), "PYTHONPATH": str(checkout)}
    return os.environ | own | {"EARSIGHT_LOG_LEVEL": "ERROR"}


@contextmanager
def served(checkout: Path, data: Path, port: int) -> Iterator[str]:
    """Serve a checkout's code with its static files."""
    run(checkout, data, "manage.py", "compile_translations", "--verbosity", "0")
    run(checkout, data, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    command = [*web_command(port), "--log-level", "error"]
    server = subprocess.Popen(command, cwd=checkout, env=environment(checkout, data))
    try:
        wait_until_served(f"http://127.0.0.1:{port}/s/paint/", 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def to_first_trial(page: Page, site: str) -> None:
    page.goto(f"{site}/s/paint/")
    page.locator("main form .button.primary").click()
    page.locator("[name=agree]").check()
    while not page.locator("#trial").count():
        page.locator("main form .button.primary").first.click()
        page.wait_for_load_state()
    page.wait_for_selector("#trial[data-ahead-ready]")


def load_slowly(page: Page) -> dict[str, Any]:
    """Load the trial with an empty cache on Fast 3G; return its times and bytes."""
    session = page.context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sent: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: kinds.__setitem__(event["requestId"], event["type"]))

    def count(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        sent[kind] = sent.get(kind, 0) + int(event["encodedDataLength"])

    session.on("Network.loadingFinished", count)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send("Network.emulateNetworkConditions", FAST_3G)
    page.reload(wait_until="commit")
    page.wait_for_function(
        "[...document.querySelectorAll('.picture img')].filter((i) => i.complete && i.naturalWidth).length === 4",
        timeout=120_000,
    )
    page.wait_for_timeout(300)  # for the paint after the last image
    result = page.evaluate(TIMES)
    result |= {"image_bytes": sent.get("Image", 0), "page_bytes": sum(sent.values()) - sent.get("Media", 0)}
    session.send("Network.emulateNetworkConditions", FAST_3G | {"latency": 0, "downloadThroughput": -1})
    session.detach()
    return result


def measure(browser: Browser, sites: dict[str, str], rounds: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in sites}
    first_bytes: dict[str, dict[str, list[float]]] = {name: {"trial": [], "image": []} for name in sites}
    for _ in range(rounds):
        for name, site in sites.items():
            page = browser.new_context(**PHONE).new_page()
            page.set_default_timeout(120_000)
            to_first_trial(page, site)
            found[name].append(load_slowly(page))
            page.context.close()
    pages = {name: browser.new_context(**PHONE).new_page() for name in sites}
    for name, site in sites.items():
        to_first_trial(pages[name], site)
    for _ in range(40):
        for name, page in pages.items():
            image = page.locator(".picture img").first.evaluate("(image) => image.currentSrc")
            for kind, address in (("trial", page.url), ("image", image)):
                first_bytes[name][kind].append(page.evaluate(FIRST_BYTE, address))
    return {name: summary(found[name], first_bytes[name]) for name in sites}


def summary(loads: list[dict[str, Any]], first_bytes: dict[str, list[float]]) -> dict[str, Any]:
    """The median of each number."""
    numbers = [name for name in loads[0] if name != "element"]
    return (
        {"largest_paint_is": sorted({load["element"] for load in loads})}
        | {name: round(statistics.median(load[name] for load in loads)) for name in numbers}
        | {f"first_byte_of_{kind}_ms": round(statistics.median(own), 1) for kind, own in first_bytes.items()}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="width and height of the pictures in pixels")
    parser.add_argument("--before", type=Path, help="another checkout, to measure in turns")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=8991)
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    checkouts = ({"before": options.before.resolve()} if options.before else {}) | {"now": ROOT}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        data = Path(folder) / "now"
        data.mkdir()
        run(ROOT, data, "-c", PREPARE, str(options.size), *PROMPTS)
        if options.before:
            shutil.copytree(data, Path(folder) / "before")
        sites = {
            name: servers.enter_context(served(checkout, Path(folder) / name, options.port + place))
            for place, (name, checkout) in enumerate(checkouts.items())
        }
        browser = servers.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--mute-audio"]
        )
        print(json.dumps(measure(browser, sites, options.rounds), indent=2))


if __name__ == "__main__":
    main()

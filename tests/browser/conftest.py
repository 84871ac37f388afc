"""A real Chromium for the browser tests."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.services import missing

# Without these Chromium looks for its maker's hosts at every start.
QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
SOUND = ["--autoplay-policy=no-user-gesture-required", "--mute-audio"]
# Milliseconds that a page may take, however slow the machine; what takes longer says so where it waits.
PATIENCE = 60_000


def make_patient(browser: Browser) -> None:
    """Has every window of the browser wait as long as the machine may need."""
    new_context = browser.new_context

    def patient(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = patient  # type: ignore[method-assign]
    expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; without one the tests skip on a laptop and fail on CI."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("no Chromium here; install it with: sudo apt-get install chromium")
    # Playwright's loop runs in this thread, and Django's ORM refuses to work beside a loop unless allowed.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *SOUND])
        make_patient(browser)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]

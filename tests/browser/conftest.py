"""A real Chromium for the browser tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.surveys import PHONE, Server, running_survey
from tests.services import missing

# The first one draws the same pages, and a window of it costs a fifth of one of a whole browser without a screen.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
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
    path = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if path is None:
        missing("no Chromium here; install it with: sudo apt-get install chromium-headless-shell")
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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One survey for all tests of its pages: each test takes part as a new person."""
    is_one_of_several = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent / "survey" if is_one_of_several else None
    with running_survey(tmp_path_factory.mktemp("survey"), shared) as survey:
        yield survey


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens a window, of a phone unless told otherwise; script errors fail the test."""
    contexts, errors = [], []

    def open_window(**options: Any) -> Page:
        context = chromium.new_context(**{"locale": "en-GB", **PHONE, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []

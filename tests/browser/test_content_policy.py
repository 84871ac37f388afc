"""The content policy as a browser enforces it: no page of the survey breaks it, and what somebody smuggles in does.

`test_every_page.py` watches the pages of the console.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from study.models import Study
from tests.browser.test_console import DESKTOP, signed_in
from tests.factories import UserFactory, make_open_study

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def refused() -> list[str]:
    """What the browser would not do, page by page."""
    return []


def watch(page: Page, refused: list[str]) -> None:
    """Note what the browser will not do, and the errors of scripts."""

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Permissions-Policy" in message.text:
            refused.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: refused.append(f"{page.url}: {error}"))


@pytest.fixture
def page(chromium: Browser, live_server: Any, transactional_db: None, refused: list[str]) -> Page:
    UserFactory(username="mina")
    page = signed_in(chromium, live_server.url, DESKTOP)
    watch(page, refused)
    return page


def test_no_page_of_the_survey_breaks_it(page: Page, refused: list[str]) -> None:
    study = make_open_study(clips=1, sound_check=True)
    page.goto(f"/s/{study.open_link_token}/")
    page.click("form.start button.primary, main form button.primary")
    for step in ("consent", "sound", "instructions"):
        page.wait_for_url(f"**/{step}/")
        if step == "consent":
            page.check("[name=agree]")
        page.click("main button.primary")
    page.wait_for_url("**/trial/1/")
    page.locator(".picture img").first.wait_for()
    assert Study.objects.get(pk=study.pk).participants.count() == 1
    assert refused == []


@pytest.mark.parametrize(
    "smuggled",
    [
        "document.body.setAttribute('style', 'color: red')",
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))",
        "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p {color: red}'}))",
        "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x.png'}))",
        "document.body.append(Object.assign(document.createElement('iframe'), {src: 'https://evil.example/'}))",
        "fetch('https://evil.example/').catch(() => 0)",
    ],
)
def test_what_is_smuggled_into_a_page_is_refused(page: Page, refused: list[str], smuggled: str) -> None:
    """The control, and the point: a hole in one template gives nobody a script, a style or a way out."""
    page.evaluate(smuggled)
    for _ in range(1500):
        if refused:
            break
        page.wait_for_timeout(20)
    assert refused

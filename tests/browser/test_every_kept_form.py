"""Each form of the console in a browser: left and come back to, loaded again, without connection, signed out, twice.

`kept_forms.FORMS` names every form with `{% kept %}`; one that is not named fails the first test. Those that stand for
others by their mechanism are tried each time, all of them by `make forms`.
"""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from study.models import Study
from tests.browser.journey import press
from tests.browser.kept_forms import FORMS, FROM_A_FILE, Kept
from tests.browser.test_console import faults
from tests.browser.test_kept_forms import KEPT
from tests.config.addresses import browser
from tests.config.fuzz.page_forms import form_with
from tests.config.test_kept_forms import CASES, forms_in_templates, study_for
from tests.factories import UserFactory

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
IS_FULL = os.environ.get("EARSIGHT_FORMS_TEST") == "full"
TRIED = {f"{form.page} {form.field}{form.where}": form for form in FORMS if IS_FULL or form.stands_for}


def test_every_kept_form_is_named() -> None:
    kept = Counter(name for name, _form in forms_in_templates(re.compile("{% kept")))
    assert Counter([*(form.template for form in FORMS), *FROM_A_FILE]) == kept


OPEN_AROUND = """(form) => {
  for (let part = form.parentElement; part; part = part.parentElement) if (part.matches("details")) part.open = true;
}"""


class Window:
    """A window on the page of a form."""

    def __init__(self, page: Page, form: Kept, url: str) -> None:
        self.page, self.kept, self.url = page, form, url

    @property
    def form(self) -> Locator:
        return self.page.locator(self.kept.css)

    def open(self) -> None:
        self.page.goto(self.url)
        self.form.evaluate(OPEN_AROUND)

    def type(self, value: str) -> None:
        field = self.form.locator(f'[name="{self.kept.field}"]')
        kind = field.first.evaluate("(field) => field.type")
        if self.kept.field == "tags":
            for cross in self.form.get_by_role("button", name="Remove").all():
                cross.click()
            self.form.locator(".chip-editor input").fill(value)
        elif kind == "select-one":
            field.select_option(value)
        elif kind == "radio":
            self.form.locator(f'[name="{self.kept.field}"][value="{value}"]').check()
        else:
            field.fill(value)

    def save(self) -> Locator:
        for box in self.form.locator("[name=confirmed]").all():
            box.check()
        for why in self.form.locator("[name=reason]").all() if self.kept.field != "reason" else ():
            why.fill("a reason")
        return self.form.locator(self.kept.save).first

    def save_at_last(self) -> None:
        """Saves, and waits until nothing is kept any more, on the page that follows."""
        self.page.evaluate("window.isLeft = true")
        self.save().click()
        is_next = "true" if self.kept.stays else "!window.isLeft && document.readyState === 'complete'"
        self.page.wait_for_function(f"() => {is_next} && {KEPT} === 0")

    def holds(self, value: str) -> None:
        """Waits until the field has the value."""
        self.page.wait_for_function(
            "([css, name, value]) => document.querySelector(css)?.elements[name]?.value === value",
            arg=[self.kept.css, self.kept.field, value],
        )

    def value(self) -> str:
        return self.form.evaluate("(form, name) => form.elements[name].value", self.kept.field)

    def is_there_or_offered(self) -> None:
        if self.value() != self.kept.typed:
            self.form.get_by_role("button", name="Put it back").click()
        self.holds(self.kept.typed)

    def says(self, text: str) -> None:
        expect(self.page.locator(self.kept.messages).filter(has_text=text)).to_be_visible()
        self.holds(self.kept.typed)


@pytest.fixture(scope="module")
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    """One browser for all forms: it loads the styles and scripts once."""
    made = chromium.new_context(base_url=live_server.url, locale="en")
    yield made
    made.close()


@contextlib.contextmanager
def no_connection(context: BrowserContext) -> Iterator[None]:
    """Cut the browser off; connect it again after a failure too, or every form tried after it would fail."""
    context.set_offline(True)
    try:
        yield
    finally:
        context.set_offline(False)


def sign_in(page: Page, user: Any, url: str) -> None:
    key = browser(user).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])


@pytest.mark.parametrize("form", TRIED.values(), ids=TRIED)
def test_nothing_typed_is_lost(context: BrowserContext, live_server: Any, form: Kept) -> None:
    user, other = UserFactory(username="ada"), UserFactory(username="mina")
    case = next((case for case in CASES if (case.page, case.field) == (form.page, form.field)), CASES[0])
    study = study_for(case, (user, other))
    form.prepare(study)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, user, live_server.url)
    window = Window(page, form, form.url(study))
    window.open()
    window.type(form.typed)

    # To another page and back, then loaded again, and once more before it is put back.
    page.goto(reverse("glossary"))
    page.go_back()
    window.is_there_or_offered()
    for _time in range(2):
        page.reload()
        expect(window.form.get_by_role("button", name="Put it back")).to_be_visible()
    window.is_there_or_offered()

    with no_connection(context):
        window.save().click()
        window.says(form.away)

    # Signed out.
    Session.objects.all().delete()
    window.save().click()
    window.says(form.signed_out)
    if form.messages == "[data-kept-notice]":
        to = page.locator(form.messages).get_by_role("link", name="Sign in").get_attribute("href")
        assert to == f"{reverse('sign_in')}?next={quote(window.url, safe='')}"
    sign_in(page, user, live_server.url)
    page.goto(window.url)
    window.is_there_or_offered()

    # Another window has saved meanwhile.
    if form.other:
        client = browser(user)
        theirs = form_with(client, window.url, form.field)
        by = {"do": "save"} if "do" in theirs.fields and "save" in theirs.fields["do"].choices else {}
        assert client.post(theirs.action, theirs.sent(**{form.field: form.other}, **by)).status_code == 302
        window.save().click()
        expect(window.form).to_contain_text(form.asks)
        window.holds(form.typed)
        for mine in window.form.locator('[name^="choice-of-"][value^="mine"]').all():
            mine.check()
    window.save_at_last()
    if form.stored:
        study.refresh_from_db()
        assert form.stored(study)
    page.goto(window.url)
    assert page.locator("[data-kept-notice]").count() == 0
    if not form.stored:
        assert window.value() == form.typed
    assert errors == []
    page.close()


AGE = "questions:\n  - {key: age, type: text, text: {en: Age"


def test_what_has_no_field_any_more_is_shown_to_be_copied(context: BrowserContext, live_server: Any) -> None:
    """A colleague removes the questions that a quota and a group name."""
    user, other = UserFactory(username="ada"), UserFactory(username="mina")
    study = study_for(CASES[0], (user, other))
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, user, live_server.url)
    url = reverse("study_questions", args=[study.slug])
    page.goto(url)
    page.locator("[name=limit_0]").fill("77")
    page.locator("[name=device]").check()
    page.locator('[name="before_hours:cuts"]').fill("2, 3")
    Study.objects.filter(pk=study.pk).update(questions_before="", quotas=[], plan={})

    page.goto(url)
    quotas, groups = page.locator("main > [data-kept-notice]"), page.locator("#groups [data-kept-notice]")
    expect(quotas).to_contain_text("the page no longer has a place for it")
    expect(quotas.locator("dl")).to_contain_text("77")
    groups.get_by_role("button", name="Put it back").click()
    expect(page.locator("[name=device]")).to_be_checked()
    expect(groups.locator("dd").filter(has_text="2, 3")).to_be_visible()
    assert faults(page) == []
    # It is there until it is forgotten, also when more is typed.
    page.locator("[name=device]").uncheck()
    page.goto(url)
    expect(groups.locator("dd").filter(has_text="2, 3")).to_be_visible()
    for notice in (quotas, groups):
        notice.get_by_role("button", name="Forget it").click()
    page.goto(url)
    assert page.locator("[data-kept-notice]").count() == 0
    assert page.evaluate(KEPT) == 0

    # A question, whose page the server makes of what was typed, when the study has lost a language.
    Study.objects.filter(pk=study.pk).update(languages=["en", "ko"], questions_before=AGE + ", ko: 나이}}")
    page.goto(reverse("question_edit", args=[study.slug, "before", "age"]))
    page.locator("[name=text_en]").fill("How old?")
    page.locator("[name=text_ko]").fill("몇 살?")
    Study.objects.filter(pk=study.pk).update(languages=["en"], questions_before=AGE + "}}")
    page.reload()
    press(page.get_by_role("button", name="Put it back"))
    expect(page.locator("[name=text_en]")).to_have_value("How old?")
    expect(page.locator("[data-kept-notice] dl")).to_contain_text("몇 살?")
    page.close()

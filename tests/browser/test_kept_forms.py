"""The script of the console's forms: what was typed is not lost, whatever happens to the connection or the sign-in."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from study.models import Study
from tests.browser.journey import press
from tests.factories import PASSWORD, StudyFactory, UserFactory

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
KEPT = "Object.keys(sessionStorage).filter((name) => name.startsWith('earsight-typed')).length"


def sign_in(page: Page, name: str = "mina") -> None:
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    press(page.locator("main button.primary"))


def test_what_was_typed_outlives_a_lost_connection_and_an_ended_sign_in(chromium: Browser, live_server: Any) -> None:
    study = StudyFactory(owner=UserFactory(username="mina"), title="Before", description="")
    UserFactory(username="eve")
    page = chromium.new_context(base_url=live_server.url).new_page()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.on("pageerror", lambda error: asked.append(str(error)))
    describe = reverse("study_describe", args=[study.slug])
    page.goto(describe)
    sign_in(page)
    title, notice = page.get_by_label("Title"), page.locator("[data-kept-notice]")
    save = page.get_by_role("button", name="Save", exact=True)

    # A link is followed only if the person says so; not asked once the text is as it was.
    title.fill("After")
    page.get_by_role("link", name="All studies").click(no_wait_after=True)
    expect(title).to_have_value("After")
    page.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    title.fill("Before")
    press(page.get_by_role("link", name="All studies"))
    page.goto(describe)
    assert asked == ["beforeunload"]

    # No connection, then a busy server: the page stays.
    title.fill("After")
    page.context.set_offline(True)
    save.click()
    expect(notice).to_contain_text("the server does not answer")
    page.context.set_offline(False)
    page.route(f"**{describe}", lambda route: route.fulfill(status=503, body="{}", content_type="application/json"))
    save.click()
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    expect(notice).to_contain_text("the server does not answer")
    page.unroute(f"**{describe}")
    expect(title).to_have_value("After")
    assert Study.objects.get().title == "Before"

    # The sign-in has ended: not even another account finds the text, and it is there for the one who typed it.
    Session.objects.all().delete()
    save.click()
    expect(notice).to_contain_text("no longer signed in")
    press(notice.get_by_role("link", name="Sign in"))
    sign_in(page)
    expect(title).to_have_value("Before")
    page.get_by_role("button", name="Put it back").click()
    expect(title).to_have_value("After")
    page.get_by_label("Description").fill("Typed later")
    page.wait_for_function(f"() => {KEPT} === 1")
    press(page.get_by_role("button", name="Save, and go on"))
    assert page.url.endswith(reverse("study_clips", args=[study.slug]))
    stored = Study.objects.get()
    assert (stored.title, stored.description) == ("After", "Typed later")
    assert page.evaluate(KEPT) == 0

    # Back shows what is stored.
    Study.objects.update(title="Of a colleague")
    page.go_back()
    expect(title).to_have_value("Of a colleague")
    expect(notice).to_have_count(0)

    # A form that is refused comes back with what was typed; loading the page again sends nothing.
    title.fill("")
    press(save)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    page.get_by_label("Description").fill("Typed last")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.method))
    page.remove_listener("dialog", stay)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    assert "POST" not in posts
    page.get_by_role("button", name="Put it back").click()
    expect(title).to_have_value("")
    expect(page.get_by_label("Description")).to_have_value("Typed last")

    # The link of an invitation is on the page that answers, and nowhere else.
    page.goto(reverse("study_members", args=[study.slug]))
    page.locator("#id_name").fill("guest@example.org")
    press(page.get_by_role("button", name="Share", exact=True))
    expect(page.locator("input[value*='/console/invitation/']")).to_have_count(1)

    # Signing out forgets what was typed.
    assert page.evaluate(KEPT) == 1
    press(page.get_by_role("button", name="Sign out"))
    assert page.evaluate(KEPT) == 0
    assert asked == ["beforeunload"]


def test_what_is_offered_is_kept_until_it_is_put_back_or_forgotten(chromium: Browser, live_server: Any) -> None:
    study = StudyFactory(owner=UserFactory(username="mina"), title="Before", description="")
    page = chromium.new_context(base_url=live_server.url).new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(reverse("study_describe", args=[study.slug]))
    sign_in(page)
    title, description = page.get_by_label("Title"), page.get_by_label("Description")
    offer = page.locator("[data-kept-notice=found]")
    title.fill("After")
    page.reload()

    # Something else is typed meanwhile, and the connection is lost.
    description.fill("Typed later")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-kept-notice=away]")).to_be_visible()
    page.context.set_offline(False)
    expect(offer).to_be_visible()
    page.reload()
    expect(title).to_have_value("Before")
    offer.get_by_role("button", name="Put it back").click()
    expect(title).to_have_value("After")
    expect(description).to_have_value("Typed later")

    # What is forgotten is what was offered, not what was typed since.
    page.reload()
    description.fill("Typed last")
    offer.get_by_role("button", name="Forget it").click()
    page.reload()
    offer.get_by_role("button", name="Put it back").click()
    expect(title).to_have_value("Before")
    expect(description).to_have_value("Typed last")

    # A form that the browser sends asks for the server each time, also after it was held back by what is no address.
    page.goto(reverse("account"))
    asked: list[Route] = []
    page.route(f"**{reverse('account')}", lambda route: asked.append(route), times=1)
    form, address = page.locator("form[data-kept]"), page.locator("[name=email]")
    address.fill("mina@example.org")
    form.get_by_role("button").click()
    expect(page.locator("form[aria-busy]")).to_have_count(1)
    address.fill("mina")
    asked[0].continue_()
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    address.fill("mina@example.org")
    page.context.set_offline(True)
    form.get_by_role("button").click()
    expect(page.locator("[data-kept-notice=away]")).to_be_visible()

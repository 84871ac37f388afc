"""No answer is lost, and the page says what is the matter: lost cookies, full storage, a busy server, a refusal."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.journey import all_is_saved
from tests.browser.surveys import choose, to_trials

pytestmark = pytest.mark.processes
# What waits in the browser's storage; "own link" in another tab sends it as well.
STORED = """Object.keys(localStorage).filter((name) => name.startsWith("earsight-outbox")).length"""
FULL_STORAGE = """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };"""


def answers_with(status, body, **headers):
    """A server that answers a submission so, as a route of Playwright; `sent` counts the submissions."""
    sent = []

    def handle(route):
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(route.request.url)
        route.fulfill(status=status, body=json.dumps(body), headers={"Content-Type": "application/json", **headers})

    return handle, sent


def test_an_answer_from_a_browser_without_its_cookies_waits_for_the_own_link(visit, server):
    page = visit()
    to_trials(page, server)
    choose(page)
    page.context.clear_cookies()
    page.locator(".next").click()
    expect(page.locator(".state")).to_contain_text("no longer knows who you are")
    expect(page.locator(".state")).not_to_contain_text("No connection")
    assert server.ballots(page) == 0
    assert page.evaluate(STORED) == 1
    page.get_by_role("link", name="open your own link").click()
    page.wait_for_selector("#trial[data-trial='2']")
    assert server.ballots(page) == 1


@pytest.mark.parametrize("storage", ["full", "emptied"])
def test_an_answer_that_the_browser_cannot_store_is_kept_by_the_page(visit, server, storage):
    page = visit()
    if storage == "full":
        page.add_init_script(FULL_STORAGE)
    to_trials(page, server)
    choose(page)
    page.wait_for_selector("#trial[data-ahead-ready]")
    page.context.set_offline(True)
    page.locator(".next").click()
    if storage == "full":  # the page stays, because nothing else has the answer
        expect(page.locator(".state")).to_contain_text("keep this page open")
        expect(page.locator(".count")).to_have_text("1 of 3")
    else:
        expect(page.locator(".count")).to_have_text("2 of 3")
        page.evaluate("localStorage.clear()")
    assert server.ballots(page) == 0
    page.context.set_offline(False)
    expect(page.locator(".count")).to_have_text("2 of 3")
    expect(page.locator(".state")).to_have_text("Press play to hear the music.")
    assert server.ballots(page) == 1


def test_a_busy_server_is_asked_again_when_it_said(visit, server):
    page = visit()
    page.clock.install()
    to_trials(page, server)
    choose(page)
    handle, sent = answers_with(503, {"retry": True, "message": "Much to do here."}, **{"Retry-After": "60"})
    page.route("**/trial/1/", handle)
    page.locator(".next").click()
    expect(page.locator(".state")).to_have_text("Much to do here.")
    page.clock.run_for(20_000)
    assert len(sent) == 1
    assert page.evaluate(STORED) == 1
    page.unroute("**/trial/1/")
    page.clock.run_for(60_000)
    all_is_saved(page)
    assert server.ballots(page) == 1


@pytest.mark.parametrize(("status", "body"), [(500, "<h1>Fault</h1>"), (403, "<h1>Forbidden</h1>"), (422, "{}")])
def test_an_answer_that_meets_a_fault_waits_and_is_not_said_to_lack_a_connection(visit, server, status, body):
    page = visit()
    to_trials(page, server)
    choose(page)
    page.route("**/trial/1/", lambda route: route.fulfill(status=status, body=body, content_type="text/html"))
    page.locator(".next").click()
    expect(page.locator(".state")).to_contain_text("The server could not save your answer")
    assert page.evaluate(STORED) == 1
    page.unroute("**/trial/1/")
    all_is_saved(page)
    assert server.ballots(page) == 1


def test_an_answer_that_is_refused_for_good_is_said_not_to_be_stored(visit, server):
    page = visit()
    to_trials(page, server)
    choose(page)
    handle, _sent = answers_with(409, {"saved": False, "final": True, "error": "You have finished this study."})
    page.route("**/trial/1/", handle)
    page.wait_for_selector("#trial[data-ahead-ready]")
    page.locator(".next").click()
    expect(page.locator(".state")).to_contain_text("You have finished this study. This answer was not stored.")
    page.unroute("**/trial/1/")
    page.locator(".next").click()
    expect(page.locator(".state")).not_to_contain_text("not stored")
    expect(page.locator(".count")).to_have_text("1 of 3")


def test_an_answer_that_is_refused_after_the_page_has_gone_on_brings_it_back_with_the_reason(visit, server):
    page = visit()
    to_trials(page, server)
    page.wait_for_selector("#trial[data-ahead-ready]")
    choose(page)
    page.context.set_offline(True)
    page.locator(".next").click()
    expect(page.locator(".count")).to_have_text("2 of 3")
    handle, sent = answers_with(422, {"saved": False, "error": "Please choose again."})
    page.route("**/trial/1/", handle)
    page.context.set_offline(False)
    expect(page.locator(".count")).to_have_text("1 of 3")
    expect(page.locator(".state")).to_have_text("Please choose again.")
    assert len(sent) == 1
    page.unroute("**/trial/1/")
    choose(page, "A", "D")
    page.locator(".next").click()
    expect(page.locator(".count")).to_have_text("2 of 3")
    assert server.ballots(page) == 1

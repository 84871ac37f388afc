"""What nobody should send: text that no database can store, numbers without end, forms that cannot be read.

These tests also run on PostgreSQL, which refuses what SQLite takes (tests/study/ballots/test_postgresql.py).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as project
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

from config.requests.edge import RequestEdgeMiddleware
from config.wsgi import application
from study.models import Event, ProblemReport
from study.web.http import sent_json
from tests.config.addresses import METHODS, browser
from tests.factories import PASSWORD, UserFactory, make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
EDGE = "config.requests.edge.RequestEdgeMiddleware"
BAD = "a\x00b\x07c\x85d\ufffee"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def visit() -> Visit:
    visit = Visit(make_open_study(clips=1, ask_reason=True))
    visit.client.raise_request_exception = False
    return visit


def reason_in_log(text: str) -> str | None:
    """Pause a study for this reason; return the reason in its log, or None if the request failed."""
    study = make_open_study(clips=1)
    client = browser(study.owner, raise_request_exception=False)
    answer = client.post(f"/console/studies/{study.slug}/open/pause/", {"reason": text})
    return study.log.get(action="paused").reason if answer.status_code == 302 else None


def test_no_text_holds_what_a_database_refuses() -> None:
    assert reason_in_log(BAD) == "abcde"
    assert reason_in_log("좋아요 👍🏽\tß \u200fx") == "좋아요 👍🏽\tß \u200fx"


@pytest.mark.django_db(transaction=True)
def test_without_the_edge_such_text_fails_or_is_stored(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in project.MIDDLEWARE if name != EDGE]
    assert reason_in_log("a\x00b") == (None if connection.vendor == "postgresql" else "a\x00b")


def test_forms_files_queries_and_cookies_are_clean_however_they_are_read() -> None:
    requests = RequestFactory()
    requests.cookies["earsight_session"] = "a\x00b"  # sent as "a\000b"
    seen = []

    def view(request: Any) -> Any:
        seen.append([*request.POST.items(), *request.GET.items(), *request.COOKIES.items(), *request.FILES.items()])

    data = {"x\x00": ["1\x00", "2"], "y": "3"}
    for content in ({"data": data}, {"data": "x%00=1%00&x=2&y=3", "content_type": "application/x-www-form-urlencoded"}):
        RequestEdgeMiddleware(view)(requests.post("/?q%00=%00z", **content))
        assert seen.pop() == [("x", "2"), ("y", "3"), ("q", "z"), ("earsight_session", "ab")]


def test_every_page_of_the_survey_takes_such_text() -> None:
    visit = Visit(make_open_study(clips=1, ask_reason=True, headphone_check=True))
    visit.post("consent/", {"agree": "on" + BAD, "x" + BAD: BAD})
    visit.post("sound/", {"heard": "yes\x00", **{f"quietest_{n}": "1\x00" for n in range(1, 7)}})
    assert visit.participant.answers["sound"]["heard"] == "yes"
    visit.post("instructions/")
    assert visit.answer(1, reason=BAD, typing='{"pastes": 1e400}').status_code == 303
    assert visit.post("problem/", {"text": BAD, "page": "trial " + "9" * 5000}).status_code == 303
    assert (ProblemReport.objects.get().text, ProblemReport.objects.get().page) == ("abcde", "survey")
    assert visit.client.get(f"/q/%00{visit.base}").status_code == 404
    assert visit.client.get("/s/a%00b/").status_code == 404


def test_sent_json_is_storable_and_its_numbers_are_finite(visit: Visit) -> None:
    assert sent_json('{"a\\u0000": ["\\ud800b", -9223372036854775807, 1.5, null]}') == {
        "a": ["b", -9223372036854775807, 1.5, None]
    }
    for text in ("NaN", "-Infinity", "[1e400]", "9" * 30, "9" * 5000, "[" * 100_000, '{"a"', ""):
        with pytest.raises(ValueError, match=r".*"):
            sent_json(text)
    visit.to_trials()
    for data in ('{"a": 1e400}', f'{{"a": {10**400}}}', '{"a": NaN}', '{"\\u0000": "\\ud800"}'):
        events = f'[{{"kind": "play", "trial": {10**30}}}, {{"kind": "play", "trial": 1, "data": {data}}}]'
        assert visit.post("events/", {"events": events}).status_code == 204
    assert all(not row.data or row.data == {"": ""} for row in Event.objects.all())


@pytest.mark.parametrize("name", ["x" * 300, "ﷺ" * 100], ids=["long", "long once it is normalised"])
def test_a_name_that_no_account_can_have_is_refused_before_it_is_stored(name: str, monkeypatch: Any) -> None:
    client = Client(raise_request_exception=False)
    page = client.post("/console/sign-in/", {"username": name, "password": PASSWORD})
    assert page.status_code == 200
    assert "150" in page.content.decode()
    assert not AccessAttempt.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_djangos_own_form_takes_such_a_name(monkeypatch: Any) -> None:
    monkeypatch.setattr("config.accounts.sign_in.SignInForm.clean", AuthenticationForm.clean)
    monkeypatch.setattr("config.accounts.attempts._is_account", lambda name: True)  # its name is counted as it is
    client = Client(raise_request_exception=False)
    status = client.post("/console/sign-in/", {"username": "x" * 300, "password": PASSWORD}).status_code
    assert issubclass(LoginView.form_class, AuthenticationForm)
    assert status == (400 if connection.vendor == "postgresql" else 200)


@pytest.mark.parametrize("cookie", ['"\\000\\000"', "x" * 5000, '"\\377\\012"'])
def test_any_cookie_is_read(cookie: str, visit: Visit) -> None:
    client = Client(raise_request_exception=False)
    names = ("earsight_session", "earsight_language", "csrftoken", "messages", *visit.client.cookies)
    client.cookies.load("; ".join(f"{name}={cookie}" for name in names))
    for address in ("/console/", "/console/sign-in/", visit.entry_url, visit.url("trial/1/"), "/withdraw/"):
        assert client.get(address).status_code < 500
        assert client.post(address, headers={"user-agent": "a\x00b"}).status_code < 500


def patterns(resolver: Any = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def test_no_address_takes_a_number_beyond_64_bits() -> None:
    found = list(patterns())
    assert len(found) > 60
    for route, pattern in found:
        assert not any(isinstance(each, IntConverter) for each in pattern.pattern.converters.values()), route
        assert not re.search(r"(\\d|\[0-9\])[+*]", route), route


@pytest.mark.parametrize("number", [10**18, 10**30, "9" * 5000], ids=["60 bits", "100 bits", "5,000 digits"])
def test_a_number_without_end_is_no_address(number: Any, visit: Visit) -> None:
    study, client = visit.participant.study, browser(visit.participant.study.owner, raise_request_exception=False)
    for address in (
        f"clips/{number}/audio",
        f"clips/{number}/delete/",
        f"review/{number}/",
        f"people/{number}/remove/",
    ):
        assert client.post(f"/console/studies/{study.slug}/{address}").status_code in (404, 405)
    assert visit.get(f"trial/{number}/").status_code == 404
    assert client.get(f"/console/studies/{study.slug}/log/?page={number}").status_code == 200
    assert (
        client.post(f"/console/studies/{study.slug}/generate/decide/", {f"decide-{number}-x": "keep"}).status_code < 500
    )


@pytest.mark.parametrize("asked", [f"bytes={'9' * 4301}-", f"bytes=0-{'9' * 5000}", f"bytes=-{'9' * 4400}"])
def test_a_range_of_thousands_of_digits_is_ignored(asked: str, visit: Visit) -> None:
    trial = visit.to_trials().participant.trials.get()
    clip = trial.clip
    owner = browser(visit.participant.study.owner, raise_request_exception=False)
    for client, address in (
        (visit.client, visit.url(f"m/{trial.media_key}/audio")),
        (owner, f"/console/studies/{clip.study.slug}/clips/{clip.pk}/audio"),
    ):
        client.raise_request_exception = False
        assert client.get(address, headers={"range": asked}).status_code == 200


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (400, {"data": b"--x\r\n", "content_type": "multipart/form-data"}),
        (400, {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary="}),
        (400, {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=\xe9"}),
        (400, {"data": b"a=1", "content_type": "application/x-www-form-urlencoded; charset=utf-16"}),
        (400, {"data": b"a=1", "content_type": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "9" * 5000}),
        (413, {"data": b"a&" * 6000, "content_type": "application/x-www-form-urlencoded"}),
        (413, {"data": b"a=" + b"b" * 3_000_000, "content_type": "application/x-www-form-urlencoded"}),
    ],
)
@pytest.mark.parametrize("script", [False, True])
def test_a_form_that_cannot_be_read_is_refused_in_plain_words(
    status: int, content: dict[str, Any], script: bool, visit: Visit
) -> None:
    headers = {"accept": "application/json"} if script else {}
    for client, address in ((visit.client, visit.url("consent/")), (browser(UserFactory()), "/console/new/")):
        client.raise_request_exception = False
        answer = client.post(address, headers=headers, **content)
        assert answer.status_code == status
        assert "Content-Security-Policy" in answer.headers
        text = answer.json()["error"] if script else answer.content.decode()
        assert "Go back" in text or "Shorten" in text
        assert script or "<h1>" in text


@pytest.mark.parametrize("charset", ["base64", "hex"])
def test_a_charset_that_is_no_texts_breaks_no_request(charset: str) -> None:
    """The control is Django's own class of requests, which raises before any middleware could answer."""
    sent = RequestFactory()._base_environ(
        REQUEST_METHOD="POST",
        HTTP_COOKIE="csrftoken=" + "c" * 32,
        QUERY_STRING="a=b.c",
        CONTENT_TYPE=f"multipart/form-data; boundary=x; charset={charset}",
    )
    begun: list[str] = []
    application(dict(sent), lambda status, headers: begun.append(status))
    assert begun == ["400 Bad Request"]
    assert application.request_class(dict(sent)).GET["a"] == "b.c"
    with pytest.raises((LookupError, UnicodeError)):
        WSGIRequest(dict(sent))


@pytest.mark.parametrize("content_type", ["", "text/plain; charset=utf-8"])
def test_a_query_of_too_many_fields_is_refused_with_its_headers(content_type: str) -> None:
    sent = RequestFactory()._base_environ(QUERY_STRING="a&" * 6000, CONTENT_TYPE=content_type)
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    application(sent, lambda status, headers: begun.append((status, headers)))
    [(status, headers)] = begun
    assert status.startswith("413")
    assert {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"} <= dict(headers).keys()


@pytest.mark.parametrize("charset", ["; boundary=", "; boundary=x; charset=base64"])
def test_a_form_that_cannot_be_read_is_no_fault_of_an_address_that_does_not_exist(
    charset: str, monkeypatch: Any
) -> None:
    """Django's page for 404 reads the form, for its token; the control is that page."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "c" * 32
    form = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n', f"multipart/form-data{charset}"
    assert client.generic("POST", "/nowhere/", *form).status_code == 400
    monkeypatch.setattr("config.urls.handler404", "django.views.defaults.page_not_found")
    assert client.generic("POST", "/nowhere/", *form).status_code == 500


def test_a_method_that_an_address_does_not_take_is_refused_in_plain_words(visit: Visit) -> None:
    for method in METHODS:
        answer = getattr(visit.client, method)(visit.url("trial/1/"))
        assert answer.status_code == (405 if method not in ("get", "head", "post") else answer.status_code) < 500
        if answer.status_code == 405:
            assert "use its buttons" in answer.content.decode()
            assert "GET" in answer.headers["Allow"]
            assert int(answer.headers["Content-Length"]) == len(answer.content)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            yield f"{node.func.value.id}.{node.func.attr}", node


def test_no_form_takes_text_without_end_and_no_view_goes_round_the_edge() -> None:
    """Each text field of a form states its longest text; sent JSON is read by `sent_json`, bodies by nobody."""
    pages = [
        path
        for wing in ("study/console", "study/survey", "generation/console", "analysis/console", "config")
        for path in (ROOT / wing).rglob("*.py")
    ]
    fields = 0
    for path in pages:
        source = path.read_text()
        assert "request.body" not in source, path
        for name, call in calls(ast.parse(source)):
            if name == "forms.CharField":
                fields += 1
                assert any(keyword.arg == "max_length" for keyword in call.keywords), f"{path}:{call.lineno}"
            elif name == "json.loads" and path.parts[-2] in ("console", "survey"):
                raise AssertionError(f"{path}:{call.lineno}: read it with sent_json")
    assert fields > 10

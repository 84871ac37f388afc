"""Signing in, hosts, forms behind a proxy, links to other sites, and what is stored and logged about visitors."""

import logging
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django.apps import apps
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.test import Client

from study.models import Study
from study.opaque_tokens import new_token
from study.participants.log_masking import MaskingFormatter
from tests.factories import PASSWORD, UserFactory, make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
SIGN_IN = "/console/sign-in/"
ADDRESS = "203.0.113.77"


@pytest.fixture
def researcher() -> Any:
    reset()
    return UserFactory(username="mina")


def sign_in(client: Client, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(SIGN_IN, {"username": "mina", "password": password} | more)


def test_signing_in_gives_a_new_session(researcher: Any) -> None:
    """A session identifier known before signing in (session fixation) is invalid afterwards."""
    client = Client()
    session = client.session
    session["before"] = True
    session.save()
    before = client.cookies["earsight_session"].value
    assert sign_in(client).status_code == 302
    assert client.cookies["earsight_session"].value != before
    thief = Client()
    thief.cookies["earsight_session"] = before
    assert thief.get("/console/").status_code == 302
    assert client.cookies["earsight_session"]["httponly"]
    assert client.cookies["earsight_session"]["samesite"] == "Lax"


def test_signing_out_needs_a_post_and_ends_the_session(researcher: Any) -> None:
    client = Client()
    sign_in(client)
    assert client.get("/console/sign-out/").status_code == 405
    assert client.get("/console/").status_code == 200
    stolen = client.cookies["earsight_session"].value
    client.post("/console/sign-out/")
    thief = Client()
    thief.cookies["earsight_session"] = stolen
    assert thief.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http:evil"],
)
def test_signing_in_redirects_to_no_other_site(researcher: Any, target: str) -> None:
    assert sign_in(Client(), next=target).headers["Location"] == "/console/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil", "javascript:alert(1)"])
def test_choosing_a_language_redirects_to_no_other_site(target: str) -> None:
    visit = Visit(make_open_study(clips=1))
    for client, address in ((Client(), "/language/"), (visit.client, visit.url("language/"))):
        answer = client.post(address, {"language": "ko", "next": target})
        assert answer.headers["Location"].startswith("/")
        assert "evil" not in answer.headers["Location"]


def test_wrong_passwords_are_limited_by_name_not_by_address(researcher: Any) -> None:
    """Behind a proxy all visitors have one address, and an attacker may have many."""
    for number in range(project.AXES_FAILURE_LIMIT):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}"), "wrong")
    assert sign_in(Client(REMOTE_ADDR=ADDRESS)).status_code == 429
    other = UserFactory(username="jun")
    assert Client().post(SIGN_IN, {"username": other.username, "password": PASSWORD}).status_code == 302


def test_an_unknown_name_gets_the_same_response_as_a_wrong_password(researcher: Any) -> None:
    wrong = sign_in(Client(), "wrong").content.decode()
    unknown = Client().post(SIGN_IN, {"username": "nobody", "password": "wrong"}).content.decode()
    errors = [[line for line in page.splitlines() if "error" in line] for page in (wrong, unknown)]
    assert errors[0]
    assert errors[0] == errors[1]


def test_no_address_of_a_visitor_is_stored(researcher: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Sign in, fail to, take part, guess links, then search all rows of all tables."""
    client = {"REMOTE_ADDR": ADDRESS, "HTTP_X_FORWARDED_FOR": ADDRESS}
    with caplog.at_level(logging.DEBUG):
        sign_in(Client(**client), "wrong")
        sign_in(Client(**client))
        visit = Visit(make_open_study(clips=1), **client).to_trials()
        visit.post("events/", {"events": '[{"kind": "play", "trial": 1, "data": {}}]'})
        visit.finish()
        Client(**client).get("/p/nothing-at-all/")
        Client(**client).post("/withdraw/", {"receipt": "AAAA-BBBB"})
    assert AccessAttempt.objects.exists()
    assert not AccessLog.objects.exists()
    assert not AccessFailureLog.objects.exists()
    for model in apps.get_models():
        for row in model._default_manager.values():
            assert ADDRESS not in str(row), model
    for session in Session.objects.all():
        assert ADDRESS not in str(session.get_decoded())
    # The log also holds the SQL statements with their values.
    assert ADDRESS not in caplog.text


def test_tokens_are_masked_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    token = new_token()
    caplog.handler.setFormatter(MaskingFormatter("%(message)s"))
    with caplog.at_level(logging.INFO):
        for path in (f"/p/{token}/", f"/s/{token}/", f"/j/{token}/"):
            Client().get(path)
        try:
            raise ValueError(f"no such link: /p/{token}/")
        except ValueError:
            logging.getLogger("study").exception("it went wrong at /j/%s/", token)
    assert f"/p/{token[:4]}…" in caplog.text
    assert token not in caplog.text


def test_every_log_handler_masks_tokens() -> None:
    """Also for Django's own loggers, whose handlers would write URLs unmasked."""
    for name in ("", "django", "django.request", "django.server", "study", "gunicorn"):
        logger = logging.getLogger(name)
        assert name == "" or logger.propagate or not logger.handlers
    assert project.LOGGING["handlers"]["console"]["formatter"] == "masked"
    for name in ("django", "django.server"):
        assert project.LOGGING["loggers"][name]["handlers"] == []


def test_an_unknown_host_is_refused_and_appears_in_no_link(researcher: Any) -> None:
    study = make_open_study(clips=1, owner=researcher)
    client = Client()
    client.force_login(researcher, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/console/studies/{study.slug}/links/"
    assert client.get(address, HTTP_HOST="evil.example").status_code == 400
    page = client.get(address, HTTP_X_FORWARDED_HOST="evil.example").content.decode()
    assert "evil.example" not in page
    assert f"{project.BASE_URL}/s/{study.open_link_token}/" in page


def test_behind_a_proxy_with_tls_only_the_sites_own_forms_are_accepted(settings: Any, researcher: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["earsight.example.org"]
    client = Client(enforce_csrf_checks=True, HTTP_HOST="earsight.example.org", HTTP_X_FORWARDED_PROTO="https")
    client.get(SIGN_IN)
    form = {
        "username": "mina",
        "password": PASSWORD,
        "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
    }
    for origin in ("https://evil.example", "http://earsight.example.org", "null"):
        assert client.post(SIGN_IN, form, HTTP_ORIGIN=origin).status_code == 403, origin
    assert client.post(SIGN_IN, form, HTTP_ORIGIN="https://earsight.example.org").status_code == 302


def test_return_links_are_http_or_https_and_escape_the_platforms_id() -> None:
    """A study's return link cannot hold a script, and the platform's id cannot change its target."""
    study = make_open_study(clips=1, recruitment_platform=Study.Platform.PROLIFIC, return_url="javascript:alert(1)")
    with pytest.raises(Exception, match="valid URL"):
        study.full_clean()
    Study.objects.filter(pk=study.pk).update(return_url="https://back.example/?who={id}")
    visit = Visit(study, "?PROLIFIC_PID=a%26x%3D1")
    # What came in before placeholders were refused may hold anything.
    study.platform_visits.update(ids={"PROLIFIC_PID": '"><script>&x=1'})
    visit.to_trials().finish()
    page = visit.get("thanks/").content.decode()
    assert "https://back.example/?who=%22%3E%3Cscript%3E%26x%3D1" in page
    assert "<script>&x" not in page


def test_guessing_links_is_limited_and_valid_links_are_not(caplog: pytest.LogCaptureFixture) -> None:
    study = make_open_study(clips=1)
    guesser = Client(REMOTE_ADDR="203.0.113.9")
    answers = [guesser.get(f"/p/{new_token()}/").status_code for _ in range(40)]
    assert set(answers[:30]) == {404}
    assert set(answers[30:]) == {429}
    assert guesser.post("/withdraw/", {"receipt": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"}).status_code == 429
    assert caplog.text.count("links or receipts that do not exist") == 1  # the operator learns it, once
    # All visitors behind one proxy share this address, so a valid link must open.
    assert guesser.get(f"/s/{study.open_link_token}/").status_code == 200


def test_a_participants_page_looks_like_one_that_does_not_exist() -> None:
    visit = Visit(make_open_study(clips=1))
    known, unknown = (Client().get(f"/q/{handle}/") for handle in (visit.participant.handle, "0" * 16))
    assert known.status_code == unknown.status_code == 403
    assert known.content == unknown.content

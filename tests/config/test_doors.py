"""The doors of the site: signing in, hosts, forms behind a proxy, links out, and what is written about visitors."""

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
from study.participants.log_masking import MaskingFormatter
from study.participants.tokens import new_token
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
    """An identifier planted before signing in is worth nothing after it."""
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    before = client.cookies["earsight_session"].value
    assert sign_in(client).status_code == 302
    assert client.cookies["earsight_session"].value != before
    thief = Client()
    thief.cookies["earsight_session"] = before
    assert thief.get("/console/").status_code == 302
    assert client.cookies["earsight_session"]["httponly"]
    assert client.cookies["earsight_session"]["samesite"] == "Lax"


def test_signing_out_is_a_form_and_ends_the_session(researcher: Any) -> None:
    client = Client()
    sign_in(client)
    assert client.get("/console/sign-out/").status_code == 405
    assert client.get("/console/").status_code == 200
    kept = client.cookies["earsight_session"].value
    client.post("/console/sign-out/")
    thief = Client()
    thief.cookies["earsight_session"] = kept
    assert thief.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http:evil"],
)
def test_signing_in_leads_to_no_other_site(researcher: Any, target: str) -> None:
    assert sign_in(Client(), next=target).headers["Location"] == "/console/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil", "javascript:alert(1)"])
def test_no_choice_of_language_leads_to_another_site(target: str) -> None:
    visit = Visit(make_open_study(clips=1))
    for client, address in ((Client(), "/language/"), (visit.client, visit.url("language/"))):
        answer = client.post(address, {"language": "ko", "next": target})
        assert answer.headers["Location"].startswith("/")
        assert "evil" not in answer.headers["Location"]


def test_wrong_passwords_are_limited_by_name_from_wherever_they_come(researcher: Any) -> None:
    """Behind a proxy all come from one address, and an attacker has many: the name is what counts."""
    for number in range(project.AXES_FAILURE_LIMIT):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}"), "wrong")
    assert sign_in(Client(REMOTE_ADDR=ADDRESS)).status_code == 429
    other = UserFactory(username="jun")
    assert Client().post(SIGN_IN, {"username": other.username, "password": PASSWORD}).status_code == 302


def test_a_name_that_does_not_exist_is_answered_like_a_wrong_password(researcher: Any) -> None:
    wrong = sign_in(Client(), "wrong").content.decode()
    unknown = Client().post(SIGN_IN, {"username": "nobody", "password": "wrong"}).content.decode()
    errors = [[line for line in page.splitlines() if "error" in line] for page in (wrong, unknown)]
    assert errors[0]
    assert errors[0] == errors[1]


def test_no_address_of_anybody_is_stored(researcher: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Signing in, failing to, taking part, guessing links: all rows of all tables are looked through."""
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
    # Statements of the database at DEBUG hold what is stored; none of it may be the address either.
    assert ADDRESS not in caplog.text


def test_tokens_are_masked_wherever_they_are_logged(caplog: pytest.LogCaptureFixture) -> None:
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


def test_every_handler_masks() -> None:
    """Also of Django's own loggers, whose handlers would write addresses as they are."""
    for name in ("", "django", "django.request", "django.server", "study", "gunicorn"):
        logger = logging.getLogger(name)
        assert name == "" or logger.propagate or not logger.handlers
    assert project.LOGGING["handlers"]["console"]["formatter"] == "masked"
    for name in ("django", "django.server"):
        assert project.LOGGING["loggers"][name]["handlers"] == []


def test_another_host_is_refused_and_stands_in_no_link(researcher: Any) -> None:
    study = make_open_study(clips=1, owner=researcher)
    client = Client()
    client.force_login(researcher, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/console/studies/{study.slug}/links/"
    assert client.get(address, HTTP_HOST="evil.example").status_code == 400
    page = client.get(address, HTTP_X_FORWARDED_HOST="evil.example").content.decode()
    assert "evil.example" not in page
    assert f"{project.BASE_URL}/s/{study.open_link_token}/" in page


def test_behind_a_proxy_with_tls_forms_are_taken_from_the_site_alone(settings: Any, researcher: Any) -> None:
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


def test_links_to_other_sites_are_https_or_http_and_carry_the_id_only_as_text() -> None:
    """A study's return link: no script in it, and a platform's id cannot lead it elsewhere."""
    study = make_open_study(clips=1, recruitment_platform=Study.Platform.PROLIFIC, return_url="javascript:alert(1)")
    with pytest.raises(Exception, match="valid URL"):
        study.full_clean()
    Study.objects.filter(pk=study.pk).update(return_url="https://back.example/?who={id}")
    visit = Visit.__new__(Visit)
    visit.client = Client()
    way_in = f"/s/{study.open_link_token}/?PROLIFIC_PID=" + "%22%3E%3Cscript%3E%26x%3D1"
    page = visit.client.get(way_in).content.decode()
    from study.simulation.walking import hidden_fields

    landed = visit.client.post(way_in, {"key": hidden_fields(page)["key"]})
    visit.base = landed.headers["Location"]
    visit.to_trials().finish()
    page = visit.get("thanks/").content.decode()
    assert "https://back.example/?who=%22%3E%3Cscript%3E%26x%3D1" in page
    assert "<script>&x" not in page


def test_guessers_are_slowed_and_lock_nobody_out() -> None:
    study = make_open_study(clips=1)
    guesser = Client(REMOTE_ADDR="203.0.113.9")
    answers = [guesser.get(f"/p/{new_token()}/").status_code for _ in range(40)]
    assert set(answers[:30]) == {404}
    assert set(answers[30:]) == {429}
    assert guesser.post("/withdraw/", {"receipt": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"}).status_code == 429
    # The same address may be a proxy before everybody: a link that is right opens.
    assert guesser.get(f"/s/{study.open_link_token}/").status_code == 200


def test_handles_and_short_names_cannot_be_told_from_ones_that_do_not_exist() -> None:
    visit = Visit(make_open_study(clips=1))
    known, unknown = (Client().get(f"/q/{handle}/") for handle in (visit.participant.handle, "0" * 16))
    assert known.status_code == unknown.status_code == 403
    assert known.content == unknown.content

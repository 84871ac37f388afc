"""The participants' cookie: several people in one browser, and browsers that have cookies of older versions."""

from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client

from study.models import Participant
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from study.survey import cookies
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def browser_with(**values: str) -> Client:
    client = Client()
    for name, value in values.items():
        client.cookies[name] = value
    return client


def test_everybody_who_began_in_a_browser_finds_their_own_pages() -> None:
    shared = Client()
    people = [Visit(make_open_study(clips=1), browser=shared) for _ in range(3)]
    assert len(shared.cookies[project.PARTICIPANT_COOKIE_NAME].value.split(".")) == 3
    for person in people:
        page = person.get("consent/")
        assert page.status_code == 200
        assert f"/p/{person.token}/" in page.content.decode()


def test_a_browser_remembers_the_last_people_of_many() -> None:
    study = make_open_study(clips=1)
    tokens = [enrol(study)[1] for _ in range(cookies.MAX_REMEMBERED + 2)]
    client = Client()
    for token in tokens:
        client.get(f"/p/{token}/")
    assert client.cookies[project.PARTICIPANT_COOKIE_NAME].value.split(".") == tokens[:1:-1]


def test_a_person_with_a_cookie_of_an_older_version_keeps_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    person, token = enrol(make_open_study(clips=1))
    client = browser_with(earsight_participant=token)
    assert client.get(f"/q/{person.handle}/consent/").status_code == 200
    del client.cookies["earsight_participant"]
    assert client.get(f"/q/{person.handle}/consent/").status_code == 200, "today's cookie was set"
    # The control: without the old names the person has lost their place.
    monkeypatch.setattr(cookies, "_OLD_NAMES", ())
    assert browser_with(earsight_participant=token).get(f"/q/{person.handle}/consent/").status_code == 403


def test_the_entry_page_knows_who_began_with_an_older_version() -> None:
    study = make_open_study(clips=1)
    _person, token = enrol(study)
    client = browser_with(earsight_begun=token)
    assert 'name="resume"' in client.get(f"/s/{study.open_link_token}/").content.decode()
    assert 'name="resume"' not in Client().get(f"/s/{study.open_link_token}/").content.decode()


def test_a_link_offers_to_resume_only_to_those_who_came_by_it() -> None:
    study = make_open_study(clips=1)
    ((_label, group),) = create_personal_links(study, 1, cap=5)
    client = Client()
    page = client.get(group)
    client.post(group, {"key": page.context["key"]})
    person = Participant.objects.get()
    assert 'name="resume"' in client.get(group).content.decode()
    assert 'name="resume"' not in client.get(f"/s/{study.open_link_token}/").content.decode()
    assert client.get(f"/q/{person.handle}/consent/").status_code == 200


@pytest.fixture
def https(settings: Any) -> None:
    settings.SECURE = True
    settings.COOKIE_PREFIX = "__Host-"
    for name in ("PARTICIPANT", "CSRF", "LANGUAGE", "SESSION"):
        setting = f"{name}_COOKIE_NAME"
        setattr(settings, setting, "__Host-" + getattr(project, setting))
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def test_over_https_every_cookie_belongs_to_this_host_alone(https: None) -> None:
    """Browsers drop a `__Host-` cookie unless it is secure, of the whole site, and of no domain."""
    visit = Visit(make_open_study(clips=1), headers={"X-Forwarded-Proto": "https"})
    visit.post("language/", {"language": "ko"})
    set_here = dict(visit.client.cookies)
    assert len(set_here) == 3
    for name, cookie in set_here.items():
        assert name.startswith("__Host-"), name
        assert (cookie["path"], cookie["domain"], bool(cookie["secure"])) == ("/", "", True), name


def test_a_page_that_was_open_during_the_upgrade_can_be_sent(https: None) -> None:
    person, token = enrol(make_open_study(clips=1))
    old = {"earsight_participant": token, "csrftoken": "c" * 32, "earsight_language": "ko"}
    sent = {"csrfmiddlewaretoken": "c" * 32, "agree": "on"}

    def agree(origin: str = "https://testserver", **cookies: str) -> int:
        client = Client(enforce_csrf_checks=True)
        for name, value in cookies.items():
            client.cookies[name] = value
        headers = {"X-Forwarded-Proto": "https", "Host": "testserver", "Origin": origin}
        return client.post(f"/q/{person.handle}/consent/", sent, headers=headers).status_code

    assert agree(**old) == 303
    person.refresh_from_db()
    assert person.consented_at is not None
    # Today's key counts, if there is one, and a request from elsewhere is refused whatever key was planted.
    assert agree(**old, **{"__Host-csrftoken": "d" * 32}) == 403
    assert agree("https://evil.example", **old) == 403

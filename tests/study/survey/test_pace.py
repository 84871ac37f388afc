"""Very many arrivals from one network are slowed down and told to the researcher; no address is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from study.models import Participant
from study.participants import arrivals
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from study.participants.monitoring import monitor
from study.simulation.walking import hidden_fields
from study.survey import networks
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
HALL, HOME = "198.51.100.7", "192.0.2.3"


def press_start(study, address, path="", **client):
    browser = Client(REMOTE_ADDR=address, **client)
    url = path or f"/s/{study.open_link_token}/"
    return browser.post(url, {"key": hidden_fields(browser.get(url).text).get("key", "")})


def test_beyond_the_limit_a_network_waits_and_others_go_on(settings):
    settings.ARRIVALS_PER_NETWORK = 3
    study = make_open_study(clips=1)
    first = Visit(study, REMOTE_ADDR=HALL)
    assert [press_start(study, f"198.51.100.{n}").status_code for n in (20, 30, 40, 50)] == [303, 303, 429, 429]
    slowed = press_start(study, HALL)
    assert slowed.headers["Retry-After"] == "300"
    assert "open this link again in five minutes" in slowed.text
    assert press_start(study, HOME).status_code == 303
    assert press_start(make_open_study(clips=1), HALL).status_code == 303
    assert first.client.get(f"/p/{first.token}/").status_code == 303  # who is inside goes on
    assert study.participants.count() == 4
    settings.ARRIVALS_PER_NETWORK = 0  # the control: without the limit they all come in
    assert press_start(study, HALL).status_code == 303


def test_personal_links_are_not_limited(settings):
    settings.ARRIVALS_PER_NETWORK = 1
    study = make_open_study(clips=1)
    for _label, url in create_personal_links(study, 3):
        assert press_start(study, HALL, "/" + url.split("/", 3)[3]).status_code == 303
    assert press_start(study, HALL).status_code == 303
    assert press_start(study, HALL).status_code == 429


def test_60_people_from_one_address_are_told_to_the_researcher(client):
    study = make_open_study(clips=1)
    assert monitor(study).burst is None
    for _ in range(60):
        press_start(study, HALL)
    began = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)
    for number, person in enumerate(study.participants.order_by("pk")):
        Participant.objects.filter(pk=person.pk).update(created_at=began + timedelta(seconds=number * 16 / 59))
    study.log.update(at=began + timedelta(seconds=16))
    burst = monitor(study).burst
    assert (burst.people, burst.seconds, burst.began, burst.one_network) == (60, 16, began, 50)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = " ".join(client.get(f"/console/studies/{study.slug}/monitor/").text.split())
    assert "60 people began within 16 s (2 Mar, 14:02). At least 50 of them came from one network." in page


def test_a_steady_stream_is_no_burst():
    study = make_open_study(clips=1)
    for number in range(arrivals.BURST_PEOPLE * 2):
        enrol(study, now=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=5 * number))
    assert monitor(study).burst is None


@pytest.mark.parametrize(
    ("proxies", "address", "headers", "network"),
    [
        (0, "203.0.113.9", {}, "203.0.113.0/24"),
        (0, "2001:db8:1:2::9", {}, "2001:db8:1::/48"),
        (0, "::ffff:203.0.113.9", {}, "203.0.113.0/24"),
        (0, "8.8.8.8", {"X-Forwarded-For": "1.2.3.4"}, "8.8.8.0/24"),  # a header that the visitor wrote
        (0, "127.0.0.1", {"X-Forwarded-Proto": "https"}, ""),  # a proxy that was not declared
        (0, "", {}, ""),
        (1, "127.0.0.1", {"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}, "203.0.113.0/24"),
        (2, "127.0.0.1", {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.1"}, "203.0.113.0/24"),
        (1, "127.0.0.1", {}, ""),
        (1, "127.0.0.1", {"X-Forwarded-For": "unknown"}, ""),
    ],
)
def test_the_network_is_the_visitors_and_not_the_proxys(settings, proxies, address, headers, network):
    settings.PROXIES = proxies
    assert networks.network_of(RequestFactory(REMOTE_ADDR=address).get("/", headers=headers)) == network


def test_behind_a_proxy_that_is_not_declared_nobody_is_slowed_down(settings):
    settings.ARRIVALS_PER_NETWORK = 1
    study = make_open_study(clips=1)
    answers = [press_start(study, "127.0.0.1", headers={"x-forwarded-proto": "https"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]


def test_the_address_is_kept_nowhere():
    study = make_open_study(clips=1)
    for _ in range(60):
        press_start(study, HALL)
    assert study.log.filter(action=arrivals.MANY_ARRIVALS).exists()
    held = str(cache._cache)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            held += str(cursor.fetchall())
    assert study.open_link_token in held  # the control
    assert "198.51.100" not in held

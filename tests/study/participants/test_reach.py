"""From where an address can be opened, and what the console says of links that few can open."""

from typing import Any

import pytest
from django.urls import reverse

from study.participants.reach import Reach, reach_of
from tests.config.addresses import browser
from tests.factories import make_open_study

MACHINE = ("localhost", "LOCALHOST.", "earsight.localhost", "127.0.0.1", "127.1.2.3", "127.1", "[::1]", "0.0.0.0")
MACHINE += ("[::ffff:127.0.0.1]", "2130706433", "0x7f.1")
NETWORK = ("10.0.0.7", "172.16.3.4", "192.168.0.12", "169.254.7.7", "100.64.1.2", "[fd00::12]", "[fe80::1%25eth0]")
NETWORK += ("lab", "studio.local", "nas.lan", "pi.home", "pi.home.arpa", "fritz.box", "earsight.internal")
ANYWHERE = (
    "earsight.example.org",
    "quiet-river.trycloudflare.com",
    "8.8.8.8",
    "[2606:4700::1111]",
    "음악.한국",
    "cafe.de",
)


@pytest.mark.parametrize(
    ("hosts", "reach"), [(MACHINE, Reach.MACHINE), (NETWORK, Reach.NETWORK), (ANYWHERE, Reach.ANYWHERE)]
)
def test_an_address_is_judged_by_its_host(hosts: tuple[str, ...], reach: Reach) -> None:
    found = {host: reach_of(f"{scheme}://{host}:8000/s/x/") for host in hosts for scheme in ("http", "https")}
    assert found == dict.fromkeys(hosts, reach)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:8000", "Only this computer can open the study's links."),
        ("http://192.168.0.12:8000", "Only devices in the same network can open the study's links."),
        ("https://earsight.example.org", None),
    ],
)
def test_links_that_few_can_open_are_shown_with_a_warning(
    owner: Any, settings: Any, address: str, words: str | None
) -> None:
    settings.BASE_URL = address
    study = make_open_study(clips=1, owner=owner)
    client = browser(owner)
    for name in ("study_links", "study_open"):
        page = client.get(reverse(name, args=[study.slug])).text
        assert ("demo --share" in page) == (words is not None)
        assert ("demo --host" in page) == address.endswith("127.0.0.1:8000")
        assert words is None or words in page

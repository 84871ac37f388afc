"""Where the demo is served, and that what it prints and stores is that address."""

import socket
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from config.demo import addresses
from config.demo.addresses import Site, host_argument, listen_on, own_web_address, port_of, site_of
from config.demo.errors import DemoError
from config.demo.lock import OnlyDemo, served_address

ROOT = Path(__file__).resolve().parents[3]


def test_a_taken_port_is_passed_over_and_the_address_is_that_of_the_socket() -> None:
    with listen_on("127.0.0.1", 23_400) as first, listen_on("127.0.0.1", port_of(first)) as second:
        assert port_of(second) > port_of(first)
        assert site_of(second) == Site(f"http://127.0.0.1:{port_of(second)}")
        # No other program can take it until the web server has it.
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port_of(second)))


def fake_network(monkeypatch: Any, **found: tuple[str, ...]) -> None:
    families = {True: socket.AF_INET6, False: socket.AF_INET}
    entries = {
        name: [SimpleNamespace(family=families[":" in one], address=one) for one in found[name]] for name in found
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: entries)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: SimpleNamespace(isup=name != "off") for name in found})
    monkeypatch.setattr(addresses, "_way_out", lambda family: "192.168.0.12" if family == socket.AF_INET else "")


def test_a_demo_for_the_network_names_each_address_that_a_phone_can_open(monkeypatch: Any) -> None:
    networks = {"docker0": ("172.17.0.1",), "wlan0": ("192.168.0.12", "fe80::1%wlan0", "fd00::12")}
    fake_network(monkeypatch, lo=("127.0.0.1", "::1"), off=("10.9.9.9",), **networks)
    with listen_on("0.0.0.0", 23_450) as listener:
        port = port_of(listener)
        site = site_of(listener)
        assert site == Site(f"http://192.168.0.12:{port}", (f"http://172.17.0.1:{port}",))
        assert own_web_address(listener) == f"http://127.0.0.1:{port}"
    settings = site.environment()
    assert settings["EARSIGHT_BASE_URL"] == site.address
    assert settings["EARSIGHT_HOSTS"] == "localhost,127.0.0.1,[::1],192.168.0.12,172.17.0.1"
    with listen_on("::", 23_450) as listener:
        site = site_of(listener)
        assert f"http://[fd00::12]:{port_of(listener)}" in site.others
        assert "[fd00::12]" in site.environment()["EARSIGHT_HOSTS"].split(",")
    fake_network(monkeypatch, lo=("127.0.0.1",))
    with listen_on("0.0.0.0", 23_450) as listener:
        assert site_of(listener).address == f"http://127.0.0.1:{port_of(listener)}"


@pytest.mark.parametrize("text", ["lab.example.org", "300.1.1.1", "", "fe80::1", "224.0.0.1", "http://127.0.0.1"])
def test_a_host_that_no_browser_could_open_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"write 0\.0\.0\.0"):
        host_argument(text)


def test_what_cannot_be_listened_to_is_refused_with_the_mend(monkeypatch: Any) -> None:
    with pytest.raises(DemoError, match=r"203\.0\.113\.5 is no address of this machine"):
        listen_on("203.0.113.5", 23_480)
    monkeypatch.setattr(addresses, "TRIED_PORTS", 1)
    with listen_on("127.0.0.1", 23_480) as taken, pytest.raises(DemoError, match="No free port from"):
        listen_on("127.0.0.1", port_of(taken))


def test_commands_beside_a_running_demo_print_its_address(tmp_path: Path) -> None:
    program = "from django.conf import settings; print(settings.BASE_URL, settings.ALLOWED_HOSTS[-1])"
    environment = {"EARSIGHT_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    with OnlyDemo(tmp_path) as only:
        assert served_address(tmp_path) == ""  # being built
        only.tell("http://192.168.0.12:8003")
        told = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert told.stdout.split() == ["http://192.168.0.12:8003", "192.168.0.12"]
    assert served_address(tmp_path) == ""  # it has ended
    with OnlyDemo(tmp_path):
        pass

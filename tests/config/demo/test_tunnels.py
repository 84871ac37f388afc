"""`demo --share`: with programs that print and pass on what the real ones do, the demo is served at their address."""

import http.client
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.demo import study as demo
from config.demo.addresses import Site, listen_on, port_of
from config.demo.errors import DemoError
from config.demo.lock import OnlyDemo
from config.demo.processes import Processes
from config.demo.tunnels import TUNNEL, find_tunnel, open_tunnel
from config.management.commands.demo import Command
from study.simulation.walking import hidden_fields
from tests.factories import make_open_study
from tests.services import own_port, wait_until

FAKE = Path(__file__).with_name("fake_tunnel.py")
ADDRESSES = {
    "cloudflared": "https://quiet-river-two-words.trycloudflare.com",
    "tailscale": "https://studio.tail1a2b3.ts.net",
    "tailnet": "https://studio.tail1a2b3.ts.net",
    "ngrok": "https://4d11-52-230-24-207.ngrok-free.app",
}
OWN = "violet tram over seven bridges"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: Any) -> Callable[..., Path]:
    """Install a tunnel program as the only one, and return the file of the port at which visitors come."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def install(program: str, how: str = "works") -> Path:
        (tmp_path / "bin").mkdir(exist_ok=True)
        words = shlex.join([sys.executable, "-S", str(FAKE), program, how, str(tmp_path / "port")])
        path = tmp_path / "bin" / program
        path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        path.chmod(0o755)
        return tmp_path / "port"

    return install


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path / "logs") as processes:
        yield processes


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_address_that_a_program_prints_is_read(name: str, install: Any, processes: Processes) -> None:
    install("tailscale" if name == "tailnet" else name)
    tunnel = find_tunnel(name)
    assert open_tunnel(tunnel, 23_500, processes, 60) == ADDRESSES[name]
    assert find_tunnel("").program == tunnel.program


@pytest.mark.parametrize(
    ("name", "how", "mend"),
    [
        ("cloudflared", "no network", "look at the network"),
        ("cloudflared", "too many", "try again in some minutes"),
        ("tailscale", "not enabled", r"open https://login\.tailscale\.com/f/funnel\?node=nAbC123, then run this again"),
        ("tailnet", "no right", r"sudo tailscale set --operator=\$USER"),
        ("tailscale", "signed out", "sudo tailscale up"),
        ("ngrok", "no token", "ngrok config add-authtoken TOKEN"),
        ("ngrok", "silent", "ngrok has ended without an address; .*tunnel.log has what it said"),
    ],
)
def test_a_program_that_cannot_work_is_refused_with_the_mend(
    name: str, how: str, mend: str, install: Any, processes: Processes
) -> None:
    install("tailscale" if name == "tailnet" else name, how)
    with pytest.raises(DemoError, match=mend) as refused:
        open_tunnel(find_tunnel(name), 23_500, processes, 60)
    assert len(str(refused.value).splitlines()) == 1


def test_a_program_that_is_not_installed_is_named(install: Any) -> None:
    with pytest.raises(DemoError, match="install cloudflared, tailscale or ngrok"):
        find_tunnel("")
    install("ngrok")
    with pytest.raises(DemoError, match="tailscale is not installed"):
        find_tunnel("tailnet")


class Terminal:
    """A person at a terminal who types passwords."""

    def __init__(self, monkeypatch: Any, *typed: str) -> None:
        self.typed = list(typed)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: self.typed.pop(0))
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)


@pytest.fixture
def command(settings: Any, tmp_path: Path) -> Any:
    settings.DATA_DIR = tmp_path
    command: Any = Command()
    command.said = []
    command.notify = command.said.append
    return command


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_tunnel_that_ends_while_the_demo_runs_stops_it_with_the_place_of_its_words(
    name: str, install: Any, processes: Processes, command: Any
) -> None:
    install("tailscale" if name == "tailnet" else name, "works")
    open_tunnel(find_tunnel(name), 23_500, processes, 60)
    command.restart_worker(processes)  # nothing has ended: nothing is said
    os.kill(processes.pid_of(TUNNEL), signal.SIGTERM)
    assert wait_until(lambda: processes.has_ended(TUNNEL), 60)
    with pytest.raises(DemoError, match=r"The tunnel has ended; see .*tunnel\.log, then run this again"):
        command.restart_worker(processes)
    assert command.said == []


@pytest.mark.django_db
def test_a_password_of_ones_own_is_asked_for_once_what_becomes_reachable_is_said(
    command: Any, install: Any, monkeypatch: Any
) -> None:
    install("cloudflared")
    Terminal(monkeypatch, "short", "password2026", OWN, OWN)
    assert command.prepare_to_share(find_tunnel("")) == OWN
    assert "everybody on the internet who has the address" in command.said[0]
    assert "at least 12 characters" in command.said[2]
    assert "common one" in command.said[3]
    Terminal(monkeypatch, *[OWN, "another"] * 3)
    with pytest.raises(DemoError, match="nothing is shared"):
        command.prepare_to_share(find_tunnel(""))

    def closed(_text: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", closed)
    with pytest.raises(DemoError, match="closed before a password was typed"):
        command.prepare_to_share(find_tunnel(""))
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(DemoError, match="run it in a terminal"):
        command.prepare_to_share(find_tunnel(""))


@pytest.mark.django_db
def test_a_chosen_password_replaces_the_demos_and_stays(command: Any, install: Any) -> None:
    install("ngrok")
    user, made = demo.ensure_researcher()
    assert user.check_password(made)
    user, none = demo.ensure_researcher(OWN)
    assert (none, user.check_password(OWN), user.check_password(made)) == (None, True, False)
    assert OWN not in demo.password_file().read_text()
    assert command.prepare_to_share(find_tunnel("")) is None  # nobody is asked twice
    user, none = demo.ensure_researcher()
    assert (none, user.check_password(OWN)) == (None, True)
    demo.password_file().unlink()  # forgotten: a new one is made
    user, new = demo.ensure_researcher()
    assert user.check_password(new)
    user.set_password(OWN)  # in the console
    user.save()
    assert command.prepare_to_share(find_tunnel("")) is None  # it stays
    assert demo.ensure_researcher()[1] is None
    assert not user.check_password(new)
    user.delete()  # as in a new database
    user, another = demo.ensure_researcher()
    assert user.check_password(another)


@pytest.mark.parametrize("further", [["--host", "0.0.0.0"], ["--no-serve"]])
def test_a_tunnel_goes_with_no_other_way_to_serve(further: list[str]) -> None:
    with pytest.raises(CommandError, match="leave out --host and --no-serve") as refused:
        call_command("demo", "--share", *further)
    assert refused.value.returncode == 2


class Visitor:
    """A browser outside, which reaches the demo by the tunnel alone."""

    def __init__(self, port_file: Path, address: str) -> None:
        self.port, self.address = int(port_file.read_text()), address
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []

    def send(self, method: str, path: str, **fields: str) -> tuple[int, str]:
        headers = {"Host": self.address.removeprefix("https://"), "Origin": self.address}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        tunnel = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        tunnel.request(method, path, urlencode(fields), headers)
        answer = tunnel.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.set.append(line)
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_what_is_printed_is_what_is_served(command: Any, install: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The wanted port is taken, and the address is the tunnel's: links, cookies and the lock know that one alone."""
    port_file, address = install("cloudflared"), ADDRESSES["cloudflared"]
    monkeypatch.setenv("EARSIGHT_DATABASE_URL", f"sqlite:///{connection.settings_dict['NAME']}")
    owner, _none = demo.ensure_researcher(OWN)
    study = make_open_study(clips=1, owner=owner)
    shown: list[Site] = []
    monkeypatch.setattr(command, "wait_for_generation", lambda *_: None)
    monkeypatch.setattr(command, "finish", lambda study: study)
    monkeypatch.setattr(command, "show", lambda study, answered, site, password: shown.append(site))
    idle = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr("config.management.commands.demo.worker_command", lambda: idle)
    pages: list[tuple[int, str]] = []
    visitors: list[Visitor] = []

    def visit_and_stop(processes: Processes) -> None:
        visitor = Visitor(port_file, address)
        visitors.append(visitor)
        pages.append(visitor.send("GET", "/console/sign-in/"))
        key = hidden_fields(pages[0][1])["csrfmiddlewaretoken"]
        sent = {"username": demo.NAME, "password": OWN, "csrfmiddlewaretoken": key}
        pages.append(visitor.send("POST", "/console/sign-in/", **sent))
        pages.append(visitor.send("GET", f"/console/studies/{study.slug}/links/"))
        processes.stop()

    monkeypatch.setattr(command, "wait_for_ctrl_c", visit_and_stop)
    with OnlyDemo(tmp_path) as only, listen_on("127.0.0.1", own_port()) as taken:
        with listen_on("127.0.0.1", port_of(taken)) as listener:
            command.serve(study, None, listener, only, find_tunnel(""))
        assert (tmp_path / "demo.lock").read_text() == address
    assert shown == [Site(address, is_public=True)]
    assert [status for status, _ in pages] == [200, 302, 200], pages
    assert f'value="{address}/s/{study.open_link_token}/"' in pages[2][1]
    assert "can open the study" not in pages[2][1]  # no warning: everybody can
    assert set(visitors[0].cookies) >= {"__Host-earsight_session", "__Host-csrftoken"}
    assert all("Secure" in line for line in visitors[0].set)

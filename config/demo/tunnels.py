"""Tunnel programs, by which a demo of this machine is reached from outside: how each is started and what it prints."""

import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.demo.errors import DemoError
from config.demo.processes import Processes

# The name of the tunnel among the demo's processes.
TUNNEL = "tunnel"
PATIENCE_SECONDS = 60.0
ANYBODY = "everybody on the internet who has the address"


@dataclass(frozen=True)
class Tunnel:
    """A way to reach this machine by a program that somebody has installed.

    Attributes:
        name: what --share calls it.
        command: its words; `{port}` stands for the demo's port.
        address: finds the https address in what it prints, as the group 1.
        audience: who can open the address.
        passes: whose computers everything passes, and whether they can read it.
        faults: what it prints if it cannot work, with the mend; `{0}` stands for the group 1 of the pattern.
    """

    name: str
    command: tuple[str, ...]
    address: re.Pattern[str]
    audience: str
    passes: str
    faults: tuple[tuple[re.Pattern[str], str], ...] = ()

    @property
    def program(self) -> str:
        return self.command[0]

    def command_for(self, port: int) -> list[str]:
        return [word.format(port=port) for word in self.command]


_TAILSCALE_ADDRESS = re.compile(r"^\s*(https://[a-z0-9.-]+\.ts\.net(?::\d+)?)/?\s*$", re.MULTILINE)
_TAILSCALE_FAULTS = (
    (
        re.compile(r"is not enabled on your tailnet\.\s+To enable, visit:?\s+(https://\S+)"),
        "Tailscale has to be told once that this is allowed: open {0}, then run this again.",
    ),
    (
        re.compile(r"[Aa]ccess denied"),
        "Tailscale lets only root do this: run `sudo tailscale set --operator=$USER` once, then this again.",
    ),
    (
        re.compile(r"NeedsLogin|[Ll]ogged out|not logged in|is stopped|failed to connect to local"),
        "Tailscale is not signed in, or does not run: run `sudo tailscale up`, then this again.",
    ),
)
TUNNELS = (
    Tunnel(
        "cloudflared",
        ("cloudflared", "tunnel", "--no-autoupdate", "--url", "http://127.0.0.1:{port}"),
        # Its failures name the address by which it asks for a tunnel.
        re.compile(r"(https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com)\b"),
        ANYBODY,
        "It passes the servers of Cloudflare, which can read it.",
        (
            (
                re.compile(r"error code: 1015|429 Too Many"),
                "Cloudflare gives no more tunnels to this network now; try again in some minutes.",
            ),
            (
                re.compile(r"failed to request quick Tunnel"),
                "Cloudflare could not be reached; look at the network, then run this again.",
            ),
        ),
    ),
    Tunnel(
        "tailscale",
        ("tailscale", "funnel", "{port}"),
        _TAILSCALE_ADDRESS,
        ANYBODY,
        "It passes the servers of Tailscale, which cannot read it.",
        _TAILSCALE_FAULTS,
    ),
    Tunnel(
        "tailnet",
        ("tailscale", "serve", "{port}"),
        _TAILSCALE_ADDRESS,
        "everybody in your own tailnet, and nobody else",
        "It goes from device to device, and nobody between can read it.",
        _TAILSCALE_FAULTS,
    ),
    Tunnel(
        "ngrok",
        ("ngrok", "http", "{port}", "--log", "stdout", "--log-format", "logfmt"),
        re.compile(r'msg="started tunnel".* url=(https://[^\s"]+)'),
        ANYBODY,
        "It passes the servers of ngrok, which can read it, and which show visitors a page of their own first.",
        (
            (
                re.compile(r"ERR_NGROK_(?:105|106|107|4018)\b"),
                "ngrok is not signed in: run `ngrok config add-authtoken TOKEN` with the token of your account there.",
            ),
            (
                re.compile(r"ERR_NGROK_108\b"),
                "Another ngrok of your account runs already; stop that one, then run this again.",
            ),
        ),
    ),
)
NAMES = tuple(tunnel.name for tunnel in TUNNELS)


def find_tunnel(name: str, which: Callable[[str], str | None] = shutil.which) -> Tunnel:
    """Return the tunnel of this name, or the first whose program is installed if the name is empty.

    Raises:
        DemoError: its program is not installed.
    """
    tunnels = [tunnel for tunnel in TUNNELS if tunnel.name == (name or tunnel.name)]
    for tunnel in tunnels:
        if which(tunnel.program):
            return tunnel
    programs = list(dict.fromkeys(tunnel.program for tunnel in tunnels))
    if name:
        raise DemoError(f"{programs[0]} is not installed; install it, or leave out its name to use another.")
    *most, last = programs
    raise DemoError(f"--share needs a tunnel program: install {', '.join(most)} or {last}, then run this again.")


def open_tunnel(tunnel: Tunnel, port: int, processes: Processes, patience: float = PATIENCE_SECONDS) -> str:
    """Start the tunnel to this port; return the https address that it prints. It ends with the other processes.

    Raises:
        DemoError: it printed that it cannot work, has ended, or printed no address in time.
    """
    log = processes.log_of(TUNNEL)
    before = log.stat().st_size if log.exists() else 0
    processes.start(TUNNEL, tunnel.command_for(port))
    deadline = time.monotonic() + patience
    while True:
        has_ended = processes.has_ended(TUNNEL)  # asked before reading, so that its last words are read
        said = _read_from(log, before)
        if found := tunnel.address.search(said):
            return found[1]
        if mend := _mend(tunnel.faults, said):
            raise DemoError(mend)
        if has_ended:
            raise DemoError(f"{tunnel.program} has ended without an address; {log} has what it said.")
        if time.monotonic() > deadline:
            raise DemoError(f"{tunnel.program} gave no address within {patience:.0f} s; {log} has what it said.")
        time.sleep(0.1)


def _mend(faults: Sequence[tuple[re.Pattern[str], str]], said: str) -> str:
    for pattern, mend in faults:
        if found := pattern.search(said):
            return mend.format(*found.groups())
    return ""


def _read_from(path: Path, place: int) -> str:
    with path.open("rb") as file:
        file.seek(place)
        return file.read().decode("utf-8", errors="replace")

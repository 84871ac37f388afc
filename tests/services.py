"""Servers and programs that some tests need. The addresses of servers can be set in the environment.

If one is missing, its tests skip on a laptop, with the reason, and fail on CI.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

POSTGRES = os.environ.get("EARSIGHT_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("EARSIGHT_TEST_REDIS_URL", "redis://127.0.0.1:6379/13")
RABBITMQ = os.environ.get("EARSIGHT_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")
VARIABLES = {
    POSTGRES: "EARSIGHT_TEST_POSTGRES_URL",
    REDIS: "EARSIGHT_TEST_REDIS_URL",
    RABBITMQ: "EARSIGHT_TEST_AMQP_URL",
}
PORTS = {"postgres": 5432, "redis": 6379, "amqp": 5672}
# A test of what happens without a protection, at the pace of real processes.
control = pytest.mark.skipif(os.environ.get("EARSIGHT_CONTROLS") != "full", reason="run by make controls")
# Seconds after which another process counts as hung, even on a slow machine.
PATIENCE = 600


def missing(what: str) -> None:
    """Skip the test, or fail it on CI, because a server or program is missing."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def need_server(url: str) -> str:
    """Return the address if a server listens there; else skip or fail the test."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or PORTS[parts.scheme])
    try:
        socket.create_connection(address, timeout=30).close()
    except OSError:
        missing(f"nothing answers at {address[0]}:{address[1]} ({parts.scheme}); set {VARIABLES[url]}")
    return url


def need_program(name: str, package: str) -> None:
    """Skip or fail the test if a program is not installed."""
    if shutil.which(name) is None:
        missing(f"{name} is not installed; install it with: sudo apt-get install {package}")


def own_port() -> int:
    """Return a free port for a server, outside the range that outgoing connections use."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def listens(port: int) -> bool:
    """Return whether something takes connections at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait until the condition holds, at most so many seconds; return whether it holds."""
    deadline = time.monotonic() + seconds
    while not (holds := bool(condition())) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds


def pass_on_postgresql(*files: str) -> None:
    """Run test files again on PostgreSQL, in a new database that is dropped at the end."""
    server = need_server(POSTGRES)
    url = urlsplit(server)._replace(path=f"/earsight_{secrets.token_hex(4)}").geturl()
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=Path(__file__).resolve().parents[1],
        env=os.environ | {"EARSIGHT_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    assert " passed" in result.stdout
    assert "skipped" not in result.stdout


def printed_by(module: str, *options: str, seconds: float = PATIENCE) -> dict[str, Any]:
    """Run a module as a program; return the JSON of the last line that it prints."""
    result = subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert result.stdout.strip(), result.stderr[-3000:]
    found: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return found

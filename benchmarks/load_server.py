"""The server of the two load benchmarks: gunicorn as in production, on its own port."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from config.demo.processes import web_command  # noqa: E402


def environment(folder: str, database: str) -> dict[str, str]:
    """Return the environment of the server and its helper processes: the tests' settings with a temporary folder."""
    env = os.environ | {
        "EARSIGHT_ARRIVALS_PER_NETWORK": "0",  # all visitors come from this machine
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": folder,
        "PYTHONPATH": str(ROOT),
        "EARSIGHT_LOG_LEVEL": "ERROR",
    }
    return env | ({"EARSIGHT_DATABASE_URL": database} if database else {})


def add_options(parser: argparse.ArgumentParser, *, port: int) -> None:
    parser.add_argument("--database", default="", help="database URL (default: SQLite in a temporary folder)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--port", type=int, default=port)


@contextmanager
def served(port: int, env: dict[str, str], options: argparse.Namespace) -> Iterator[None]:
    """Serve the project while the block runs."""
    command = [*web_command(port, workers=options.workers, threads=options.threads), "--log-level", "error"]
    server = subprocess.Popen([*command, "--keep-alive", "30"], cwd=ROOT, env=env)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)

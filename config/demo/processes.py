"""The web server and the worker as child processes that end with the demo."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from config.parent_death import end_with_parent

# A child that ends more often than MAX_RESTARTS times within RESTART_SECONDS is not restarted.
MAX_RESTARTS = 3
RESTART_SECONDS = 600


def free_port(wanted: int) -> int:
    """Return `wanted`, or the first free one of the 50 ports from it on.

    Raises:
        OSError: none is free.
    """
    for port in range(wanted, min(wanted + 50, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port from {wanted} on; name another with --port.")


class AlreadyRuns(Exception):
    """A demo runs on the same folder; the text is its address, or empty if it has none yet."""


class OnlyDemo:
    """A context manager that a second demo on the same folder cannot enter; a killed demo holds nothing.

    Raises:
        AlreadyRuns: another one is inside.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "demo.lock"

    def __enter__(self) -> "OnlyDemo":
        self._file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            with self._file:
                raise AlreadyRuns(self._file.read().strip()) from None
        self.tell("")
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def tell(self, address: str) -> None:
        """Let a second demo know where this one is."""
        self._file.truncate(0)
        self._file.write(address)
        self._file.flush()


class Processes:
    """A context manager that starts child processes and ends all of them on exit."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._restarts: dict[str, list[float]] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: list[str], **environment: str) -> None:
        """Start `command`; its output goes to `<name>.log`."""
        self._commands[name] = command, environment
        log = (self._log_folder / f"{name}.log").open("ab")
        with log:
            # In its own session, so that Ctrl-C reaches only this process, which then ends its children in order.
            self._children[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | environment,
                preexec_fn=end_with_parent,
            )

    def restart(self, name: str) -> bool:
        """Start an ended child with its earlier command and environment; return False if it has ended too often."""
        now = time.monotonic()
        restarts = [then for then in self._restarts.get(name, []) if now - then < RESTART_SECONDS]
        if len(restarts) >= MAX_RESTARTS:
            return False
        self._restarts[name] = [*restarts, now]
        command, environment = self._commands[name]
        self.start(name, command, **environment)
        return True

    def log_of(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"

    def pid_of(self, name: str) -> int:
        return self._children[name].pid

    def ended(self) -> str | None:
        """Return the name of a child that has ended, or None."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def stop(self, patience: float = 15.0) -> None:
        """Send SIGTERM to each child and wait; kill those that have not ended after `patience` seconds."""
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self._children.clear()


def web_command(port: int, *, workers: int = 1, threads: int = 8) -> list[str]:
    """Return the web server's command. One process of eight threads serves hundreds of participants on SQLite."""
    options = f"--bind 127.0.0.1:{port} --workers {workers} --threads {threads} --access-logfile /dev/null"
    return [sys.executable, "-m", "gunicorn", "config.wsgi", *options.split()]


def worker_command(concurrency: int = 1) -> list[str]:
    """Return the command of a worker for all queues, which also sends the periodic tasks."""
    options = f"--queues cpu,api,gpu --concurrency {concurrency} --loglevel INFO --without-gossip --without-mingle"
    return [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", *options.split()]


def wait_until_served(url: str, patience: float = 30.0) -> bool:
    """Return whether `url` answers within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 (our own address)
                return True
        except OSError:
            time.sleep(0.2)
    return False

"""The web server and the worker as child processes that end with the demo."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from config.parent_death import end_with_parent

# A child that ends more often than MAX_RESTARTS times within RESTART_SECONDS is not restarted.
MAX_RESTARTS = 3
RESTART_SECONDS = 600


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

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str] | None = None, *, files: Sequence[int] = ()
    ) -> None:
        """Start `command`; its output goes to `<name>.log`. `files`: open files that it inherits by their numbers."""
        environment = dict(environment or {})
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
                pass_fds=files,
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
        self.start(name, command, environment)
        return True

    def log_of(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"

    def pid_of(self, name: str) -> int:
        return self._children[name].pid

    def has_ended(self, name: str) -> bool:
        return self._children[name].poll() is not None

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


def web_command(place: int | str, *, workers: int = 1, threads: int = 8) -> list[str]:
    """Return the web server's command. One process of eight threads serves hundreds of participants on SQLite.

    `place`: a port of this machine, or what else gunicorn binds to, such as `fd://3`.
    """
    bind = place if isinstance(place, str) else f"127.0.0.1:{place}"
    options = f"--bind {bind} --workers {workers} --threads {threads} --access-logfile /dev/null"
    return [sys.executable, "-m", "gunicorn", "config.wsgi", *options.split()]


def worker_command(concurrency: int = 1) -> list[str]:
    """Return the command of a worker for all queues, which also sends the periodic tasks."""
    options = f"--queues cpu,api,gpu --concurrency {concurrency} --loglevel INFO --without-gossip --without-mingle"
    return [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat", *options.split()]


def wait_until_served(url: str, patience: float = 30.0, has_ended: Callable[[], object] = bool) -> bool:
    """Return whether `url` answers within `patience` seconds, and before its server `has_ended`."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not has_ended():
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 (our own address)
                return True
        except OSError:
            time.sleep(0.2)
    return False

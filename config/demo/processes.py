"""The web server and the worker as child processes that end together."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

LIBC = ctypes.CDLL(None)  # loaded before any fork
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def free_port(wanted: int) -> int:
    """`wanted`, or the next port up to 50 further on which nothing listens yet."""
    for port in range(wanted, min(wanted + 50, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port from {wanted} on; name another with --port.")


def _end_with_parent() -> None:
    """Asks the kernel for SIGTERM when the parent is gone, so that a `kill -9` of it leaves nobody behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


MOST_RESTARTS = 3  # within RESTART_SECONDS: more, and the child is not mended by starting it again
RESTART_SECONDS = 600


class Processes:
    """Children that are ended, all of them, when the block is left for whatever reason."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._begun: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._restarts: dict[str, list[float]] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: list[str], **environment: str) -> None:
        """Starts `command`; its output goes to `<name>.log`."""
        self._begun[name] = command, environment
        log = (self._log_folder / f"{name}.log").open("ab")
        with log:
            # A session of its own: Ctrl-C reaches this process alone, which then ends its children in order.
            self._children[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | environment,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def start_again(self, name: str) -> bool:
        """Starts a child that has ended as it was started before; False where it has ended too often of late."""
        now = time.monotonic()
        restarts = [then for then in self._restarts.get(name, []) if now - then < RESTART_SECONDS]
        if len(restarts) >= MOST_RESTARTS:
            return False
        self._restarts[name] = [*restarts, now]
        command, environment = self._begun[name]
        self.start(name, command, **environment)
        return True

    def log_of(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"

    def pid_of(self, name: str) -> int:
        return self._children[name].pid

    def ended(self) -> str | None:
        """The name of a child that is no longer running, if any."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def stop(self, patience: float = 15.0) -> None:
        """Asks each child to end and waits; what does not listen within `patience` seconds is killed."""
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


def web_command(port: int) -> list[str]:
    """The web server: one process of four threads, enough for a study of hundreds at once on SQLite."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--threads",
        "8",
        "--access-logfile",
        "/dev/null",
    ]


def worker_command(concurrency: int = 1) -> list[str]:
    """A worker for all queues."""
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        "--queues",
        "cpu,api,gpu",
        "--concurrency",
        str(concurrency),
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]


def wait_until_served(url: str, patience: float = 30.0) -> bool:
    """Whether `url` answers within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 (our own address)
                return True
        except OSError:
            time.sleep(0.2)
    return False

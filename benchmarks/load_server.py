"""The server of the two load benchmarks: gunicorn as in production, on its own port."""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from config.demo.processes import web_command, worker_command  # noqa: E402


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
def served(port: int, env: dict[str, str], options: argparse.Namespace) -> Iterator[int]:
    """Serve the project while the block runs; give the number of the server's main process."""
    from tests.services import listens, wait_until

    command = [*web_command(port, workers=options.workers, threads=options.threads), "--log-level", "error"]
    server = subprocess.Popen([*command, "--keep-alive", "30"], cwd=ROOT, env=env)
    try:
        wait_until(lambda: listens(port) or server.poll() is not None, 30)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


@contextmanager
def beside(folder: str, env: dict[str, str]) -> Iterator[dict[str, int]]:
    """Run a private Redis and a worker with beat while the block runs; give their main processes by name.

    Changes the environment so that the web server sends its messages there.
    """
    from tests.generation.runs.broker_faults import PrivateRedis

    redis = PrivateRedis(folder)
    env["EARSIGHT_BROKER_URL"] = redis.url
    migrate = (
        "import django; django.setup(); from django.core.management import call_command as c; c('migrate', verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", migrate], cwd=ROOT, env=env, check=True)
    worker = subprocess.Popen(worker_command(), cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield {"worker": worker.pid, "redis": redis.process.pid}
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        redis.stop()


class MemoryOf:
    """Proportional memory (PSS) of process trees, in MB, sampled while others work."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._began = time.perf_counter()
        self.samples: list[tuple[float, dict[str, float]]] = []

    async def watch(self, every: float) -> None:
        """Sample again and again, until cancelled."""
        while True:
            now = {name: sum(map(_pss, _tree(pid))) for name, pid in self._processes.items()}
            self.samples.append((time.perf_counter() - self._began, now))
            print(
                f"{self.samples[-1][0]:6.0f} s  ", *(f"{name} {mb:.1f} MB" for name, mb in now.items()), file=sys.stderr
            )
            await asyncio.sleep(every)

    def summary(self, *, from_second: float) -> dict[str, dict[str, float]]:
        """Return first, last and largest sample after a second, and the slope by least squares in MB a minute."""
        kept = [(at, now) for at, now in self.samples if at >= from_second]
        found = {}
        for name in self._processes:
            values = [now[name] for _at, now in kept]
            times = [at / 60 for at, _now in kept]
            slope = statistics.linear_regression(times, values).slope if len(kept) > 1 else 0.0
            if values:
                found[name] = {
                    "first": round(values[0], 1),
                    "last": round(values[-1], 1),
                    "most": round(max(values), 1),
                    "mb_per_minute": round(slope, 2),
                }
        return found


def _tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)

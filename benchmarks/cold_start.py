"""How long the web server takes from its start to the first page, and which imports cost most of it.

    python benchmarks/cold_start.py [--rounds 5]

One process of gunicorn on the loopback interface, with an empty database; files are in the system's cache after the
first round, which is left out. On a busy machine the processor time says more than the clock.
"""

import argparse
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.load_server import environment  # noqa: E402
from config.demo.processes import web_command  # noqa: E402
from tests.services import own_port  # noqa: E402


def first_page(env: dict[str, str]) -> tuple[float, float]:
    """Return the seconds until the first page, by the clock and of the processor."""
    port = own_port()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    server = subprocess.Popen([*web_command(port), "--log-level", "error"], cwd=ROOT, env=env)
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/console/sign-in/", timeout=30) as page:
                page.read()
            break
        except OSError:
            if time.monotonic() - began > 120:
                raise
            time.sleep(0.02)
    seconds = time.monotonic() - began
    server.send_signal(signal.SIGTERM)
    server.wait(60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def costly_imports(env: dict[str, str], count: int) -> list[tuple[float, str]]:
    """Return the packages whose own modules take the most time to import, in ms."""
    command = [sys.executable, "-X", "importtime", "-c", "import config.wsgi, config.urls"]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stderr
    packages: dict[str, float] = {}
    for line in said.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdigit():
            name = parts[2].strip().split(".")[0]
            packages[name] = packages.get(name, 0) + int(parts[0]) / 1000
    return sorted(((time_, name) for name, time_ in packages.items()), reverse=True)[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earsight-cold-") as folder:
        env = environment(folder, "")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        rounds = [first_page(env) for _ in range(options.rounds + 1)][1:]
        clock, processor = ([row[place] for row in rounds] for place in (0, 1))
        print(f"first page after {statistics.median(clock):.2f} s ({min(clock):.2f} to {max(clock):.2f})")
        print(f"processor time {statistics.median(processor):.2f} s; load {os.getloadavg()[0]:.1f}")
        for milliseconds, name in costly_imports(env, 12):
            print(f"{milliseconds:7.0f} ms  {name}")


main()

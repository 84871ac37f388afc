"""Measure the survey under load by participants who think between answers.

    python benchmarks/load_survey.py [--database URL] [--participants 500] [--minutes 10] [--think 5 15] [--beside]

Starts gunicorn on its own database; participants arrive within a minute and answer after a think time. Prints how many
ballots were lost or doubled, how long they took while people arrived and after that, and the memory of the server's
processes every ten seconds with its slope. `--think 0 0 --arrive 0` gives full load. A database of a URL is to be empty
and is not removed.
"""

import argparse
import asyncio
import json
import math
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from load_server import ROOT, MemoryOf, add_options, beside, environment, served

TOKEN = "load"


def prepare(env: dict[str, str], trials: int) -> None:
    """Migrate and make the study, in another process."""
    code = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "from tests.factories import make_open_study\n"
        f"make_open_study(clips={trials}, open_link_token='{TOKEN}', slug='load')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)


def count(env: dict[str, str]) -> dict[str, int]:
    """Count what the database holds afterwards."""
    code = (
        "import django; django.setup()\n"
        "from study.models import Ballot, BallotRevision, Participant\n"
        "import json; print(json.dumps({'ballots': Ballot.objects.count(), 'revisions': BallotRevision.objects.count(),"
        "'complete': Participant.objects.filter(status='completed').count()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


class Browser:
    """One participant's connection: HTTP/1.1, cookies, forms."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {}
        self.reader = self.writer = None

    async def request(self, method: str, path: str, data: dict | None = None, accept: str = "text/html"):
        body = urlencode(data or {}).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Accept: {accept}",
            "Connection: close",
            f"Content-Length: {len(body)}",
            "Content-Type: application/x-www-form-urlencoded",
            "Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            "",
            "",
        ]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write("\r\n".join(lines).encode() + body)
        response = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        head, _, content = response.partition(b"\r\n\r\n")
        head_lines = head.decode("latin-1").split("\r\n")
        for line in head_lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        location = next((line[10:] for line in head_lines if line.lower().startswith("location: ")), "")
        return int(head_lines[0].split()[1]), urlsplit(location).path, content.decode("utf-8", "replace")


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    return unescape(found.group(1)) if found else ""


@dataclass
class Measured:
    """What the participants met: for each ballot when it was sent (s from the beginning) and how long it took (s)."""

    began: float
    ballots: list[tuple[float, float]] = field(default_factory=list)
    pages: list[tuple[float, float]] = field(default_factory=list)
    came: int = 0
    errors: list[str] = field(default_factory=list)

    async def timed(self, kept: list[tuple[float, float]], request: Awaitable) -> tuple[int, str, str]:
        began = time.perf_counter()
        answer = await request
        kept.append((began - self.began, time.perf_counter() - began))
        return answer


async def participate(port: int, options: argparse.Namespace, measured: Measured, until: float) -> None:
    """Take part once, from the link to the receipt, or until the time is up."""
    browser = Browser(port)
    measured.came += 1
    _, _, page = await browser.request("GET", f"/s/{TOKEN}/")
    csrf = hidden(page, "csrfmiddlewaretoken")
    form = {"csrfmiddlewaretoken": csrf}
    status, base, _ = await browser.request("POST", f"/s/{TOKEN}/", form | {"key": hidden(page, "key")})
    if status != 303:
        raise RuntimeError(f"arrival answered {status}")
    for step, data in (("consent/", {"agree": "on"}), ("instructions/", {})):
        await browser.request("POST", base + step, form | data)
    for number in range(1, options.trials + 1):
        address = f"{base}trial/{number}/"
        status, _, _ = await measured.timed(measured.pages, browser.request("GET", address))
        if status != 200:
            raise RuntimeError(f"the trial's page answered {status}")
        await asyncio.sleep(random.uniform(*options.think))
        if time.perf_counter() > until:
            return
        ballot = form | {"first": "A", "second": "B", "key": str(uuid.uuid4()), "seconds": "9"}
        sent = browser.request("POST", address, ballot, "application/json")
        status, _, body = await measured.timed(measured.ballots, sent)
        if status != 200 or '"saved": true' not in body:
            measured.ballots.pop()
            raise RuntimeError(f"ballot answered {status}")
    status, location, _ = await browser.request("POST", base + "review/", form)
    if not location.endswith("/thanks/"):
        raise RuntimeError(f"the end answered {status}")


async def hold_a_place(port: int, options: argparse.Namespace, measured: Measured, until: float) -> None:
    """Arrive within the first seconds; with `--minutes`, the next person comes when one has finished, to the end."""
    await asyncio.sleep(random.uniform(0, options.arrive))
    while True:
        try:
            await participate(port, options, measured, until)
        except Exception as error:
            measured.errors.append(repr(error))
            await asyncio.sleep(1)
        if not options.minutes or time.perf_counter() > until:
            return


def milliseconds(kept: list[tuple[float, float]], first: float, last: float) -> dict | None:
    """Median, 99th percentile and worst of what was sent within a phase, in milliseconds."""
    ranked = sorted(seconds for at, seconds in kept if first <= at < last)
    if not ranked:
        return None
    return {
        "n": len(ranked),
        "median": round(1000 * statistics.median(ranked), 1),
        "p99": round(1000 * ranked[int(0.99 * (len(ranked) - 1))], 1),
        "worst": round(1000 * ranked[-1], 1),
    }


async def load(port: int, options: argparse.Namespace, processes: dict[str, int]) -> dict:
    measured = Measured(time.perf_counter())
    until = measured.began + (60 * options.minutes if options.minutes else math.inf)
    memory = MemoryOf(processes)
    watch = asyncio.create_task(memory.watch(every=10.0))
    places = (hold_a_place(port, options, measured, until) for _ in range(options.participants))
    await asyncio.gather(*places)
    watch.cancel()
    seconds = time.perf_counter() - measured.began
    arrived = options.arrive
    return {
        "participants": options.participants,
        "came": measured.came,
        "seconds": round(seconds, 1),
        "errors": measured.errors[:5],
        "error_count": len(measured.errors),
        "confirmed": len(measured.ballots),
        "ballot_ms": {
            "during arrival": milliseconds(measured.ballots, 0, arrived),
            "after arrival": milliseconds(measured.ballots, arrived, math.inf),
        },
        "page_ms": {
            "during arrival": milliseconds(measured.pages, 0, arrived),
            "after arrival": milliseconds(measured.pages, arrived, math.inf),
        },
        "ballots_per_second": round(len(measured.ballots) / seconds, 1),
        "memory": memory.summary(from_second=arrived),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=500, help="how many are there at a time")
    parser.add_argument(
        "--minutes", type=float, default=0, help="go on so long: who has finished is followed by another"
    )
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--think", type=float, nargs=2, default=(5.0, 15.0), metavar=("LOW", "HIGH"))
    parser.add_argument("--arrive", type=float, default=60.0, help="seconds within which the first ones arrive")
    parser.add_argument("--beside", action="store_true", help="with Redis (a private one) and a worker with beat")
    add_options(parser, port=8979)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        env = environment(folder, options.database)
        processes = running.enter_context(beside(folder, env)) if options.beside else {}
        prepare(env, options.trials)
        processes["web"] = running.enter_context(served(options.port, env, options))
        result = asyncio.run(load(options.port, options, processes))
        result["stored"] = count(env)
        wanted = result["confirmed"] if options.minutes else options.participants * options.trials
        result["lost_or_doubled"] = abs(result["stored"]["ballots"] - wanted) + result["stored"]["revisions"]
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

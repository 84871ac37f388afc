"""The survey under load, with participants who think before each answer.

    python benchmarks/load_survey.py [--database URL] [--participants 500] [--think 5 15] [--workers 2]

Starts gunicorn on its own database; all participants arrive within a minute, think before each answer, and the output
counts lost and doubled ballots and gives the response times. `--think 0 0 --arrive 0` saturates the server.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from html import unescape
from urllib.parse import urlencode, urlsplit

from load_server import ROOT, add_options, environment, served

TOKEN = "load"


def prepare(env: dict[str, str], trials: int) -> None:
    """Migrate the database and create the study, in a separate process."""
    code = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "from tests.factories import make_open_study\n"
        f"make_open_study(clips={trials}, open_link_token='{TOKEN}', slug='load')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)


def count(env: dict[str, str]) -> dict[str, int]:
    """Count the rows afterwards."""
    code = (
        "import django; django.setup()\n"
        "from study.models import Ballot, BallotRevision, Participant\n"
        "import json; print(json.dumps({'ballots': Ballot.objects.count(), 'revisions': BallotRevision.objects.count(),"
        "'complete': Participant.objects.filter(status='completed').count()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


class Browser:
    """The HTTP client of one participant, with cookies."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {}
        self.reader = self.writer = None

    async def ask(self, method: str, path: str, data: dict | None = None, accept: str = "text/html"):
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
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        head, _, content = answer.partition(b"\r\n\r\n")
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


async def person(port: int, trials: int, think: tuple[float, float], start: float, times: list, errors: list) -> None:
    await asyncio.sleep(start)
    browser = Browser(port)
    try:
        _, _, page = await browser.ask("GET", f"/s/{TOKEN}/")
        csrf = hidden(page, "csrfmiddlewaretoken")
        form = {"csrfmiddlewaretoken": csrf}
        status, base, _ = await browser.ask("POST", f"/s/{TOKEN}/", form | {"key": hidden(page, "key")})
        if status != 303:
            raise RuntimeError(f"arrival answered {status}")
        for step, data in (("consent/", {"agree": "on"}), ("instructions/", {})):
            await browser.ask("POST", base + step, form | data)
        for number in range(1, trials + 1):
            await browser.ask("GET", f"{base}trial/{number}/")
            await asyncio.sleep(random.uniform(*think))
            ballot = form | {"first": "A", "second": "B", "key": str(uuid.uuid4()), "seconds": "9"}
            began = time.perf_counter()
            status, _, body = await browser.ask("POST", f"{base}trial/{number}/", ballot, "application/json")
            times.append(time.perf_counter() - began)
            if status != 200 or '"saved": true' not in body:
                raise RuntimeError(f"ballot answered {status}")
        status, where, _ = await browser.ask("POST", base + "review/", form)
        if not where.endswith("/thanks/"):
            raise RuntimeError(f"the end answered {status}")
    except Exception as error:
        errors.append(repr(error))


async def load(port: int, options: argparse.Namespace) -> dict:
    times: list[float] = []
    errors: list[str] = []
    began = time.perf_counter()
    await asyncio.gather(
        *(
            person(port, options.trials, tuple(options.think), random.uniform(0, options.arrive), times, errors)
            for _ in range(options.participants)
        )
    )
    ranked = sorted(times)
    return {
        "participants": options.participants,
        "seconds": round(time.perf_counter() - began, 1),
        "errors": errors[:5],
        "error_count": len(errors),
        "ballot_ms": {
            "median": round(1000 * statistics.median(ranked), 1),
            "p99": round(1000 * ranked[int(0.99 * (len(ranked) - 1))], 1),
            "worst": round(1000 * ranked[-1], 1),
        }
        if ranked
        else None,
        "ballots_per_second": round(len(ranked) / (time.perf_counter() - began), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=500)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--think", type=float, nargs=2, default=(5.0, 15.0), metavar=("LOW", "HIGH"))
    parser.add_argument("--arrive", type=float, default=60.0, help="seconds within which all arrive")
    add_options(parser, port=8979)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder, options.database)
        prepare(env, options.trials)
        with served(options.port, env, options):
            result = asyncio.run(load(options.port, options))
        result["stored"] = count(env)
        wanted = options.participants * options.trials
        result["lost_or_doubled"] = abs(result["stored"]["ballots"] - wanted) + result["stored"]["revisions"]
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

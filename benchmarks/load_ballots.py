"""Measure ballots per second at full load, beside a bare Django view that makes the same writes.

    python benchmarks/load_ballots.py [--database URL] [--people 300] [--trials 12] [--rounds 3]

Participants and trials are made beforehand. Then all ballots are sent over eight persistent connections, alternately to
the survey and to the bare view (`bare_ballot.py`), each under gunicorn with the same workers and threads. The client
shares the machine with the server, so it is one loop over sockets that does as little as possible.
"""

import argparse
import json
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import ExitStack

from load_server import ROOT, add_options, environment, served

PREPARE = """
import json, sys
import django; django.setup()
from django.core.management import call_command
call_command('migrate', verbosity=0)
from tests.factories import make_open_study
from study.participants.enrolment import enrol
from study.models import Ballot, Participant
people, trials = int(sys.argv[1]), int(sys.argv[2])
study = make_open_study(clips=trials, slug='load')
out = []
for _ in range(people):
    person, token = enrol(study)
    Participant.objects.filter(pk=person.pk).update(consented_at=person.created_at, answers={'instructions': True})
    for trial in person.trials.order_by('number'):
        out.append([person.handle, token, trial.number, person.pk, trial.pk, *trial.position_order[:2]])
print(json.dumps(out))
"""
COUNT = """
import django; django.setup()
from study.models import Ballot
print(Ballot.objects.count()); Ballot.objects.all().delete()
"""


def run(code: str, env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()[-1]


def survey_request(row: list, number: int) -> bytes:
    handle, token, trial, *_ = row
    csrf = "c" * 32
    body = f"first=A&second=B&seconds=9&listened=9&age=0&key={number:032x}".encode()
    return (
        f"POST /q/{handle}/trial/{trial}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Cookie: earsight_participant={token}; csrftoken={csrf}\r\nX-CSRFToken: {csrf}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def bare_request(row: list, number: int) -> bytes:
    *_, person, trial, first, second = row
    return (
        f"POST /bare/{person}/{trial}/{first}/{second}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def _is_complete(response: bytes) -> bool:
    """Return whether the whole body was received: of the length in the headers, or the last chunk."""
    head, end, body = response.partition(b"\r\n\r\n")
    _, declared, length = head.lower().partition(b"content-length: ")
    if declared:
        return len(body) >= int(length.split(b"\r\n")[0])
    return bool(end) and body.endswith(b"0\r\n\r\n")


def saturate(port: int, requests: list[bytes], connections: int) -> tuple[float, list[float], int]:
    """Send all requests; return the seconds, the milliseconds of each, and how many ballots were not saved."""
    waiting, times, not_saved = deque(requests), [], 0
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    parts: dict[socket.socket, bytes] = {}

    def send(link: socket.socket) -> None:
        sent[link] = time.perf_counter()
        link.sendall(waiting.popleft())

    began = time.perf_counter()
    for _ in range(min(connections, len(requests))):
        link = socket.create_connection(("127.0.0.1", port))
        selector.register(link, selectors.EVENT_READ)
        send(link)
    while sent:
        for key, _ in selector.select(30):
            link = key.fileobj
            piece = link.recv(65536)  # type: ignore[union-attr]
            response = parts.pop(link, b"") + piece  # type: ignore[arg-type]
            if piece and not _is_complete(response):
                parts[link] = response  # type: ignore[index]
                continue
            times.append(1000 * (time.perf_counter() - sent.pop(link)))  # type: ignore[arg-type]
            not_saved += b" 200 " not in response[:20] or b'"saved": true' not in response
            if b"onnection: close" in response or not response:
                selector.unregister(link)
                link.close()  # type: ignore[union-attr]
                if waiting:
                    link = socket.create_connection(("127.0.0.1", port))
                    selector.register(link, selectors.EVENT_READ)
            if waiting:
                send(link)  # type: ignore[arg-type]
    return time.perf_counter() - began, times, not_saved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    add_options(parser, port=8981)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder, options.database)
        rows = json.loads(run(PREPARE, env, str(options.people), str(options.trials)))
        kinds = {
            "survey": ("tests.settings", survey_request),
            "bare view": ("benchmarks.bare_settings", bare_request),
        }
        rates: dict[str, list[float]] = {name: [] for name in kinds}
        result: dict = {}
        with ExitStack() as servers:
            for place, (settings, _) in enumerate(kinds.values()):
                own = env | {"DJANGO_SETTINGS_MODULE": settings}
                servers.enter_context(served(options.port + place, own, options))
            for round_ in range(options.rounds + 1):  # the first round is a warm-up
                for place, (name, (_, request)) in enumerate(kinds.items()):
                    requests = [request(row, index) for index, row in enumerate(rows)]
                    seconds, times, not_saved = saturate(options.port + place, requests, options.connections)
                    stored = int(run(COUNT, env))
                    if not_saved or stored != len(rows):
                        raise SystemExit(f"{name}: {not_saved} were not saved, {stored} of {len(rows)} are stored")
                    if round_:
                        rates[name].append(len(rows) / seconds)
                        result[name] = {"p99_ms": round(sorted(times)[int(0.99 * (len(times) - 1))], 1)}
        for name, found in rates.items():
            result[name]["ballots_per_second"] = round(statistics.median(found), 1)
        result["ratio"] = round(result["survey"]["ballots_per_second"] / result["bare view"]["ballots_per_second"], 2)
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

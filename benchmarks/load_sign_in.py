"""Measure how long a page of the survey takes while sixteen people sign in at once, again and again.

    python benchmarks/load_sign_in.py [--sign-ins 16] [--seconds 20] [--rounds 2] [--database URL]

Starts gunicorn with 2 workers of 8 threads, in turns with Django's own hash ("without limit") and with that of the
product ("in turn"), each also without any sign-in. Names are those of no account, whose password is hashed all the
same; each sign-in is a new connection with a token of its own, and waits as `Retry-After` says.
"""

import argparse
import http.client
import re
import statistics
import tempfile
import threading
import time
from collections import Counter
from urllib.parse import urlencode

from load_server import add_options, environment, served
from load_survey import TOKEN, prepare

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def request(port: int, method: str, path: str, data: dict[str, str] | None = None, cookies: str = ""):
    """Send one request over a connection of its own; return status, headers and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, urlencode(data or {}), FORM | ({"Cookie": cookies} if cookies else {}))
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def sign_in(port: int, number: int, stop: threading.Event, found: Counter, waits: list[float]) -> None:
    """Sign in under an unknown name until `stop`."""
    _status, headers, page = request(port, "GET", "/console/sign-in/")
    cookies = headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    attempt = 0
    while not stop.is_set():
        attempt += 1
        data = {"username": f"nobody-{number}-{attempt}", "password": "wrong", "csrfmiddlewaretoken": token}
        began = time.monotonic()
        status, headers, _page = request(port, "POST", "/console/sign-in/", data, cookies)
        found[status] += 1
        if status == 200:
            waits.append(time.monotonic() - began)
        stop.wait(float(headers.get("Retry-After") or 0))


def survey_pages(port: int, stop: threading.Event) -> list[float]:
    """Open the study's page every tenth of a second, or as fast as it comes; return the seconds that each took."""
    taken = []
    while not stop.is_set():
        began = time.monotonic()
        status, _headers, _page = request(port, "GET", f"/s/{TOKEN}/")
        taken.append(time.monotonic() - began)
        assert status == 200
        stop.wait(max(0.0, 0.1 - taken[-1]))
    return taken


def measure(port: int, sign_ins: int, seconds: float) -> tuple[list[float], Counter, list[float]]:
    stop, found, waits = threading.Event(), Counter(), []
    threads = [
        threading.Thread(target=sign_in, args=(port, number, stop, found, waits), daemon=True)
        for number in range(sign_ins)
    ]
    for thread in threads:
        thread.start()
    threading.Timer(seconds, stop.set).start()
    taken = survey_pages(port, stop)
    for thread in threads:
        thread.join(120)
    return taken, found, waits


def line(name: str, taken: list[float], found: Counter, waits: list[float]) -> str:
    taken = sorted(taken)
    p99 = taken[min(len(taken) - 1, int(0.99 * len(taken)))]
    times = f"{statistics.median(taken) * 1000:.0f} | {p99 * 1000:.0f} | {taken[-1] * 1000:.0f}"
    wait = f"{statistics.median(waits):.1f} s" if waits else ""
    return f"| {name} | {len(taken)} | {times} | {found[200]} | {found[503]} | {wait} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, port=8791)
    parser.set_defaults(threads=8)
    parser.add_argument("--sign-ins", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print("| | survey pages | median ms | p99 | worst | sign-ins judged | sent away | median of a sign-in |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder, options.database) | {"DJANGO_SETTINGS_MODULE": "benchmarks.sign_in_settings"}
        prepare(env, 1)
        for _round in range(options.rounds):
            for name, more in (("without limit", {"EARSIGHT_BENCHMARK_UNLIMITED": "1"}), ("in turn", {})):
                with served(options.port, env | more, options):
                    for _page in range(60):  # imports and first queries of both workers
                        request(options.port, "GET", f"/s/{TOKEN}/")
                    print(line(f"{name}, no sign-in", *measure(options.port, 0, options.seconds / 4)), flush=True)
                    print(line(name, *measure(options.port, options.sign_ins, options.seconds)), flush=True)


if __name__ == "__main__":
    main()

"""Forty people who send a body byte by byte for a minute, and how long a page of the survey takes meanwhile.

    python benchmarks/slow_bodies.py            # gunicorn alone with 8 and with 64 threads, and behind nginx

nginx runs with the proxy's part of deploy/nginx on a free port, without TLS. All on the loopback interface, for five
minutes at most.
"""

import argparse
import http.client
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.load_server import environment, served  # noqa: E402
from tests.services import own_port  # noqa: E402

NGINX = """
daemon off; pid {folder}/pid; error_log /dev/null emerg; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port}; error_log /dev/null emerg; client_max_body_size 2m;
        location / {{ {passed} }}
    }}
}}
"""


@contextmanager
def proxied(upstream: int) -> Iterator[int]:
    """Run nginx in front of a port while the block runs; give its port."""
    port = own_port()
    with tempfile.TemporaryDirectory(prefix="earsight-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's workers are of another user
        passed = (ROOT / "deploy/nginx/earsight-pass.conf").read_text().replace(":8000", f":{upstream}")
        text = NGINX.format(folder=folder, port=port, passed=passed)
        (folder / "nginx.conf").write_text(text)
        server = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", name])
        try:
            time.sleep(1)
            assert server.poll() is None, "nginx did not start"
            yield port
        finally:
            server.terminate()
            server.wait(10)


def send_slowly(port: int, end: float) -> None:
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as person:
            head = "POST /language/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            person.sendall(f"{head}Content-Length: 5000\r\n\r\n".encode())
            while time.monotonic() < end:
                person.sendall(b"a")
                time.sleep(1)
    except OSError:
        pass


def page_seconds(port: int, path: str) -> float | None:
    """Return the seconds of one page; None if it did not come within 20 s."""
    began = time.monotonic()
    try:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        asked.request("GET", path)
        answer = asked.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    except OSError:
        return None
    return time.monotonic() - began


def measure(name: str, port: int, *, seconds: float, people: int) -> None:
    """Print a row: pages before, and while people send slowly."""
    path = "/console/sign-in/"
    for _ in range(5):
        page_seconds(port, path)
    quiet = [page_seconds(port, path) for _ in range(20)]
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=send_slowly, args=(port, end), daemon=True) for _ in range(people)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    busy = []
    while time.monotonic() < end - 2:
        busy.append(page_seconds(port, path))
        time.sleep(0.2)
    came = [value for value in busy if value is not None]
    median = f"{1000 * statistics.median(came):.0f} ms" if came else "–"
    worst = f"{1000 * max(came):.0f} ms" if came else "–"
    before = 1000 * statistics.median(value or 20 for value in quiet)
    print(f"| {name} | {before:.0f} ms | {median} | {worst} | {len(came)} of {len(busy)} |", flush=True)
    for thread in threads:
        thread.join(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--people", type=int, default=40)
    options = parser.parse_args()
    print("| server | page before | median meanwhile | slowest | came within 20 s |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="earsight-slow-") as folder:
        env = environment(folder, "")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        for workers, threads in ((2, 8), (1, 64)):
            port = own_port()
            with served(port, env, argparse.Namespace(workers=workers, threads=threads)):
                time.sleep(4)
                name = f"gunicorn, {workers} × {threads} threads"
                measure(name, port, seconds=options.seconds, people=options.people)
                if threads == 8 and shutil.which("nginx"):
                    with proxied(port) as front:
                        measure(f"nginx before {name}", front, seconds=options.seconds, people=options.people)


main()

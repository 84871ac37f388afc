"""`make audit` finds a vulnerable pin, and never says that all is well when it could not ask."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import audit_dependencies
from tests.services import PATIENCE, own_port

RANGES = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]


@contextmanager
def advisories(*vulnerable: str) -> Iterator[str]:
    """Answer as api.osv.dev does, with an advisory for these packages."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = sent["package"]["name"].lower()
            affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": RANGES}
            found = {"vulns": [{"id": "PYSEC-1", "affected": [affected]}]}
            body = json.dumps(found if name in vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(url: str, tmp_path: Path) -> tuple[int, str]:
    pins = tmp_path / "constraints.txt"
    pins.write_text("harmless==1.0\nharmful==1.0\n", encoding="ascii")
    command = [sys.executable, audit_dependencies.__file__, str(pins)]
    environment = os.environ | {"EARSIGHT_ADVISORIES_URL": url, "XDG_CACHE_HOME": str(tmp_path)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.processes
def test_a_vulnerable_pin_fails_with_its_name_and_the_release_that_mends_it(tmp_path: Path) -> None:
    with advisories("django", "harmful") as url:
        assert audit(url, tmp_path) == (
            1,
            "harmful 1.0: PYSEC-1 (mended in 9)\n1 of 2 pinned libraries have advisories.\n",
        )


@pytest.mark.processes
def test_what_knows_no_advisories_is_not_taken_for_a_clean_answer(tmp_path: Path) -> None:
    """Something that answers everything with nothing, and nothing at all; the control is the test above."""
    with advisories() as url:
        said = audit(url, tmp_path)
    assert said == (0, f"The advisories at {url} cannot be reached. constraints.txt was NOT compared with them.\n")
    nowhere = f"http://127.0.0.1:{own_port()}/"
    assert audit(nowhere, tmp_path) == (0, said[1].replace(url, nowhere))

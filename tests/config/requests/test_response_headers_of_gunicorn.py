"""Headers and cookies as a real server sends them for an https address: WhiteNoise sends static files by itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from config.demo.processes import wait_until_served, web_command
from config.requests.response_headers import FEATURES, POLICY
from tests.config.uploads.web_process import database_url
from tests.services import PATIENCE, own_port

ROOT = Path(__file__).resolve().parents[3]
KINDS = (".css", ".js", ".svg", ".mp3", ".json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[httpx2.Client]:
    """A site behind a proxy that speaks https; its database has the tables, and no rows."""
    data = tmp_path_factory.mktemp("data")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EARSIGHT_", "DJANGO_"))}
    environment = inherited | {
        "EARSIGHT_DATA": str(data),
        "EARSIGHT_BASE_URL": "https://earsight.example.org",
        "EARSIGHT_DATABASE_URL": database_url(),
        "EARSIGHT_HSTS_SUBDOMAINS": "true",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, cwd=ROOT, env=environment, check=True, timeout=PATIENCE)
    port = own_port()
    server = subprocess.Popen([*web_command(port), "--log-level", "error"], cwd=ROOT, env=environment)
    headers = {"Host": "earsight.example.org", "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip"}
    try:
        assert wait_until_served(f"http://127.0.0.1:{port}/static/icon.svg", PATIENCE)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE) as client:
            client.static = data / "static"
            yield client
    finally:
        server.terminate()
        server.wait(60)


@pytest.mark.processes
def test_every_static_file_has_the_security_headers(site: httpx2.Client) -> None:
    """Each kind of file, whole, unchanged since, in a part, without its body, and packed."""
    by_kind = {kind: next(site.static.rglob(f"*{kind}")) for kind in KINDS}
    for kind, path in by_kind.items():
        address = f"/static/{path.relative_to(site.static).as_posix()}"
        whole = site.get(address)
        answers = {
            200: whole,
            304: site.get(address, headers={"If-Modified-Since": whole.headers["Last-Modified"]}),
            206: site.get(address, headers={"Range": "bytes=0-3"}),
            416: site.get(address, headers={"Range": "bytes=99999999-"}),
            405: site.put(address),
        }
        for status, answer in answers.items():
            assert answer.status_code == status, (kind, status)
            assert answer.headers["Content-Security-Policy"] == POLICY, (kind, status)
            assert answer.headers["Permissions-Policy"] == FEATURES, (kind, status)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", (kind, status)
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", (kind, status)
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", (kind, status)
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", (kind, status)


@pytest.mark.processes
def test_over_https_the_cookies_belong_to_this_host_alone(site: httpx2.Client) -> None:
    page = site.get("/withdraw/")
    key = page.cookies["__Host-csrftoken"]
    sent = {"language": "ko", "next": "/withdraw/", "csrfmiddlewaretoken": key}
    origin = {"Origin": "https://earsight.example.org", "Cookie": f"__Host-csrftoken={key}"}
    chosen = site.post("/language/", data=sent, headers=origin)
    assert chosen.status_code == 303
    lines = [*page.headers.get_list("set-cookie"), *chosen.headers.get_list("set-cookie")]
    assert {line.partition("=")[0] for line in lines} == {"__Host-csrftoken", "__Host-earsight_language"}
    for line in lines:
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "path=/"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)

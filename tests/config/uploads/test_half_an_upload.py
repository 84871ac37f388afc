"""An upload whose connection is cut on the way, at a real server: nothing of it stays, and the server goes on."""

import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from study.models import Clip, Job
from tests.config.uploads.web_process import TOKEN, database_url, served
from tests.factories import make_study
from tests.services import own_port, wait_until
from tests.study.jobs.stored import stored_files

THREADS = 2
WHOLE, SENT = 40_000_000, 8_000_000  # bytes
BOUNDARY = "half"


def half_sent(port: int, address: str, session: str) -> socket.socket:
    """Begin to upload a sound, and stop on the way."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    lines = [
        f"POST {address} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Cookie: {settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
        f"X-CSRFToken: {TOKEN}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {WHOLE}",
    ]
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall("\r\n".join([*lines, "", head]).encode())
    connection.sendall(bytes(SENT))
    return connection


def coming_in() -> list[Path]:
    """Files of uploads that are coming in, with something in them."""
    return [path for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir() if path.is_file() and path.stat().st_size]


def answers(url: str, seconds: float) -> bool:
    try:
        return httpx2.get(f"{url}/withdraw/", timeout=seconds).status_code == 200
    except httpx2.TimeoutException:
        return False


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_of_an_upload_that_is_cut_on_the_way_nothing_stays(client: Client) -> None:
    draft = make_study(clips=0)
    client.force_login(draft.owner)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    environment: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": str(settings.DATA_DIR),
        "EARSIGHT_DATABASE_URL": database_url(),
        "EARSIGHT_LOG_LEVEL": "CRITICAL",
    }
    port, before = own_port(), stored_files()
    with served(port, environment, session, threads=THREADS) as web:
        for page in ("study_clips", "generation_upload"):
            address = reverse(page, args=[draft.slug])
            held = [half_sent(port, address, session) for _ in range(THREADS)]
            assert wait_until(lambda: len(coming_in()) == THREADS)
            assert not answers(web.url, 2)  # the control: the halves hold each thread and lie on the disk
            for connection in held:
                connection.close()
            assert wait_until(lambda: answers(web.url, 60), 120)
            assert wait_until(lambda: not coming_in(), 60)
    assert not Clip.objects.exists()
    assert not Job.objects.exists()
    assert stored_files() == before

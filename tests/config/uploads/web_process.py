"""A real web server of one process, its memory, and a researcher and a participant who use it at the same time."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
from django.db import connection
from django.urls import reverse

from config.demo.processes import wait_until_served, web_command
from study.jobs.work import run_job
from study.models import Job
from tests.config.uploads.bombs import CLIPS, PICTURES, ZIPS
from tests.config.uploads.publish_bombs import PUBLISHED
from tests.config.uploads.table_bombs import TABLES

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a" * 32


@dataclass
class Answer:
    """What an upload got: `text` holds what was wrong, or "taken"; `megabytes` is the web process's peak meanwhile."""

    status: int
    text: str
    seconds: float
    megabytes: int
    survey: list[float] = field(default_factory=list)


class WebProcess:
    """gunicorn with one worker of eight threads; `pid` is the worker's."""

    def __init__(self, url: str, master: int, session: str) -> None:
        self.url = url
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        self.pid = int(children[0])
        self._client = httpx2.Client(
            base_url=url,
            cookies={"earsight_session": session, "csrftoken": TOKEN},
            headers={"X-CSRFToken": TOKEN},
            timeout=900,
        )

    def peak(self) -> int:
        """Peak of the resident memory in MB since `forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def upload(
        self,
        address: str,
        files: list[tuple[str, Path]],
        survey: str = "",
        *,
        script: bool,
        field: str = "files",
        values: dict[str, str] | None = None,
    ) -> Answer:
        """Send files as `field`, with `values` beside them; meanwhile ask for the page `survey` again and again.

        What the web process gives to a worker is done here, before this returns.
        """
        self.forget_peak()
        waits: list[float] = []
        stop = threading.Event()
        watch = threading.Thread(target=self._visit, args=(survey, waits, stop))
        if survey:
            watch.start()
        opened = [(name, path.open("rb")) for name, path in files]
        began = time.monotonic()
        try:
            headers = {"Accept": "application/json"} if script else {}
            sent = [(field, pair) for pair in opened]
            response = self._client.post(address, data=values, files=sent, headers=headers)
            text = _said(response, script)
        finally:
            seconds = time.monotonic() - began
            stop.set()
            if survey:
                watch.join()
            for _name, file in opened:
                file.close()
        return Answer(response.status_code, text, seconds, self.peak(), waits)

    def _visit(self, address: str, waits: list[float], stop: threading.Event) -> None:
        with httpx2.Client(base_url=self.url, timeout=120) as visitor:
            while not stop.is_set():
                began = time.monotonic()
                assert visitor.get(address).status_code == 200
                waits.append(time.monotonic() - began)
                stop.wait(0.05)


def database_url() -> str:
    """Return the address of the tests' database, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def _said(response: httpx2.Response, script: bool) -> str:
    if job := re.search(r"/jobs/(\d+)/", response.headers.get("location", "") or response.text[:300]):
        return _said_by_a_worker(int(job[1]))
    if script and response.headers.get("content-type", "").startswith("application/json"):
        answer = response.json()
        file = answer.get("files", [{}])[0]
        return "taken" if file.get("ok") else file.get("problem") or answer.get("problem", "")
    if response.status_code == 302:
        return "taken"
    faults = re.search(r'<ul class="(?:upload-faults|problems)"[^>]*>(.*?)</ul>', response.text, re.DOTALL)
    faults = faults or re.search(
        r'<(?:ul class="errorlist|div class="notice error)"[^>]*>(.*?)</(?:ul|div)>', response.text, re.DOTALL
    )
    return unescape(re.sub(r"\s*<.*?>\s*", " ", faults[1] if faults else response.text[:500])).strip()


def _said_by_a_worker(job_id: int) -> str:
    """Do the work of the job that the web process asked for, in this process."""
    run_job(job_id)
    job = Job.objects.get(pk=job_id)
    return "taken" if job.state == Job.State.READY and not job.faults else " ".join(job.faults) or job.error


@contextmanager
def served(port: int, environment: dict[str, Any], session: str, threads: int = 8) -> Iterator[WebProcess]:
    """Serve the project with a researcher's session while the block runs."""
    command = [*web_command(port, threads=threads), "--log-level", "error"]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until_served(f"{url}/console/sign-in/", 120)
        yield WebProcess(url, server.pid, session)
    finally:
        server.terminate()
        server.wait(60)


class Uploads:
    """A draft with one clip that takes uploads of every kind, and an open study whose page is visited meanwhile."""

    def __init__(self, draft: Any, survey_token: str, folder: Path) -> None:
        self._slug, self._folder, self._numbers = draft.slug, folder, itertools.count(1)
        self._pairs = [("clip1.wav", key) for key in draft.conditions.values_list("key", flat=True)]
        self._survey = f"/s/{survey_token}/"

    def send(self, web: WebProcess, name: str, scale: int) -> tuple[int, Answer, str]:
        """Make the bomb `name` and upload it; return its bytes, what it got, and the pattern of what it should get."""
        if name in TABLES:
            return self._send_table(web, name, scale)
        if name in PUBLISHED:
            return self._send_published(web, name, scale)
        suffix = CLIPS[name][0] if name in CLIPS else PICTURES[name][0] if name in PICTURES else "zip"
        path = self._folder / f"bomb{next(self._numbers)}.{suffix}"
        files = [(path.name, path)]
        if name in CLIPS:
            _suffix, make, said = CLIPS[name]
            make(path, scale)
        elif name in PICTURES:
            _suffix, make_picture, said = PICTURES[name]
            path.write_bytes(make_picture(scale))
            files = [(f"clip1__{key}.{suffix}", path) for _clip, key in self._pairs]
        else:
            make_zip, said = ZIPS[name]
            path.write_bytes(make_zip(scale, self._pairs))
        size = path.stat().st_size
        page = "clips" if name in CLIPS else "upload"
        answer = web.upload(f"/console/studies/{self._slug}/{page}/", files, self._survey, script=name in CLIPS)
        path.unlink()
        return size, answer, said

    def _send_published(self, web: WebProcess, name: str, scale: int) -> tuple[int, Answer, str]:
        address, suffix, make, said = PUBLISHED[name]
        path = self._folder / f"published.{suffix}"
        path.write_bytes(make(scale))
        size = path.stat().st_size
        is_picture = address == "study_interface"
        page = reverse(address, args=[self._slug] if is_picture else [])
        field, values = ("picture", {"caption": "A page"}) if is_picture else ("files", {})
        answer = web.upload(page, [(path.name, path)], self._survey, script=False, field=field, values=values)
        path.unlink()
        return size, answer, said

    def _send_table(self, web: WebProcess, name: str, scale: int) -> tuple[int, Answer, str]:
        kind, suffix, make, said = TABLES[name]
        path = self._folder / f"table.{suffix}"
        path.write_bytes(make(scale))
        size = path.stat().st_size
        page = reverse("study_tags" if kind == "tags" else "generation_files", args=[self._slug])
        values = {"skip_unknown": "on"} if kind == "tags" else {"kind": kind}
        files = [(path.name, path)]
        answer = web.upload(page, files, self._survey, script=False, field="file", values=values)
        path.unlink()
        return size, answer, said

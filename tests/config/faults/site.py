"""A whole installation with people who answer, a run, and analyses and an audit that are asked for."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

from config.demo.processes import web_command
from config.parent_death import end_with_parent
from tests.generation.runs.kill_workers import ROOT
from tests.services import PATIENCE, own_port, wait_until

CSRF = "c" * 32
T = TypeVar("T")


def set_up(folder: str, database: str = "", broker: str = "filesystem://", *, rescue: bool = True) -> None:
    """Set the environment of this process and of those that it starts, and set Django up."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.generation.runs.worker_settings",
        "EARSIGHT_DATA": folder,
        "EARSIGHT_BROKER_URL": broker,
        "EARSIGHT_TEST_STEP_SECONDS": "0.2",
        "EARSIGHT_TEST_QUEUE_PREFIX": "",
        "EARSIGHT_TEST_COUNT_FILE": str(Path(folder) / "begun"),
        "EARSIGHT_LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    if database:
        os.environ["EARSIGHT_DATABASE_URL"] = database
    if not rescue:
        os.environ["EARSIGHT_TEST_NO_RESCUE"] = "1"
    import django

    django.setup()


def patiently(ask: Callable[[], T], seconds: float = 120) -> T:
    """Ask the database again until it answers: it may be away on purpose."""
    from django.db import Error, connection

    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Error:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


class Web:
    """gunicorn on a port of its own."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port, self.log, self.environment = own_port(), log, environment
        self.start()

    def start(self) -> None:
        command = [*web_command(self.port, workers=2, threads=4), "--log-level", "critical"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        assert wait_until(lambda: self.ask("/console/sign-in/")[0] != 0, PATIENCE), self.log.read_text()[-2000:]

    def ask(self, path: str, data: dict[str, str] | None = None, token: str = "") -> tuple[int, dict[str, str], str]:
        """Return status, headers and body of a request; status 0 if there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": f"earsight_participant={token}; csrftoken={CSRF}"}
        body = None
        if data is not None:
            body = urlencode(data | {"csrfmiddlewaretoken": CSRF})
            headers |= {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, {}, ""
        finally:
            connection.close()

    def stop(self) -> None:
        stop(self.process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process with its children; first kindly."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start_worker(log: Path, *, beat: bool = False, **environment: str) -> subprocess.Popen[bytes]:
    """Start a worker of all queues with two processes."""
    command = [sys.executable, "-m", "celery", "-A", "tests.config.faults.worker_app", "worker"]
    command += ["-Q", "cpu,api,gpu", "-c", "2", "--without-gossip", "--without-mingle", "-l", "WARNING"]
    command += ["--beat"] if beat else []
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )


class People:
    """Participants who answer again and again from threads, through one or several web servers."""

    def __init__(self, webs: list[Web], people: int, clips: int) -> None:
        from study.participants.consent_and_questions import give_consent, save_step
        from study.participants.enrolment import enrol
        from tests.factories import make_open_study

        self.webs, self.saved = webs, {}
        self.statuses: Counter[str] = Counter()
        self.study = make_open_study(clips=clips, slug="answers")
        tokens = []
        for _ in range(people):
            person, token = enrol(self.study)
            give_consent(person)
            save_step(person, "instructions")
            tokens.append((person.handle, token))
        # Trials are answered in their order.
        self.all = [(*who, number, str(uuid4())) for number in range(1, clips + 1) for who in tokens]
        self.left = deque(self.all)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._answer, args=(seed,), daemon=True) for seed in range(6)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def _answer(self, seed: int) -> None:
        rng = random.Random(seed)
        while not self._stop.is_set():
            pause = 0.2
            try:
                one = self.left.popleft()
            except IndexError:
                one, pause = rng.choice(self.all), 1.5  # sent again: nothing may change by it
            if not self._send(one, rng.choice(self.webs)):
                self.left.append(one)
            time.sleep(rng.uniform(pause / 4, pause))

    def _send(self, one: tuple[str, str, int, str], web: Web) -> bool:
        handle, token, number, key = one
        status, headers, _body = web.ask(f"/q/{handle}/trial/{number}/", token=token)
        self._count("page", status, headers)
        data = {"first": "A", "second": "B", "key": key}
        status, headers, body = web.ask(f"/q/{handle}/trial/{number}/", data, token)
        self._count("answer", status, headers)
        saved = status == 200 and bool(json.loads(body)["saved"])
        if saved:
            self.saved[handle, number] = key
        return saved

    def _count(self, what: str, status: int, headers: dict[str, str]) -> None:
        told = "" if status != 503 else " with retry" if int(headers.get("Retry-After", 0)) > 0 else " without retry"
        self.statuses[f"{what} {status}{told}"] += 1

    def finish(self) -> dict[str, Any]:
        """Let everybody's answer arrive, and compare what was confirmed with what is stored."""
        from study.models import Ballot, BallotRevision

        wait_until(lambda: len(self.saved) == len(self.all), PATIENCE)
        self._stop.set()
        for thread in self._threads:
            thread.join()
        rows = patiently(
            lambda: list(
                Ballot.objects.filter(trial__participant__study=self.study).values_list(
                    "trial__participant__handle", "trial__number", "submission_key"
                )
            )
        )
        stored = {(handle, number): str(key) for handle, number, key in rows}
        return {
            "ballots": len(rows),
            "wanted_ballots": len(self.all),
            "lost": sum(stored.get(where) != key for where, key in self.saved.items()),
            "doubled": len(rows) - len(stored) + patiently(BallotRevision.objects.count),
            "statuses": dict(sorted(self.statuses.items())),
        }


class Work:
    """A run of steps, analyses that are asked for while the fault lasts, a question about power, and an audit."""

    def __init__(self, clips: int, *, audit: bool = False) -> None:
        from generation.painting import SketchOptions
        from generation.runs import lifecycle
        from generation.settings_model import GenerationSettings, store_settings
        from study.blinding_audit.queueing import ask_for_audit
        from tests.analysis.answered_studies import closed_study
        from tests.factories import make_study
        from tests.generation.studies import add_clips

        self.made = make_study(clips=0, slug="made")
        store_settings(self.made, GenerationSettings(painter=SketchOptions(kind="sketch", size=64)))
        add_clips(self.made, clips)
        self.answered = closed_study(clips=3, people=4, slug="answered")
        self.run = lifecycle.start_run(self.made)
        self.audit = ask_for_audit(make_study(clips=1, slug="audited"), self.made.owner) if audit else None
        self.asked = 0

    def ask(self) -> None:
        """Ask for an analysis, as a researcher does: a page that goes on whatever the broker does."""
        from analysis.study_results.analyses import request_analysis

        patiently(lambda: request_analysis(self.answered))
        self.asked += 1

    def is_over(self) -> bool:
        from analysis.models import Analysis
        from study.models import Job

        def look() -> bool:
            self.run.refresh_from_db()
            if self.audit is not None:
                self.audit = self.audit.study.blinding_audits.order_by("-pk").first()
            waits = Analysis.objects.filter(state__in=Analysis.UNFINISHED).exists()
            # A report's files are made ahead after an analysis.
            waits = waits or Job.objects.filter(state__in=Job.UNFINISHED).exists()
            return not (self.run.is_running or waits or (self.audit is not None and self.audit.is_going))

        return patiently(look)

    def finish(self, seconds: float = PATIENCE) -> dict[str, Any]:
        from analysis.models import Analysis
        from generation.models import ClipStep
        from study.models import JobFile, Study
        from tests.generation.runs.kill_workers import findings
        from tests.generation.studies import owned_files, stored_files

        wait_until(self.is_over, seconds)
        found = patiently(lambda: findings(self.made))  # deletes loose files
        stored = stored_files()  # before the rows, for a job may store more meanwhile
        owned = patiently(
            lambda: set(JobFile.objects.values_list("file", flat=True)).union(*map(owned_files, Study.objects.all()))
        )
        states = Counter(patiently(lambda: list(Analysis.objects.values_list("state", "attempts"))))
        begun = Path(os.environ["EARSIGHT_TEST_COUNT_FILE"])
        return found | {
            # What is shown of images is made when it is needed, for every study.
            "orphans": len({name for name in stored if not name.endswith(".webp")} - owned),
            "run": self.run.state,
            "steps": patiently(ClipStep.objects.filter(run=self.run).exclude(state="skipped").count),
            "steps_begun": len(begun.read_text().splitlines()) if begun.exists() else 0,
            "asked": self.asked,
            "analyses": {f"{state}, attempt {attempts}": count for (state, attempts), count in states.items()},
            "audit": self.audit.state if self.audit is not None else None,
        }

"""The web server killed in the middle of answers: what was said to be saved is there, once; the rest is sent again."""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings

from config.demo.processes import wait_until_served
from tests.services import PATIENCE, own_port
from tests.study.participants.test_concurrent_arrivals import ROOT, database  # noqa: F401 (a fixture)

pytestmark = pytest.mark.processes
PEOPLE, CLIPS = 12, 5
INSTRUMENTS = ("seed", "match_and_quality", "pairs")  # a study of each, with a third of the people
CSRF = "c" * 32
PREPARE = f"""
import json, django; django.setup()
from tests.migrated import make_tables
make_tables()
from study.participants.enrolment import enrol
from study.participants.consent_and_questions import give_consent, save_step
from study.instruments.presets import PRESETS
from tests.factories import make_open_study
people = []
for preset in {INSTRUMENTS}:
    instrument = PRESETS[preset] | ({{"pairs_per_clip": 1}} if preset == "pairs" else {{}})
    study = make_open_study(clips={CLIPS}, instrument=instrument)
    for _ in range({PEOPLE} // 3):
        person, token = enrol(study)
        give_consent(person)
        save_step(person, "instructions")
        people.append([person.handle, token, preset])
print(json.dumps(people))
"""
STORED = """
import json, django; django.setup()
from study.models import Ballot
rows = []
for ballot in Ballot.objects.select_related("trial__participant"):
    order = ballot.trial.position_order
    letters = ["ABCD"[order.index(one)] if one else "" for one in (ballot.first_id, ballot.second_id)]
    content = {
        key: {"ABCD"[order.index(int(image))]: value for image, value in given.items()}
        if isinstance(given, dict) else given
        for key, given in ballot.content.items()
    }
    trial = ballot.trial
    rows.append([trial.participant.handle, trial.number, str(ballot.submission_key), letters, content])
print(json.dumps(rows))
from study.models import BallotRevision
print(BallotRevision.objects.count())
"""


def fields_of(preset: str, key: str) -> dict[str, str]:
    """An answer to a trial, which depends on its key, so that an answer that was changed shows."""
    digits = [int(digit, 16) for digit in key[:8]]
    if preset == "pairs":
        return {"first": ("A", "B", "tie")[digits[0] % 3]}
    if preset == "match_and_quality":
        names = [f"q.{scale}.{letter}" for scale in ("match", "quality") for letter in "ABCD"]
        return {name: str(1 + digit % 7) for name, digit in zip(names, digits, strict=True)}
    return {"first": "ABCD"[digits[0] % 4], "second": "ABCD"[(digits[0] + 1) % 4]}


def stored_answer(preset: str, key: str) -> list[object]:
    """What a ballot holds of it: its choices, and its content, by letters."""
    fields = fields_of(preset, key)
    content: dict[str, object] = {}
    if preset == "match_and_quality":
        for name, value in fields.items():
            _q, scale, letter = name.split(".")
            content.setdefault(scale, {})[letter] = int(value)
        return [["", ""], content]
    if fields["first"] == "tie":
        return [["", ""], {"pair": "tie"}]
    return [[fields["first"], fields.get("second", "")], content]


class Site:
    """A web server of its own on a database of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port = own_port()
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EARSIGHT_TEST_DATA": str(folder),
            "EARSIGHT_DATABASE_URL": url,
            "EARSIGHT_LOG_LEVEL": "CRITICAL",
            "PYTHONPATH": str(ROOT),
        }
        self.server: subprocess.Popen[bytes] | None = None

    def run(self, code: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout.splitlines()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "config.wsgi",
            "--bind",
            f"127.0.0.1:{self.port}",
            "--workers",
            "2",
            "--preload",  # imports once, not in each process
            "--threads",
            "4",
            "--log-level",
            "critical",
        ]
        self.server = subprocess.Popen(command, cwd=ROOT, env=self.env, start_new_session=True)
        assert wait_until_served(f"http://127.0.0.1:{self.port}/console/sign-in/", patience=PATIENCE)

    def kill(self) -> None:
        """The power cut of processes: master and workers at once, without a word."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
            self.server = None

    def send(self, handle: str, token: str, preset: str, number: int, key: str) -> bool:
        """Whether the server said that the ballot is saved."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        body = urlencode(fields_of(preset, key) | {"key": key, "csrfmiddlewaretoken": CSRF})
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.PARTICIPANT_COOKIE_NAME}={token}; csrftoken={CSRF}",
        }
        try:
            connection.request("POST", f"/q/{handle}/trial/{number}/", body, headers)
            return bool(json.loads(connection.getresponse().read())["saved"])
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return False
        finally:
            connection.close()


@pytest.fixture
def site(database: str, tmp_path: Path):  # noqa: F811
    site = Site(database, tmp_path)
    try:
        yield site
    finally:
        site.kill()


def test_what_was_said_to_be_saved_survives_a_kill_and_the_rest_arrives_once(site: Site) -> None:
    [people] = site.run(PREPARE)
    ballots = [(*person, number, str(uuid4())) for number in range(1, CLIPS + 1) for person in json.loads(people)]
    saved: set[str] = set()

    def send(ballot: tuple[str, str, str, int, str]) -> None:
        if site.send(*ballot):
            saved.add(ballot[4])

    site.start()
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(send, ballot) for ballot in ballots]
        while len(saved) < len(ballots) // 3 and not all(task.done() for task in work):
            time.sleep(0.002)
        site.kill()
        for task in work:
            task.result()
    assert len(ballots) // 3 <= len(saved) < len(ballots)
    rows, _revisions = site.run(STORED)
    stored = [key for _handle, _number, key, *_answer in json.loads(rows)]
    assert saved <= set(stored)
    assert len(stored) == len(set(stored))

    # The browsers send all again, each ballot four times at once, what was saved and what was not.
    site.start()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda ballot: site.send(*ballot), [ballot for ballot in ballots for _ in range(4)]))
        # And two tabs say something else about one trial at the same moment, under keys of their own.
        handle, token, preset, number, _key = ballots[0]
        assert all(pool.map(lambda _: site.send(handle, token, preset, number, str(uuid4())), range(8)))
    rows, revisions = site.run(STORED)
    found = {(handle, number): (key, answer) for handle, number, key, *answer in json.loads(rows)}
    assert len(json.loads(rows)) == len(found) == len(ballots)
    for handle, _token, preset, number, key in ballots[1:]:
        assert found[handle, number] == (key, stored_answer(preset, key))
    assert int(revisions) == 8  # the eight keys of the two tabs, and nothing of the replays


def test_answers_wait_while_another_writer_holds_the_database(tmp_path: Path) -> None:
    """SQLite allows one writer at a time; others wait instead of failing with "database is locked"."""
    path = tmp_path / "held.sqlite3"
    site = Site(f"sqlite:///{path}", tmp_path)
    [people] = site.run(PREPARE)
    try:
        site.start()
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(site.send, *person, 1, str(uuid4())) for person in json.loads(people)[:8]]
            assert not wait(waiting, timeout=1).done  # the control: they do wait for the other
            other.execute("COMMIT")
            assert all(answer.result() for answer in waiting)
        other.close()
    finally:
        site.kill()

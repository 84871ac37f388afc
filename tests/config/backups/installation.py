"""Installations of their own for tests of backups, each with a data folder and a database, driven by commands.

Run as a module, it fills the installation of its environment: `closed` makes an analysed study, `write N` lets somebody
cast ballots until standard input ends and prints the key of each that was confirmed.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from study.digests import canonical_digest
from tests.services import PATIENCE, POSTGRES, need_server

ROOT = Path(__file__).resolve().parents[3]
PLAN = {"fixed": {"alpha": 0.05}}
PLAN_DIGEST = canonical_digest(PLAN["fixed"])


class Installation:
    """One installation.

    Args:
        folder: its EARSIGHT_DATA, which need not exist.
        database: the address of its database; "" for SQLite in the folder.
    """

    def __init__(self, folder: Path, database: str = "", **variables: str) -> None:
        self.folder = folder
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EARSIGHT_TEST_DATA": str(folder),
            "EARSIGHT_DATABASE_URL": database,
            "EARSIGHT_LOG_LEVEL": "CRITICAL",
            "PYTHONPATH": str(ROOT),
            **variables,
        }

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command of Python with pipes."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.env, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run `manage.py` with these arguments, which must end with this status; return what it wrote, errors last."""
        process = self.start("manage.py", *arguments)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == status, f"{out[-2000:]}\n{err[-2000:]}"
        return out + err

    def fill(self) -> "Installation":
        """Make a closed study, `violins`, with images as participants saw them and a ready analysis."""
        process = self.start("-m", "tests.config.backups.installation", "closed")
        _out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err[-2000:]
        return self

    def export(self, path: Path) -> bytes:
        self.manage("export_study", "violins", "--out", str(path))
        return path.read_bytes()


def new_database() -> str:
    """Make a database on the PostgreSQL server of the tests and return its address."""
    import psycopg

    server, name = need_server(POSTGRES), f"earsight_backup_{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True, connect_timeout=30) as admin:
        admin.execute(f"create database {name}")
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def drop_database(url: str) -> None:
    import psycopg

    with psycopg.connect(need_server(POSTGRES), autocommit=True, connect_timeout=30) as admin:
        admin.execute(f"drop database {urlsplit(url).path[1:]} with (force)")


def _closed() -> None:
    from analysis.study_results.analyses import build_analysis
    from study.models import Study
    from study.models.log import record
    from study.survey_images.versions import prepare_images
    from tests.analysis.answered_studies import answered_study

    study = answered_study(people=3, clips=2, slug="violins", plan=PLAN, plan_digest=PLAN_DIGEST)
    prepare_images(study)
    at = record(study, "closed").at
    closed = {"status": Study.Status.CLOSED, "closed_at": at, "grace_minutes": 0}
    Study.objects.update(survey_images=study.survey_images, **closed)
    study.refresh_from_db()
    build_analysis(study)


def _write(number: int) -> None:
    from study.ballots.casting import Answer, cast_ballot
    from study.participants.completion import finish
    from study.participants.enrolment import enrol
    from tests.analysis.answered_studies import record_opening
    from tests.factories import UserFactory, make_open_study

    owner = UserFactory(username=f"writer{number}")
    study = make_open_study(clips=3, slug=f"writers-{number}", owner=owner, plan=PLAN, plan_digest=PLAN_DIGEST)
    record_opening(study)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        person = enrol(study)[0]
        for trial in person.trials.all():
            key = uuid4()
            cast_ballot(trial, Answer(key, "A", "B"))
            print(key, flush=True)
        finish(person)


if __name__ == "__main__":
    import django

    django.setup()
    from django.core.management import call_command

    if sys.argv[1] == "closed":
        call_command("migrate", verbosity=0)
        _closed()
    else:
        _write(int(sys.argv[2]))

"""A restore gives back what was there, refuses damaged backups by file, and never leaves something in between."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.backups import copying_database, loading_database, restore
from config.backups.manifest import StoredFile
from config.backups.restore import restore_backup
from config.backups.unfinished import unfinished_restore
from study.ballots.casting import Answer, cast_ballot
from study.management.command import EVERY_COMMAND
from study.models import Ballot, LogEntry, Participant, Stimulus, Study
from study.participants.enrolment import enrol
from study.participants.retention import enforce_retention
from study.participants.withdrawal import withdraw
from tests.config.backups.conftest import back_up, stored_file


def refusal(*arguments: str, **options: Any) -> str:
    """Return what a restore says that is refused."""
    with pytest.raises(CommandError) as refused:
        call_command("restore", *arguments, **options)
    assert refused.value.returncode == 2
    return str(refused.value)


def cast_one(study: Study) -> Ballot:
    return cast_ballot(enrol(study)[0].trials.earliest("number"), Answer(uuid4(), "A", "B"))


def test_a_place_that_is_not_empty_is_refused_unless_it_is_moved_aside(
    study: Study, data: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(out)
    later = cast_one(study)
    assert "is not empty: it has rows of" in refusal(str(out))
    assert Ballot.objects.get() == later
    with pytest.raises(SystemExit):  # the factories' study has no plan
        call_command("restore", str(out), replace=True)
    assert not Ballot.objects.exists()
    said = capsys.readouterr().out
    [aside] = copying_database.sqlite_path().parent.glob("*.replaced-*")
    assert str(aside) in said
    with closing(sqlite3.connect(aside)) as before:
        assert before.execute("SELECT count(*) FROM study_ballot").fetchone() == (1,)
    assert LogEntry.objects.filter(study=None, action="restored from a backup").count() == 1


DAMAGES: dict[str, Callable[[Path], object]] = {
    "changed": lambda path: path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1])),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "missing": lambda path: path.unlink(),
}


def test_a_damaged_backup_is_named_by_file_and_nothing_is_changed(study: Study, data: Path, out: Path) -> None:
    made = back_up(out).manifest
    later = cast_one(study)
    image = str(Stimulus.objects.earliest("pk").image.name)
    own = out / made.name
    files = [
        own / "database.sqlite3",
        own / "secret_key",
        own / "heads.txt",
        stored_file(out, made.stored["media"][image].sha256),
    ]
    for path in files:
        whole = path.read_bytes()
        for damage in DAMAGES.values():
            damage(path)
            said = refusal(str(out), replace=True)
            assert path.name in said
            assert "Nothing was changed" in said
            path.write_bytes(whole)
    (own / "manifest.json").write_text((own / "manifest.json").read_text().replace('"ballots": 0', '"ballots": 1'))
    assert f"{made.name}/manifest.json is damaged" in refusal(str(out), replace=True)
    assert Ballot.objects.get() == later
    assert not unfinished_restore()


@pytest.mark.parametrize("at", ["load_database", "_restore_key"])
def test_a_restore_that_is_killed_leaves_one_database_or_the_other_and_ends_when_run_again(
    study: Study, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    back_up(out)
    cast_one(study)
    default_storage.delete(str(Stimulus.objects.earliest("pk").image.name))

    def kill(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restore, at, kill)
        with pytest.raises(KeyboardInterrupt):
            restore_backup(str(out), replace=True)
    assert Ballot.objects.count() == (0 if at == "_restore_key" else 1)
    assert f"restore {out}/" in unfinished_restore()
    assert [found.msg for found in run_checks(tags=[EVERY_COMMAND])] == [unfinished_restore()]
    restore_backup(str(out), replace=True)
    assert not unfinished_restore()
    assert not Ballot.objects.exists()
    for row in Stimulus.objects.all():
        assert default_storage.exists(str(row.image.name))


def test_a_database_that_another_process_has_open_is_not_replaced(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(out)
    path = copying_database.sqlite_path()
    with closing(sqlite3.connect(path, isolation_level=None)) as web:
        web.execute("SELECT count(*) FROM study_ballot").fetchone()
        assert "another process has it open" in refusal(str(out), replace=True)
        # The control: what the other process writes from then on is in no database that anybody reads.
        monkeypatch.setattr(restore, "require_unused", lambda: None)
        monkeypatch.setattr(loading_database, "require_unused", lambda: None)
        restore_backup(str(out), replace=True)
        web.execute("UPDATE study_study SET title = 'written by the web'")
    assert not Study.objects.filter(title="written by the web").exists()


def test_people_who_withdrew_since_are_erased_again_and_nobody_stays_signed_in(
    study: Study, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ballots = [cast_one(study) for _person in range(3)]
    Session.objects.create(session_key="a" * 32, expire_date=timezone.now())
    first = back_up(out).manifest.name
    people = [ballot.trial.participant for ballot in ballots]
    withdraw(people[0])
    back_up(out)
    withdraw(people[1])  # no backup knows this, the database that is here does
    result = restore_backup(f"{out}/{first}", replace=True)
    assert [text for text in result.done if "had withdrawn since" in text] == [
        f"{person.code} of violins had withdrawn since: their answers are erased again." for person in people[:2]
    ]
    assert [ballot.trial.participant for ballot in Ballot.objects.all()] == [people[2]]
    assert Participant.objects.filter(status="withdrawn").count() == 2
    assert not Session.objects.exists()


def test_a_forged_manifest_leads_to_no_file_outside_its_place(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    path = out / made.name / "manifest.json"
    for forge in (
        lambda row: row.files.update({"../../letter.txt": row.files["heads.txt"]}),
        lambda row: row.files.update({".hidden": row.files["heads.txt"]}),
        lambda row: row.stored["media"].update({"a.png": StoredFile("../../../letter.txt", 4)}),
    ):
        forged = deepcopy(made)
        forge(forged)
        path.write_text(forged.to_json())
        assert f"{made.name}/manifest.json is damaged" in refusal(str(out), check=True)
    path.write_text(made.to_json())
    call_command("restore", str(out), check=True)  # the control


def test_what_nobody_foresaw_never_ends_as_if_the_backup_were_restored(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(out)
    for step, said in (("check_files", "Nothing was changed"), ("load_database", "Run it again: manage.py restore")):
        with monkeypatch.context() as patch:
            patch.setattr(restore, step, Mock(side_effect=ValueError("the unforeseen")))
            text = refusal(str(out), replace=True)
        assert text.startswith("The restore stopped: ValueError: the unforeseen. ")
        assert said in text


def test_people_who_withdrew_since_are_erased_by_a_restore_that_goes_on_after_a_kill(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has the rows of the backup before anybody is erased from them again."""
    person = cast_one(study).trial.participant
    back_up(out)
    withdraw(person)  # no backup knows this

    def killed(manifest: Any, dump: Path, time: str, finish: Any) -> None:
        loading_database.load_database(manifest, dump, time, lambda: None)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restore, "load_database", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_backup(str(out), replace=True)
    assert Ballot.objects.count() == 1  # the control: nothing here knows of it any more
    restore_backup(str(out), replace=True)
    assert not Ballot.objects.exists()


def test_files_of_jobs_that_the_backup_does_not_know_stay_while_it_may_not_take_the_place(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(out)
    name = default_storage.save("jobs/made-since.zip", ContentFile(b"an export"))
    before = (timezone.now() - timedelta(days=3)).timestamp()
    os.utime(default_storage.path(name), (before, before))
    monkeypatch.setattr(loading_database, "require_unused", lambda: 1 / 0)  # the last step fails
    with pytest.raises(ZeroDivisionError):
        restore_backup(str(out), replace=True)
    assert default_storage.exists(name)
    enforce_retention()  # the control: no row refers to it
    assert not default_storage.exists(name)


def test_a_newer_backup_that_is_damaged_keeps_no_older_one_from_being_restored(study: Study, out: Path) -> None:
    first = back_up(out).manifest.name
    second = back_up(out).manifest.name
    (out / second / "manifest.json").write_text("{")
    assert f"{second}/manifest.json is damaged: restore another backup" in refusal(str(out), replace=True)
    problems = restore_backup(f"{out}/{first}", replace=True).problems
    assert f"Who had withdrawn by {second} cannot be read: erase them again by their receipts." in problems


def test_what_a_newer_version_made_is_refused(study: Study, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = back_up(out).manifest
    path = out / made.name / "manifest.json"
    made.migrations.append("study.9999_of_the_future")
    path.write_text(made.to_json())
    assert "newer version, 0.1.0, which has study.9999_of_the_future" in refusal(str(out), replace=True)
    path.write_text(json.dumps({"format": 2, "digest": "", "earsight": "9.0"}))
    assert "is of a newer version, 9.0" in refusal(str(out), replace=True)

"""A restore gives back what was there, refuses damaged backups by file, and never leaves something in between."""

import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from analysis.study_results.analyses import build_analysis
from config.backups import (
    BackupError,
    check_backup,
    copying_database,
    loading_database,
    restore,
    restore_backup,
    unfinished_restore,
)
from config.bundles import export_study
from study.ballots.casting import Answer, cast_ballot
from study.models import Ballot, LogEntry, Participant, Stimulus, Study
from study.participants.enrolment import enrol
from study.participants.withdrawal import withdraw
from study.survey_images.versions import prepare_images
from tests.analysis.answered_studies import closed_study
from tests.config.backups.conftest import back_up, empty, stored_file
from tests.services import PATIENCE

ROOT = Path(__file__).resolve().parents[3]


def contents(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refusal(*arguments: str, **options: Any) -> str:
    """Return what a restore says that is refused."""
    with pytest.raises(CommandError) as refused:
        call_command("restore", *arguments, **options)
    assert refused.value.returncode == 2
    return str(refused.value)


def cast_one(study: Study) -> Ballot:
    return cast_ballot(enrol(study)[0].trials.earliest("number"), Answer(uuid4(), "A", "B"))


@pytest.mark.processes
def test_restored_elsewhere_by_another_process_the_export_is_equal_to_the_byte(
    data: Path, out: Path, tmp_path: Path
) -> None:
    study = closed_study(people=3, clips=2, slug="violins")
    prepare_images(study)
    Study.objects.update(survey_images=study.survey_images)
    study.refresh_from_db()
    build_analysis(study)
    export_study(study, tmp_path / "before.zip")
    back_up(out)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": str(tmp_path / "elsewhere"),
        "EARSIGHT_LOG_LEVEL": "CRITICAL",
    }
    environment.pop("EARSIGHT_DATABASE_URL", None)
    code = (
        "import django; django.setup(); from django.core.management import call_command\n"
        f"try: call_command('restore', {str(out)!r})\n"
        "except SystemExit: pass  # the factories' study has no plan, and verification says so\n"
        f"call_command('export_study', 'violins', out=__import__('pathlib').Path({str(tmp_path / 'after.zip')!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 published heads, up to entry" in done.stdout
    before, after = contents(tmp_path / "before.zip"), contents(tmp_path / "after.zip")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert any(name.startswith("images/") for name in after)
    elsewhere = tmp_path / "elsewhere"
    assert (elsewhere / "secret_key").read_text().strip() == (data / "secret_key").read_text()
    assert list((data / "survey-images").rglob("*.webp"))
    for folder in ("media", "survey-images"):
        files = {path.relative_to(data): path.read_bytes() for path in (data / folder).rglob("*.*")}
        assert files == {p.relative_to(elsewhere): p.read_bytes() for p in (elsewhere / folder).rglob("*.*")}


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


def test_stored_files_alone_are_refused_too(study: Study, out: Path, tmp_path: Path, settings: Any) -> None:
    back_up(out)
    other = empty(settings, tmp_path / "other")
    (other / "media").mkdir()
    (other / "media" / "left.png").write_bytes(b"x")
    assert "stored files here, such as media/left.png" in refusal(str(out))


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


def test_without_the_check_a_damaged_image_would_be_restored(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    """The control."""
    made = back_up(out).manifest
    image = str(Stimulus.objects.earliest("pk").image.name)
    stored_file(out, made.stored["media"][image].sha256).write_bytes(b"damaged")
    empty(settings, tmp_path / "other")
    monkeypatch.setattr(restore, "check_files", lambda *_args: None)
    restore_backup(str(out))
    with default_storage.open(image) as file:
        assert file.read() == b"damaged"


def test_a_check_changes_nothing_and_says_whether_it_is_whole(
    study: Study, data: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = back_up(out).manifest
    before = sorted(path for path in data.rglob("*"))
    call_command("restore", str(out / made.name), check=True)
    assert f"{made.name} is whole." in capsys.readouterr().out
    assert sorted(path for path in data.rglob("*")) == before
    assert "is no whole backup. Whole ones there: " + made.name in refusal(str(out / "files"), check=True)
    assert "neither a backup nor a place" in refusal(str(out / "no" / "such"), check=True)


@pytest.mark.parametrize("at", ["_put_files", "load_database", "_restore_key"])
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
    restore_backup(str(out), replace=True)
    assert not unfinished_restore()
    assert not Ballot.objects.exists()
    for row in Stimulus.objects.all():
        assert default_storage.exists(str(row.image.name))


def test_a_database_that_fails_the_last_steps_never_takes_the_place_of_the_old_one(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(out)
    later = cast_one(study)
    monkeypatch.setattr(restore, "enforce_retention", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore_backup(str(out), replace=True)
    assert Ballot.objects.get() == later


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


def test_the_secret_key_is_restored_or_it_is_said_where_it_must_come_from(
    study: Study, data: Path, out: Path, tmp_path: Path, settings: Any
) -> None:
    key = (data / "secret_key").read_text()
    back_up(out)
    other = empty(settings, tmp_path / "other")
    own = (other / "secret_key").read_text()
    restore_backup(str(out))
    assert (other / "secret_key").read_text().strip() == key
    assert [path.read_text() for path in other.glob("secret_key.replaced-*")] == [own]

    settings.SECRET_KEY_IS_SET = True
    problems = restore_backup(str(out), replace=True).problems
    assert any("EARSIGHT_SECRET_KEY is not the key of the backup" in text for text in problems)
    settings.SECRET_KEY = key
    assert "The secret key is that of the backup." in restore_backup(str(out), replace=True).done
    back_up(out, take_over=True)
    settings.SECRET_KEY, settings.SECRET_KEY_IS_SET = "another key of this place " * 2, False
    problems = restore_backup(str(out), replace=True).problems
    assert any("set it again before the web starts" in text for text in problems)


def test_files_of_another_content_are_kept_aside(study: Study, data: Path, out: Path) -> None:
    back_up(out)
    image = str(Stimulus.objects.earliest("pk").image.name)
    whole = (data / "media" / image).read_bytes()
    (data / "media" / image).write_bytes(b"damaged")
    [text] = [text for text in restore_backup(str(out), replace=True).done if "that differed" in text]
    assert (data / "media" / image).read_bytes() == whole
    [aside] = data.glob("replaced-*")
    assert str(aside) in text
    assert (aside / "media" / image).read_bytes() == b"damaged"


def test_a_backup_without_files_says_which_are_missing(study: Study, out: Path, tmp_path: Path, settings: Any) -> None:
    back_up(out, media=False)
    assert restore_backup(str(out), replace=True).problems == ["The verification found what is written above as WRONG."]
    empty(settings, tmp_path / "other")
    problems = restore_backup(str(out)).problems
    assert any("stored files that rows refer to are in no backup" in text for text in problems)


def test_what_a_newer_version_made_is_refused(study: Study, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = back_up(out).manifest
    path = out / made.name / "manifest.json"
    made.migrations.append("study.9999_of_the_future")
    path.write_text(made.to_json())
    assert "newer version, 0.1.0, which has study.9999_of_the_future" in refusal(str(out), replace=True)
    path.write_text(json.dumps({"format": 2, "digest": "", "earsight": "9.0"}))
    assert "is of a newer version, 9.0" in refusal(str(out), replace=True)


def test_a_dump_of_postgresql_is_refused_by_sqlite(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    made.engine = "postgresql"
    (out / made.name / "manifest.json").write_text(made.to_json())
    assert "There is no way from PostgreSQL to SQLite" in refusal(str(out), replace=True)


def test_a_backup_and_a_restore_do_not_run_together(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    with pytest.raises(BackupError, match="is running"):
        back_up(out, say=lambda _line: check_backup(f"{out}/{made.name}", print))

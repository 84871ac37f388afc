"""More of restores than every run of the tests has time for; `make backups` runs it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from analysis.models import Analysis
from config.backups import copying_database, restore
from config.backups.errors import BackupError
from config.backups.manifest import StoredFile
from config.backups.restore import check_backup, restore_backup
from study.digests import file_digest
from study.models import Ballot, Stimulus, Study
from tests.config.backups.conftest import back_up, empty, stored_file
from tests.config.backups.test_restore import cast_one, refusal


def test_stored_files_alone_are_refused_too(study: Study, out: Path, tmp_path: Path, settings: Any) -> None:
    back_up(out)
    other = empty(settings, tmp_path / "other")
    (other / "media").mkdir()
    (other / "media" / "left.png").write_bytes(b"x")
    assert "stored files here, such as media/left.png" in refusal(str(out))


def test_without_the_check_a_damaged_image_would_be_restored(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    """The control."""
    made = back_up(out).manifest
    image = str(Stimulus.objects.earliest("pk").image.name)
    stored_file(out, made.stored["media"][image].sha256).write_bytes(b"damaged")
    empty(settings, tmp_path / "other")
    monkeypatch.setattr(restore, "check_files", lambda *_args, **_options: None)
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


def test_a_database_that_fails_the_last_steps_never_takes_the_place_of_the_old_one(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(out)
    later = cast_one(study)
    monkeypatch.setattr(restore, "enforce_retention", lambda **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore_backup(str(out), replace=True)
    assert Ballot.objects.get() == later


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
    assert any("not here, such as" in text and "Restore one that has them" in text for text in problems)


def test_a_dump_of_postgresql_is_refused_by_sqlite(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    made.engine = "postgresql"
    (out / made.name / "manifest.json").write_text(made.to_json())
    assert "There is no way from PostgreSQL to SQLite" in refusal(str(out), replace=True)


def test_a_backup_and_a_restore_do_not_run_together(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    with pytest.raises(BackupError, match="is running"):
        back_up(out, say=lambda _line: check_backup(f"{out}/{made.name}", print))


def test_a_backup_of_an_older_version_is_migrated(study: Study, out: Path) -> None:
    made = back_up(out).manifest
    database = out / made.name / "database.sqlite3"
    with copying_database.other_connection(NAME=str(database), OPTIONS={}) as alias:
        call_command("migrate", "analysis", "0003", database=alias, verbosity=0)
        made.migrations = copying_database.read_facts(alias).migrations
    made.files[database.name] = StoredFile(file_digest(database), database.stat().st_size)
    (out / made.name / "manifest.json").write_text(made.to_json())
    with closing(sqlite3.connect(database)) as older:
        assert not any(name == "sent_at" for _n, name, *_rest in older.execute("PRAGMA table_info(analysis_analysis)"))
    restore_backup(str(out), replace=True)
    assert not Analysis.objects.exclude(sent_at=None).exists()  # the column is there
    assert Study.objects.get().slug == "violins"

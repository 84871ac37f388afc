"""More of backups than every run of the tests has time for; `make backups` runs it."""

import hashlib
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import OperationalError

from config.backups import copying_database, storages, write
from config.backups.errors import BackupError
from config.backups.places import bucket
from config.backups.places.folder import FolderPlace
from config.backups.reading import check_files
from config.backups.rotation import Keep
from study.models import Stimulus, Study
from study.participants.enrolment import enrol
from study.participants.withdrawal import withdraw
from tests.config.backups.conftest import back_up, stored_file
from tests.config.backups.test_backup import names


def test_a_key_that_is_set_in_the_environment_is_not_in_the_backup(
    study: Study, out: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SECRET_KEY_IS_SET = True
    call_command("backup", str(out))
    assert "keep EARSIGHT_SECRET_KEY elsewhere" in capsys.readouterr().out
    assert not list(out.rglob("secret_key"))


def test_files_that_did_not_change_are_neither_read_nor_sent_again(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = back_up(out)
    read: list[str] = []
    copy_out = storages.copy_out
    monkeypatch.setattr(
        write, "copy_out", lambda storage, name, path: read.append(name) or copy_out(storage, name, path)
    )
    added = default_storage.save("zz/added.png", ContentFile(b"another picture"))
    second = back_up(out)
    assert read == [added]
    assert second.manifest.stored_files.keys() - first.manifest.stored_files.keys() == {f"media/{added}"}
    # What somebody deleted from the place is sent again.
    stored_file(out, second.manifest.stored["media"][added].sha256).unlink()
    check_files(FolderPlace(out), back_up(out).manifest)
    assert read == [added, added]


def test_a_file_that_was_lost_before_is_named_and_no_older_backup_is_deleted(
    study: Study, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = back_up(out).manifest.name
    lost = str(Stimulus.objects.earliest("pk").image.name)
    default_storage.delete(lost)
    with pytest.raises(SystemExit) as ended:
        call_command("backup", str(out), keep=1)
    assert ended.value.code == 1
    assert f"media/{lost}" in capsys.readouterr().err
    assert names(out)[0] == first
    assert len(names(out)) == 2


def test_the_files_of_a_deleted_backup_go_when_no_other_needs_them(study: Study, out: Path) -> None:
    name = default_storage.save("zz/old.png", ContentFile(b"an old picture"))
    digest = back_up(out).manifest.stored["media"][name].sha256
    default_storage.delete(name)
    second = back_up(out)
    assert stored_file(out, digest).exists()
    third = back_up(out, keep=Keep(1))
    assert second.manifest.name in third.deleted
    assert not stored_file(out, digest).exists()
    check_files(FolderPlace(out), third.manifest)


def test_a_damaged_manifest_lets_nothing_be_deleted(study: Study, out: Path) -> None:
    first = back_up(out).manifest.name
    (out / first / "manifest.json").write_text("{")
    files = set((out / "files").rglob("*"))
    result = back_up(out, keep=Keep(1))
    assert "could not be tidied up" in result.problems[0]
    assert files <= set((out / "files").rglob("*"))
    assert len(names(out)) == 2


def test_a_damaged_database_is_not_backed_up(study: Study, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = back_up(out).manifest.name

    def damaged(*_args: Any) -> None:
        raise BackupError("earsight.sqlite3 is damaged (row 3 missing from index)")

    monkeypatch.setattr(copying_database, "check_sqlite", damaged)
    with pytest.raises(BackupError, match="is damaged"):
        back_up(out, keep=Keep(1))
    assert names(out) == [whole]


def test_the_manifest_names_people_who_withdrew_by_what_opens_nothing(study: Study, out: Path) -> None:
    person = enrol(study)[0]
    withdraw(person)
    assert back_up(out).manifest.withdrawn == [person.handle]


def test_a_storage_or_a_database_that_is_away_is_told_in_one_sentence(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (OSError("the storage does not answer"), OperationalError("the database does not answer")):

        def away(*_args: Any, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(write, "names_in", away)
            with pytest.raises(CommandError, match=r"No backup was made: the .* does not answer") as refused:
                call_command("backup", str(out))
        assert refused.value.returncode == 2
    assert names(out) == []


def test_a_check_leaves_no_copies_of_a_bucket_s_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Mock(download_file=lambda _bucket, key, path: Path(path).write_bytes(key.encode()))
    monkeypatch.setattr(bucket, "_client", lambda: client)
    place = bucket.BucketPlace("s3://lab/backups", tmp_path)
    wanted = hashlib.sha256(b"backups/files/ab/abcd").hexdigest()
    assert place.digest("files/ab/abcd", 21) == wanted
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert place.local("files/ab/abcd").exists()  # the control: a restore needs it
    with pytest.raises(BackupError, match="MiB are needed"):
        place.digest("files/ab/abcd", 2**60)

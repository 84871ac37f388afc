"""A backup is whole or not there, holds what its database refers to, sends nothing twice, and deletes only its own."""

import errno
import json
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from config.backups import copying_database, lock, write
from config.backups.errors import BackupError
from config.backups.manifest import backup_names, read_manifest
from config.backups.places.folder import FolderPlace
from config.backups.reading import check_files, find_backup
from config.backups.rotation import Keep, kept
from config.backups.storages import overlaps
from config.health.checks.services import backup_is_recent
from config.health.finding import Level
from study.ballots.casting import Answer, cast_ballot
from study.models import Ballot, Stimulus, Study
from study.participants.enrolment import enrol
from tests.config.backups.conftest import back_up, stored_file


def names(out: Path) -> list[str]:
    return backup_names(FolderPlace(out))


def test_a_backup_holds_the_database_all_files_heads_and_the_key_for_this_user_only(
    study: Study, data: Path, out: Path
) -> None:
    result = back_up(out)
    made = result.manifest
    assert names(out) == [made.name]
    assert made.counts == {"studies": 1, "participants": 0, "ballots": 0}
    last = study.log.get()
    assert ("violins", 1, last.head) in made.heads
    images = [str(row.image.name) for row in Stimulus.objects.all()]
    assert set(images) <= made.stored["media"].keys()
    assert (out / made.name / "secret_key").read_text() == (data / "secret_key").read_text() + "\n"
    check_files(FolderPlace(out), made)
    for path in [out, *out.rglob("*")]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
    noted = json.loads((data / "last_backup.json").read_text())
    assert noted == {
        "at": made.made_at,
        "to": f"{out}/{made.name}",
        "bytes": made.size,
        "files_at": made.made_at,
        "problems": [],
    }


def test_rows_never_refer_to_a_file_that_the_backup_lacks(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image is made again at the worst moment: the database is copied, and its file is deleted before it is."""
    copy, times = copying_database.copy_database, []
    monkeypatch.setattr(copying_database, "copy_database", lambda path: once_repainted(copy, path, times))
    made = back_up(out).manifest
    assert len(times) == 2
    assert made.missing == []
    assert str(Stimulus.objects.earliest("pk").image.name) in made.stored["media"]

    # The control: with one attempt there would be no such backup.
    times.clear()
    monkeypatch.setattr(write, "ATTEMPTS", 1)
    with pytest.raises(BackupError, match="while no images are made"):
        back_up(out)


def once_repainted(copy: Any, path: Path, times: list[int]) -> Any:
    """Copy the database between two paintings of an image, the first time only."""
    times.append(1)
    if len(times) > 1:
        return copy(path)
    paint()
    facts = copy(path)
    paint()
    return facts


def paint() -> None:
    row = Stimulus.objects.earliest("pk")
    old = str(row.image.name)
    row.image.save("image.png", ContentFile(b"painted again " + uuid4().bytes))
    default_storage.delete(old)


def test_a_backup_that_is_killed_is_never_taken_for_one_and_the_next_tidies_up(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = back_up(out).manifest.name
    with monkeypatch.context() as patch:
        patch.setattr(FolderPlace, "commit", kill)
        with pytest.raises(KeyboardInterrupt):
            back_up(out)
    left = out / ".unfinished" / "backup"
    left.mkdir(parents=True, exist_ok=True)  # what a kill leaves
    (left / "database.sqlite3").write_bytes(b"half")
    assert names(out) == [whole]
    back_up(out)
    assert len(names(out)) == 2
    assert not (out / ".unfinished").exists()


def test_without_the_last_step_half_a_backup_would_be_taken_for_one(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: files that go to their place one after another, the manifest first."""

    def one_after_another(place: FolderPlace, folder: Path, name: str) -> None:
        place.put(folder / "manifest.json", f"{name}/manifest.json")
        raise KeyboardInterrupt

    monkeypatch.setattr(FolderPlace, "commit", one_after_another)
    with pytest.raises(KeyboardInterrupt):
        back_up(out)
    [half] = names(out)
    with pytest.raises(BackupError, match=r"database\.sqlite3 is missing"):
        check_files(FolderPlace(out), read_manifest(FolderPlace(out), half))


def kill(*_args: Any) -> None:
    raise KeyboardInterrupt


def test_a_full_disk_stops_the_backup_with_one_sentence_and_leaves_the_older_one(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = back_up(out).manifest
    default_storage.save("zz/added.png", ContentFile(b"another picture"))

    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(write, "copy_out", full)
        with pytest.raises(CommandError, match=r"No space left on device\. Nothing was backed up") as refused:
            call_command("backup", str(out), keep=1)
    assert refused.value.returncode == 2
    assert not (out / ".unfinished").exists()
    assert names(out) == [whole.name]
    # It is told before anything is written, if it can be known.
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 0))  # type: ignore[attr-defined]
        with pytest.raises(BackupError, match="MiB are needed and 0 MiB are free"):
            back_up(out)
    check_files(FolderPlace(out), whole)


def test_of_two_backups_at_once_the_second_is_refused(study: Study, out: Path) -> None:
    refused: list[str] = []

    def second(_line: str) -> None:
        with pytest.raises(BackupError, match="is running") as error:
            back_up(out)
        refused.append(str(error.value))

    check_files(FolderPlace(out), back_up(out, say=second).manifest)
    assert len(refused) > 1
    assert len(names(out)) == 1


def test_without_the_lock_the_second_takes_the_files_of_the_first(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock.fcntl, "flock", lambda *_args: None)
    inner: list[str] = []
    with pytest.raises(OSError):
        back_up(out, say=lambda _line: inner.append(back_up(out).manifest.name))
    assert inner == names(out)


def test_a_backup_while_four_write_holds_each_ballot_that_was_confirmed_before(study: Study, out: Path) -> None:
    people = [enrol(study)[0] for _ in range(12)]
    trials = [[person.trials.all() for person in people[number::4]] for number in range(4)]
    confirmed: list[int] = []
    begun, stop = threading.Event(), threading.Event()

    def write_ballots(rows: list[Any]) -> None:
        try:
            while not stop.is_set():
                for row in rows:
                    for trial in row:
                        confirmed.append(cast_ballot(trial, Answer(uuid4(), "A", "B")).pk)
                        if len(confirmed) > 4:
                            begun.set()
        finally:
            connection.close()

    # A reader, as the web has them, keeps SQLite from moving what is written to the file itself.
    reader = sqlite3.connect(copying_database.sqlite_path(), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM study_ballot").fetchone()
    threads = [threading.Thread(target=write_ballots, args=(rows,)) for rows in trials]
    for thread in threads:
        thread.start()
    begun.wait(60)
    before = set(confirmed)
    made = back_up(out).manifest
    stop.set()
    for thread in threads:
        thread.join()
    assert before
    with copying_database.other_connection(NAME=str(out / made.name / "database.sqlite3"), OPTIONS={}) as alias:
        held = set(Ballot.objects.using(alias).values_list("pk", flat=True))
    assert before <= held
    # The control: a plain copy of the file lacks what the write-ahead log holds, or is damaged.
    plain = out / "plain.sqlite3"
    plain.write_bytes(copying_database.sqlite_path().read_bytes())
    reader.close()
    with closing(sqlite3.connect(plain)) as copy:
        try:
            copied = {pk for (pk,) in copy.execute("SELECT id FROM study_ballot")}
        except sqlite3.DatabaseError:
            copied = set()
    assert not before <= copied


def test_a_place_that_is_not_ours_is_refused(study: Study, data: Path, out: Path) -> None:
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    with pytest.raises(BackupError, match="not empty and holds no backups"):
        back_up(out)
    (out / "letter.txt").unlink()
    first = back_up(out).manifest.name
    (data / "installation_id").unlink()  # another installation
    with pytest.raises(BackupError, match="of another installation"):
        back_up(out, keep=Keep(1))
    second = back_up(out, keep=Keep(1), take_over=True)
    assert second.deleted == []  # it deletes only what it made
    third = back_up(out, keep=Keep(1))
    assert third.deleted == [second.manifest.name]
    assert names(out) == [first, third.manifest.name]
    check_files(FolderPlace(out), read_manifest(FolderPlace(out), first))
    with pytest.raises(BackupError, match="lie one inside the other"):
        back_up(data / "media" / "backups")


def test_what_somebody_else_put_into_the_place_is_neither_deleted_nor_taken_for_a_backup(
    study: Study, out: Path
) -> None:
    first = back_up(out, keep=Keep(1)).manifest
    own = out / "2026-11-30.sql.gz"
    own.write_bytes(b"somebody's dump")
    copy = shutil.copytree(out / first.name, out / "safe-copy")
    lost = default_storage.save("zz/only-in-the-first.png", ContentFile(b"a picture"))
    second = back_up(out, keep=Keep(1))
    assert "safe-copy has not the name of a backup" in second.problems[0]
    assert names(out) == [second.manifest.name]
    # The copy may need what no other backup needs.
    default_storage.delete(lost)
    third = back_up(out, keep=Keep(1)).manifest
    assert stored_file(out, second.manifest.stored["media"][lost].sha256).exists()
    assert find_backup(str(out), out / "scratch")[1] == third
    with pytest.raises(BackupError, match="is no whole backup"):
        find_backup(str(copy), out / "scratch")
    # Moved away, it keeps nothing from being deleted.
    shutil.rmtree(copy)
    assert back_up(out, keep=Keep(1)).problems == []
    assert not stored_file(out, second.manifest.stored["media"][lost].sha256).exists()
    assert own.read_bytes() == b"somebody's dump"


def test_backups_without_stored_files_never_push_out_those_with_them(
    study: Study, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = back_up(out, keep=Keep(1)).manifest
    first = back_up(out, media=False, keep=Keep(1))
    second = back_up(out, media=False, keep=Keep(1))
    assert second.deleted == [first.manifest.name]
    noted = json.loads((data / "last_backup.json").read_text())
    assert (noted["at"], noted["files_at"]) == (second.manifest.made_at, whole.made_at)
    elsewhere = back_up(out.parent / "elsewhere", media=False)
    noted = json.loads((data / "last_backup.json").read_text())
    assert (noted["at"], noted["files_at"]) == (elsewhere.manifest.made_at, whole.made_at)
    check_files(FolderPlace(out), whole)
    # Nor the other way round; and files that the whole one has are not read again.
    monkeypatch.setattr(write, "copy_out", Mock(side_effect=AssertionError))
    third = back_up(out, keep=Keep(1))
    assert third.deleted == [whole.name]
    assert names(out) == [second.manifest.name, third.manifest.name]


def test_the_doctor_tells_what_the_last_backup_told(
    study: Study, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(write, "delete_unused", Mock(side_effect=ValueError("the unforeseen")))
        with pytest.raises(SystemExit) as ended:
            call_command("backup", str(out))
    assert ended.value.code == 1  # the backup is made
    assert "tidied up: the unforeseen" in capsys.readouterr().err
    assert len(names(out)) == 1
    found = backup_is_recent()
    assert (found.level, "tidied up: the unforeseen" in found.found) == (Level.FAULT, True)
    with monkeypatch.context() as patch:
        patch.setattr(write, "_note", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        assert "last_backup.json could not be written" in back_up(out).problems[0]
    back_up(out)
    assert backup_is_recent().level == Level.OK


def test_what_nobody_foresaw_never_ends_as_if_the_backup_were_made(
    study: Study, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(copying_database, "copy_database", Mock(side_effect=ValueError("the unforeseen")))
        with pytest.raises(CommandError, match="No backup was made: ValueError: the unforeseen") as refused:
            call_command("backup", str(out))
    assert refused.value.returncode == 2
    assert names(out) == []
    for damaged in (b"", b"[]", b"{}", b"\xff"):
        (out / "earsight-backups.json").write_bytes(damaged)
        with pytest.raises(BackupError, match=r"earsight-backups\.json is damaged.* give --take-over"):
            back_up(out)
    back_up(out, take_over=True)
    assert back_up(out).problems == []


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ("s3://lab/media", True),
        ("s3://lab/media/backups", True),
        ("s3://lab", True),
        ("s3://lab/media-backups", False),
        ("s3://other/media", False),
        ("/mnt/lab/media", False),
    ],
)
def test_a_bucket_is_never_the_place_of_its_own_backups(place: str, inside: bool) -> None:
    bucket = Mock(path=Mock(side_effect=NotImplementedError), bucket_name="lab", location="media/")
    assert overlaps(bucket, place) == inside


def test_the_newest_of_days_weeks_and_months_are_kept() -> None:
    start = datetime(2026, 1, 1, 2, tzinfo=UTC)
    rows = [(f"{day:06d}", start + timedelta(days=day)) for day in range(100)]
    assert kept(rows, Keep(newest=3)) == {"000097", "000098", "000099"}
    assert kept(rows, Keep(newest=0)) == {"000099"}  # never the last one
    daily = kept(rows, Keep(daily=2, weekly=2, monthly=3))
    # The 100th day is Friday 10 April: the newest of its week, of the week before, and of April, March and February.
    assert daily == {"000099", "000098", "000094", "000089", "000058"}
    # A clock that was set back deletes no newest backup: names have numbers.
    assert "000100" in kept([*rows, ("000100", start)], Keep(newest=1))

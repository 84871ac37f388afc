"""Each check of `manage.py doctor` finds its fault, and nothing where all is well."""

import json
import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError

from config.accounts.second_factor.devices import app_of, new_key
from config.health.checks import broker, clock, database, files, security, services
from config.health.finding import Level
from generation.models import ClipStep
from study.background_work.signs_of_life import note_life
from study.models import Worker
from study.models.log import record
from tests.factories import UserFactory, make_study
from tests.services import REDIS, need_server

pytestmark = pytest.mark.django_db


def assert_is(level: Level, finding: Any, *words: str) -> None:
    assert finding.level is level, finding
    assert all(word in finding.found + finding.mend for word in words), finding
    assert bool(finding.mend) == (level is not Level.OK)


def test_the_database_is_really_written_and_left_as_it_was() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert_is(Level.OK, database.database_is_written())
    words = [query["sql"].split()[0] for query in queries]
    assert words[:4] == ["SAVEPOINT", "INSERT", "DELETE", "RELEASE"], "in a transaction, here within that of the test"
    assert not Worker.objects.exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite alone has a read-only mode that a query sets")
def test_a_database_that_takes_nothing_is_a_fault() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            with pytest.raises(Exception, match="readonly"):
                database.database_is_written()
        finally:
            cursor.execute("PRAGMA query_only = OFF")


def test_migrations_that_are_missing_or_of_a_newer_release_are_named() -> None:
    assert_is(Level.OK, database.migrations_are_applied())
    rows = MigrationRecorder.Migration.objects
    rows.create(app="study", name="0999_later")
    assert_is(
        Level.FAULT, database.migrations_are_applied(), "another version", "study.0999_later", "Start the version"
    )
    rows.filter(name__in=("0999_later", "0018_workers")).delete()
    assert_is(Level.FAULT, database.migrations_are_applied(), "study.0018_workers", "manage.py migrate")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="settings of SQLite")
def test_sqlite_settings_are_read_back() -> None:
    # The tests' own database does not wait for the disk, which is what the check is there to find.
    assert_is(Level.FAULT, database.sqlite_writes_ahead(), "synchronous is 0")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete = OFF")
        try:
            assert_is(Level.FAULT, database.sqlite_writes_ahead(), "secure_delete is 0")
        finally:
            cursor.execute("PRAGMA secure_delete = ON")


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.44.5", True),
        ("3.44.6", False),
        ("3.45.0", True),
        ("3.50.6", True),
        ("3.50.7", False),
        ("3.51.0", True),
        ("3.51.2", True),
        ("3.51.3", False),
        ("3.53.0", False),
    ],
)
def test_versions_with_the_wal_reset_bug_are_known(version: str, has_it: bool, monkeypatch: Any) -> None:
    numbers = tuple(map(int, version.split(".")))
    assert database.has_wal_reset_fault(numbers) is has_it
    monkeypatch.setattr(sqlite3, "sqlite_version_info", numbers)
    if connection.vendor == "sqlite":
        assert_is(Level.WARNING if has_it else Level.OK, database.sqlite_is_sound())


def test_a_network_file_system_is_recognised_by_the_innermost_mount(tmp_path: Path, monkeypatch: Any) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\nnas:/lab /srv/my\\040lab nfs4 rw 0 0\ntmpfs /srv/my\\040lab/fast tmpfs rw 0 0\n",
        encoding="utf-8",
    )
    kinds = {
        folder: database.file_system_of(Path(folder), mounts)
        for folder in ("/var", "/srv/my lab/data", "/srv/my lab/fast", "/srv/my lab2")
    }
    assert list(kinds.values()) == ["ext4", "nfs4", "tmpfs", "ext4"]
    assert database.file_system_of(Path("/"), tmp_path / "none") == ""
    if connection.vendor == "sqlite":
        for kind, level in (
            ("nfs4", Level.FAULT),
            ("fuse.sshfs", Level.FAULT),
            ("9p", Level.WARNING),
            ("xfs", Level.OK),
        ):
            monkeypatch.setattr(database, "file_system_of", lambda _folder, kind=kind: kind)
            assert_is(level, database.sqlite_is_local())


def test_a_broker_that_is_away_is_a_fault(settings: Any, monkeypatch: Any) -> None:
    assert_is(Level.OK, broker.broker_is_reached(), "folder broker")
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": "/none", "control_folder": "/none"}
    assert_is(Level.FAULT, broker.broker_is_reached(), "/none is missing")
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"
    monkeypatch.setattr(broker.current_app, "connection_for_write", lambda: Connection("redis://127.0.0.1:1"))
    with pytest.raises(OperationalError):
        broker.broker_is_reached()
    settings.CELERY_BROKER_URL = REDIS
    monkeypatch.setattr(broker.current_app, "connection_for_write", lambda: Connection(need_server(REDIS)))
    assert_is(Level.OK, broker.broker_is_reached(), "redis://127.0.0.1 is reachable")


def test_the_visibility_timeout_is_compared_with_the_longest_step(settings: Any) -> None:
    assert_is(Level.OK, broker.visibility_outlasts_steps())
    settings.CELERY_BROKER_URL = "redis://127.0.0.1"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
    study = make_study(clips=1)
    run = study.generation_runs.create(number=1)
    step = ClipStep.objects.create(clip=study.clips.get(), run=run, kind="paint", position=4, seconds=1700)
    assert_is(Level.OK, broker.visibility_outlasts_steps(), "28 min")
    ClipStep.objects.filter(pk=step.pk).update(seconds=2000)
    assert_is(Level.WARNING, broker.visibility_outlasts_steps())
    now = timezone.now()
    study.blinding_audits.create(state="passed", started_at=now - timedelta(hours=2), moved_at=now)
    assert_is(Level.FAULT, broker.visibility_outlasts_steps(), "120 min", "visibility_timeout")


def test_workers_that_do_not_answer_are_named(monkeypatch: Any) -> None:
    answers: dict[str, list[dict[str, str]]] = {}
    inspect = type("Inspect", (), {"active_queues": lambda _self: answers})
    monkeypatch.setattr(broker.current_app.control, "inspect", lambda timeout: inspect())
    assert_is(Level.FAULT, broker.workers_answer(), "cpu, api, gpu", "--queues cpu,api,gpu")
    note_life(Worker.Kind.WORKER, ["cpu"])
    assert_is(Level.WARNING, broker.workers_answer(), "a worker for cpu lives but does not answer")
    answers["celery@one"] = [{"name": "cpu"}, {"name": "api"}]
    assert_is(Level.WARNING, broker.workers_answer(), "no worker answers for gpu")
    answers["celery@two"] = [{"name": "gpu"}]
    assert_is(Level.OK, broker.workers_answer(), "2 workers")


def test_a_beat_that_is_silent_and_a_worker_of_another_release_are_named() -> None:
    assert_is(Level.WARNING, services.beat_runs(), "never seen")
    note_life(Worker.Kind.BEAT)
    assert_is(Level.OK, services.beat_runs())
    assert_is(Level.OK, services.one_release_runs())
    Worker.objects.update(code="0123456789ab")
    assert_is(Level.FAULT, services.one_release_runs(), "0123456789ab", "Restart")
    Worker.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert_is(Level.OK, services.one_release_runs())
    assert_is(Level.WARNING, services.beat_runs(), "last seen")


def test_media_are_stored_read_and_deleted(monkeypatch: Any) -> None:
    before = set(default_storage.listdir("")[1])
    assert_is(Level.OK, files.media_are_written())
    assert set(default_storage.listdir("")[1]) == before
    monkeypatch.setattr(FileSystemStorage, "open", lambda *_args, **_kwargs: ContentFile(b"another"))
    assert_is(Level.FAULT, files.media_are_written(), "another file")


def test_what_check_deploy_finds_the_doctor_finds_too(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    settings.STATIC_ROOT = str(tmp_path)  # `tests/config/installation` has the cases
    assert_is(Level.FAULT, files.static_files_are_collected(), "static files are not those", "collectstatic")
    monkeypatch.setattr(files.checks, "static_files", lambda: [])
    assert_is(Level.OK, files.static_files_are_collected())
    monkeypatch.setenv("EARSIGHT_MAIL_URL", "smtp://x")
    settings.BASE_URL = "https://lab.example.org"
    assert_is(Level.WARNING, security.settings_are_known(), "EARSIGHT_MAIL_URL", "EARSIGHT_EMAIL_URL")
    monkeypatch.setattr(security.checks, "unknown_settings", lambda: [])
    assert_is(Level.OK, security.settings_are_known())
    settings.BASE_URL = "http://127.0.0.1:8000"
    assert_is(Level.WARNING, security.settings_are_known(), "this machine only")


def test_without_the_list_of_static_files_none_is_ready(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    assert_is(Level.OK, files.static_files_are_named())
    settings.STATIC_ROOT = str(tmp_path)
    monkeypatch.setattr(files, "staticfiles_storage", ManifestStaticFilesStorage())
    assert_is(Level.FAULT, files.static_files_are_named(), "collectstatic")
    (tmp_path / "staticfiles.json").touch()
    assert_is(Level.OK, files.static_files_are_named())


def test_old_translations_missing_weights_and_little_room_are_found(
    settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    settings.LOCALE_PATHS = [tmp_path]
    (folder / "django.po").touch()
    assert_is(Level.WARNING, files.translations_are_compiled(), "ko", "compile_translations")
    (folder / "django.mo").touch()
    assert_is(Level.OK, files.translations_are_compiled())
    os.utime(folder / "django.mo", (1, 1))
    assert_is(Level.WARNING, files.translations_are_compiled())

    monkeypatch.setattr(files, "default_weights_folder", lambda: tmp_path)
    assert_is(Level.FAULT, files.weights_are_there(), "fetch_musicnn")
    (tmp_path / files.MUSICNN_WEIGHTS).touch()
    assert_is(Level.OK, files.weights_are_there())

    for free, level in ((100 * 2**20, Level.FAULT), (2**30, Level.WARNING), (2**40, Level.OK)):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr(files.shutil, "disk_usage", lambda _folder, usage=usage: usage)
        assert_is(level, files.room_is_left())
    numbers = type("Numbers", (), {"f_files": 1000, "f_favail": 3})
    monkeypatch.setattr(files.os, "statvfs", lambda _folder: numbers)
    assert_is(Level.FAULT, files.room_is_left(), "3 more files")


def test_data_and_secrets_that_others_can_read_are_found(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("EARSIGHT_SECRET_KEY", raising=False)
    settings.DATA_DIR, settings.SECURE = tmp_path, True
    settings.SECRET_KEY = "oSzWvT1zQ0h6yK8mJ4nB2cX5vL7pR9dF3gA6sE1wU0iYtHkMqN"
    key = tmp_path / "secret_key"
    key.touch(mode=0o600)
    tmp_path.chmod(0o700)
    assert_is(Level.OK, files.data_are_private())
    assert_is(Level.OK, security.secret_is_random())
    key.chmod(0o644)
    assert_is(Level.FAULT, security.secret_is_random(), "chmod 600")
    tmp_path.chmod(0o755)
    assert_is(Level.FAULT, files.data_are_private(), "Everybody", "chmod 700")
    tmp_path.chmod(0o750)
    assert_is(Level.WARNING, files.data_are_private(), "chmod 700")
    tmp_path.chmod(0o755)
    settings.SECURE = False
    assert_is(Level.WARNING, files.data_are_private(), "chmod 700")

    monkeypatch.delenv("EARSIGHT_ENV_FILE", raising=False)
    assert_is(Level.OK, files.settings_are_private())
    (tmp_path / "env").touch(mode=0o600)
    monkeypatch.setenv("EARSIGHT_ENV_FILE", str(tmp_path / "env"))
    assert_is(Level.OK, files.settings_are_private())
    (tmp_path / "env").chmod(0o644)
    assert_is(Level.WARNING, files.settings_are_private(), "passwords", "chmod o=")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("oSzWvT1zQ0h6yK8mJ4nB2cX5vL7pR9dF3gA6sE1wU0iYtHkMqN", ""),
        ("9f86d081884c7d659a2feaa0c55ad015", ""),  # openssl rand -hex 16
        ("a longer sentence, which nobody drew", "shorter than 50"),
        ("a" * 60, "different characters"),
        ("change-me-oSzWvT1zQ0h6yK8mJ4nB2cX5vL7pR9dF3gA6sE1wU0", "placeholder"),
        ("k3Jd9fQwLmXy7R" * 5, "repeats itself"),
    ],
)
def test_a_secret_that_can_be_guessed_is_found(key: str, reason: str) -> None:
    weakness = security.weakness_of(key)
    assert reason in weakness if reason else weakness == ""


def test_debug_pages_wrong_hosts_and_open_ports_are_found(settings: Any) -> None:
    assert_is(Level.OK, security.debug_is_off())
    settings.DEBUG, settings.SECURE = True, True
    assert_is(Level.FAULT, security.debug_is_off())
    settings.SECURE = False
    assert_is(Level.WARNING, security.debug_is_off())

    settings.BASE_URL = "http://lab.example.org"
    assert_is(Level.FAULT, security.hosts_are_right(), "lab.example.org")
    settings.ALLOWED_HOSTS = [".example.org"]
    assert_is(Level.WARNING, security.hosts_are_right(), "not https")
    settings.SECURE, settings.BASE_URL = True, "https://lab.example.org"
    assert_is(Level.OK, security.hosts_are_right())

    UserFactory()
    assert_is(Level.OK, security.writer_hosts_are_few())
    UserFactory()
    assert_is(Level.WARNING, security.writer_hosts_are_few(), "2 researchers")
    settings.WRITER_HOSTS = ["localhost:8080"]
    assert_is(Level.OK, security.writer_hosts_are_few())


def test_accounts_without_a_second_factor_are_named_where_it_is_required(settings: Any) -> None:
    people = [UserFactory(username=f"p{number:02}") for number in range(23)]
    UserFactory(is_active=False)
    assert_is(Level.OK, security.second_factors_are_set_up(), "leaves it to each")
    settings.SECOND_FACTOR = "required"
    assert_is(Level.WARNING, security.second_factors_are_set_up(), "23 (p00", "p19 and 3 more)", "sign in")
    for person in people[1:]:
        app_of(person, new_key()).save()
    assert_is(Level.WARNING, security.second_factors_are_set_up(), "1 (p00)")
    people[0].delete()
    assert_is(Level.OK, security.second_factors_are_set_up(), "every account")


def test_a_clock_that_was_set_back_and_one_that_differs_are_found(monkeypatch: Any) -> None:
    record(None, "account made")
    assert_is(Level.OK, clock.clock_has_not_gone_back())
    now = timezone.now()
    monkeypatch.setattr(clock.timezone, "now", lambda: now - timedelta(hours=1))
    assert_is(Level.WARNING, clock.clock_has_not_gone_back(), "set back")
    monkeypatch.undo()
    if connection.vendor == "sqlite":
        assert_is(Level.OK, clock.clocks_agree(), "no clock of their own")
    for seconds, level in ((1, Level.OK), (-20, Level.WARNING), (90, Level.FAULT)):
        away = [("the database", timedelta(seconds=seconds))]
        monkeypatch.setattr(clock, "_differences", lambda away=away: away)
        assert_is(level, clock.clocks_agree(), "behind" if seconds < 0 else "before")


def test_a_mail_server_that_refuses_is_a_fault(settings: Any, monkeypatch: Any) -> None:
    assert_is(Level.OK, services.mails_are_sent())
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert_is(Level.WARNING, services.mails_are_sent())
    settings.OPERATOR_EMAILS = ["ada@example.org"]
    assert_is(Level.FAULT, services.mails_are_sent(), "EARSIGHT_EMAIL_URL")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    with pytest.raises(ConnectionError):
        services.mails_are_sent()
    opened = []
    monkeypatch.setattr(EmailBackend, "open", lambda self: opened.append(self.host))
    assert_is(Level.OK, services.mails_are_sent())
    assert opened == ["127.0.0.1"]


def test_the_file_of_heads_is_opened(settings: Any, tmp_path: Path) -> None:
    assert_is(Level.OK, files.heads_file_is_written())
    settings.HEADS_FILE = tmp_path / "heads"
    assert_is(Level.OK, files.heads_file_is_written())
    assert not settings.HEADS_FILE.exists(), "the check adds nothing"
    settings.HEADS_FILE = tmp_path / "away" / "heads"
    assert_is(Level.FAULT, files.heads_file_is_written(), "EARSIGHT_HEADS_FILE")


def test_the_age_and_the_problems_of_the_last_backup_count(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    settings.DATA_DIR = tmp_path
    assert_is(Level.WARNING, services.backup_is_recent(), "none was made")
    note = tmp_path / "last_backup.json"
    for days, level in ((0, Level.OK), (3, Level.WARNING), (9, Level.FAULT)):
        at = timezone.now() - timedelta(days=days)
        note.write_text(json.dumps({"at": at.isoformat(), "to": "s3://lab", "bytes": 1}), encoding="utf-8")
        assert_is(level, services.backup_is_recent(), "s3://lab")
    lost = {"at": timezone.now().isoformat(), "to": "/srv/backup", "problems": ["3 stored files are lost."]}
    note.write_text(json.dumps(lost), encoding="utf-8")
    assert_is(Level.FAULT, services.backup_is_recent(), "/srv/backup", "3 stored files are lost.")
    note.write_text(json.dumps(lost | {"problems": []}), encoding="utf-8")
    assert_is(Level.OK, services.backup_is_recent())
    for days, words in ((1, "the newest with them is of"), (9, "without --no-media"), (None, "none has them")):
        files_at = days and (timezone.now() - timedelta(days=days)).isoformat()
        note.write_text(json.dumps({"at": timezone.now().isoformat(), "files_at": files_at}), encoding="utf-8")
        assert_is(Level.OK if days == 1 else Level.WARNING, services.backup_is_recent(), words)
    monkeypatch.setattr(services, "default_storage", object())  # a bucket
    assert_is(Level.OK, services.backup_is_recent(), "none has them")
    no_list = json.dumps(lost | {"problems": "lost"})
    for broken in ("{", "[]", '{"at": "yesterday"}', '{"at": "2026-11-30T01:00:00"}', no_list):
        note.write_text(broken, encoding="utf-8")
        assert_is(Level.FAULT, services.backup_is_recent(), "cannot be read")


def test_a_restore_that_was_killed_is_a_fault_until_it_is_run_again(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert_is(Level.OK, services.restore_has_ended())
    for content, words in (('{"from": "/srv/backup"}', "restore /srv/backup --replace"), ("{", "--replace")):
        (tmp_path / "restore.json").write_text(content, encoding="utf-8")
        assert_is(Level.FAULT, services.restore_has_ended(), "did not end", words)

"""An installation of its own for each test: a data folder, stored files and the rows of the test database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from config.backups.write import Result, make_backup
from study.models import Study
from study.models.log import record
from tests.factories import make_open_study


@pytest.fixture
def own_database(tmp_path: Path, transactional_db: None) -> Iterator[None]:
    """A copy of the test database: threads of servers that other tests started may still have the usual one open."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    with closing(sqlite3.connect(usual)) as source, closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        source.backup(copy)
    connection.settings_dict["NAME"] = str(tmp_path / "copy.sqlite3")
    yield
    connection.close()
    connection.settings_dict["NAME"] = usual


@pytest.fixture
def data(tmp_path: Path, settings: Any, own_database: None) -> Iterator[Path]:
    """The data folder of this installation."""
    # Django's tests let no connection be opened but the usual one. Taken back before the test's database is closed to
    # others again: the usual fixture ends after that, and would leave it open to all later tests of the process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "ensure_connection", _ensure_connection)
        yield use(settings, tmp_path / "data")


def _ensure_connection(self: BaseDatabaseWrapper) -> None:
    if self.connection is None:
        with self.wrap_database_errors:
            self.connect()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The place of its backups."""
    return tmp_path / "out"


@pytest.fixture
def study(data: Path) -> Study:
    """An open study with two clips, and a log."""
    study = make_open_study(clips=2, slug="violins")
    record(study, "opened", plan_digest=study.plan_digest)
    return study


def use(settings: Any, folder: Path) -> Path:
    """Let this process use another data folder; a secret key lies there, as the settings make it."""
    folder.mkdir()
    settings.DATA_DIR, settings.MEDIA_ROOT = folder, folder / "media"
    settings.SECRET_KEY, settings.SECRET_KEY_IS_SET = f"the key of {folder.name} " + "x" * 32, False
    (folder / "secret_key").write_text(settings.SECRET_KEY)
    return folder


def empty(settings: Any, folder: Path) -> Path:
    """Let this process be an installation where nothing is yet, its database migrated."""
    call_command("flush", interactive=False, verbosity=0)
    connection.close()
    return use(settings, folder)


def back_up(out: Path, **options: Any) -> Result:
    return make_backup(str(out), **options)


def stored_file(out: Path, digest: str) -> Path:
    return out / "files" / digest[:2] / digest

"""Order of the tests, and data that they share."""

import os
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache as counted
from django.db import connection
from django.utils import translation
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from study.background_work import messages, schema
from study.jobs import requests
from study.jobs.work import run_job
from tests.migrated import copy_migrated, copy_template, on_server
from tests.shared_rows import RowsOfFile, shared_rows

ROOT = Path(__file__).resolve().parent.parent


class FilesTogether(LoadScopeScheduling):
    """Keeps the tests of a file in one process, because they share fixtures, except those of files marked `long`.

    xdist's own groups (`xdist_group`) have no effect since pytest 9.2, without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if _is_long(file) else file


@cache
def _is_long(file: str) -> bool:
    """Whether the file marks its tests `long`; the process that distributes them does not collect them."""
    return "mark.long" in (ROOT / file).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether | None:
    """Use it for `--dist loadscope`, as `make test` does; None leaves other ways to xdist."""
    return FilesTogether(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Start long tests first, so that none is left alone at the end.

    A test that drives other processes, for example a browser, is run again before its failure counts, because a machine
    that stops for seconds is no fault of the code.
    """
    for item in items:
        if item.get_closest_marker("processes"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    result = yield
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    return result


@pytest.fixture(autouse=True)
def _no_heartbeat_into_an_open_transaction(request, monkeypatch) -> None:
    """A test within one transaction locks SQLite's file: renewing the lease meanwhile would wait for minutes."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        monkeypatch.setattr(settings, "GENERATION_LEASE_SECONDS", 3600)


@pytest.fixture(autouse=True)
def _no_pause_for_the_broker() -> None:
    """A test in which the broker is away stops no messages of the next one."""
    messages.try_again_at_once()


@pytest.fixture(autouse=True)
def _schema_is_known(monkeypatch) -> None:
    """The database of tests is of this version; asking it again would count among the queries of a page."""
    monkeypatch.setattr(schema, "_answer", (float("inf"), ""))


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Guesses, arrivals and mails that other tests of this process sent from the same network are not counted here."""
    counted.clear()


@pytest.fixture(autouse=True)
def _one_language() -> Iterator[None]:
    """A request of the test client leaves its language active, as in a server's thread until the next request."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[bool]:
    """Begin with a copy of the migrated database: on SQLite in the folder of this process, on PostgreSQL dropped after.

    There, `--reuse-db` keeps a database for the next run, as pytest-django does.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        copy_migrated(Path(database["TEST"]["NAME"]))
        yield True
    elif request.config.getvalue("reuse_db"):
        yield True
    else:
        name = connection.creation._get_test_db_name()
        with django_db_blocker.unblock():
            copy_template(name)
        yield True
        with on_server() as server:
            server.execute(f'drop database "{name}" with (force)')


@pytest.fixture(scope="module")
def rows_of_file(django_db_setup: None, django_db_blocker: Any) -> RowsOfFile:
    """Make rows once for all tests of a file; see `tests/shared_rows.py`."""
    return partial(shared_rows, django_db_blocker)


@pytest.fixture
def jobs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do each job in the request that asks for it, as if a worker were done before the request is."""

    def do_it(job: Any) -> None:
        run_job(job.pk)
        job.refresh_from_db()

    monkeypatch.setattr(requests, "wake", do_it)


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploads in this process, for tests that are not about the bounded ones."""
    from tests import without_processes

    without_processes.read_here(monkeypatch)


@pytest.fixture
def typeset_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make no PDF and no picture of a report, for tests that look at none."""
    from tests import without_processes

    without_processes.typeset_nothing(monkeypatch)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real audio and labels; skip the test if it is missing."""
    folder = Path(os.environ.get("EARSIGHT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real audio and labels at {folder}; set EARSIGHT_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def musicnn_folder(tmp_path_factory) -> Path:
    """Return the folder of musicnn's converted weights: those of the set-up, or fetched once for the session."""
    from generation.tagging.base import TaggingError
    from generation.tagging.files import default_weights_folder
    from generation.tagging.musicnn.weights import ensure_weights, weights_path

    folder = Path(os.environ.get("EARSIGHT_TEST_WEIGHTS", default_weights_folder()))
    if weights_path(folder).is_file():
        return folder
    folder = tmp_path_factory.mktemp("weights")
    try:
        ensure_weights(folder)
    except TaggingError as error:
        pytest.skip(f"musicnn's weights are neither under EARSIGHT_DATA nor to be fetched: {error}")
    return folder

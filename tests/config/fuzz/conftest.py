"""The fuzzed world, made once for all tests of this folder, and the summary of the run."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from tests.config.fuzz import checks
from tests.config.fuzz.checks import Faults, Server
from tests.config.fuzz.page_forms import Form, forms_of, names_that_views_read
from tests.config.fuzz.requests import Book, Request
from tests.config.fuzz.world import Address, World, build_world, name_at
from tests.generation.runs import fake_pipeline

SEED = int(os.environ.get("FUZZ_SEED", "0"))
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "400"))


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """The world, in a transaction that is never committed."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        fake_pipeline.install(patch.setattr)
        patch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)
        patch.setattr("django.conf.settings.GENERATION_LEASE_SECONDS", 3600)
        with transaction.atomic():
            yield build_world()
            transaction.set_rollback(True)


@pytest.fixture(scope="package")
def server(world: World) -> Server:
    return Server(world)


@pytest.fixture(scope="package")
def book(world: World, server: Server) -> Book:
    """The forms of all pages, read as those who may see them."""
    posted, asked = names_that_views_read()
    book = Book(posted_names=posted, query_names=asked)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    with transaction.atomic():
        for addresses in world.addresses.values():
            for address in _some(addresses):
                try:
                    status, body = server.send(Request(world.roles_of(address)[0], "GET", address.path))
                except Faults as faults:
                    book.faults.append(str(faults))
                    continue
                if status == 200 and b"<form" in body:
                    for form in forms_of(address.path, body.decode(errors="replace")):
                        _enter(book, form, seen)
        transaction.set_rollback(True)
    return book


def _some(addresses: list[Address]) -> list[Address]:
    """All addresses of participants' pages; of a console's page as many as a short run can open, telling ones first."""
    first = ["generated", "open", "closed"]
    addresses = sorted(addresses, key=lambda address: (address.state not in first, addresses.index(address)))
    is_console = addresses[0].path.startswith("/console/")
    return addresses[: max(1, REQUESTS // 300)] if is_console else addresses


def _enter(book: Book, form: Form, seen: set[tuple[str, tuple[str, ...]]]) -> None:
    """Add a form under the name of the URL that it is sent to, once for each set of fields."""
    name = name_at(form.action)
    if (name, tuple(form.fields)) not in seen:
        seen.add((name, tuple(form.fields)))
        book.forms.setdefault(name, []).append(form)


def pytest_terminal_summary(terminalreporter) -> None:
    total = sum(checks.statuses.values())
    if total:
        counts = ", ".join(f"{count} × {status}" for status, count in sorted(checks.statuses.items()))
        terminalreporter.write_line(f"Fuzzed on {connection.vendor} with FUZZ_SEED={SEED}: {total} requests, {counts}")

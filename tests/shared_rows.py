"""Rows that the tests of a file share: made once, in a transaction around those of the tests, which are rolled back.

    made, study = study_of_file(lambda: make_open_study(clips=2))

Other rows are made within `rows_of_file()` by a fixture of the module. Files that a test changes or deletes stay so;
and a test that needs transactions of its own (`transaction=True`) cannot be in such a file.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from study.models import Study

RowsOfFile = Callable[[], AbstractContextManager[None]]


def study_of_file(make: Callable[[], Study]) -> tuple[Any, Any]:
    """Return the fixtures `made`, the number of the study that is made once, and `study`, an object for each test."""

    @pytest.fixture(scope="module")
    def made(rows_of_file: RowsOfFile) -> Iterator[int]:
        with rows_of_file():
            yield make().pk

    @pytest.fixture
    def study(made: int, db: None) -> Study:
        return Study.objects.get(pk=made)  # which a test may change

    return made, study


@contextmanager
def shared_rows(blocker: Any) -> Iterator[None]:
    """Keep what is stored within until the end, and then take it back."""
    with blocker.unblock(), transaction.atomic():
        close, connection.close = connection.close, lambda: None  # Django's test case closes it after each test
        try:
            yield
        finally:
            connection.close = close
            transaction.set_rollback(True)

"""Rows that the tests of a file share: made once, in a transaction around those of the tests, which are rolled back.

    @pytest.fixture(scope="module")
    def made(rows_of_file: RowsOfFile) -> Iterator[int]:
        with rows_of_file():
            yield make_open_study(clips=2).pk

    @pytest.fixture
    def study(made: int, db: None) -> Study:
        return Study.objects.get(pk=made)  # a new object: a test may change it

Files that a test changes or deletes stay so; and a test that needs transactions of its own (`transaction=True`) cannot
be in such a file.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connection, transaction

RowsOfFile = Callable[[], AbstractContextManager[None]]


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

"""The way of a ballot on PostgreSQL, where it is other statements: the same tests in a database made for them."""

import pytest

from tests.services import pass_on_postgresql

pytestmark = pytest.mark.long


def test_ballots_are_cast_and_kept_statements_hold_on_postgresql():
    pass_on_postgresql("tests/study/ballots/test_kept_statements.py", "tests/study/ballots/test_casting.py")

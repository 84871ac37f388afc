"""Half as many requests on PostgreSQL, which refuses values that SQLite takes."""

import pytest

from tests.config.fuzz.conftest import REQUESTS
from tests.services import pass_on_postgresql

pytestmark = pytest.mark.long


def test_every_request_is_answered_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUZZ_REQUESTS", str(REQUESTS // 2))
    pass_on_postgresql("tests/config/fuzz/test_every_address.py")

"""Leases, and work that waits, on PostgreSQL, where several really write at once: the same tests in a new database."""

import pytest

from tests.services import pass_on_postgresql

pytestmark = [pytest.mark.long, pytest.mark.processes]


def test_leases_hold_on_postgresql():
    pass_on_postgresql(
        "tests/generation/runs/test_leases.py",
        "tests/generation/runs/test_waiting.py",
        "tests/config/health/test_waiting_work.py",
        "tests/config/metrics/test_metrics.py",
    )

"""Ballots, quotas, owners, and what nobody should send, on PostgreSQL: the same tests in a database made for them."""

import pytest

from tests.services import pass_on_postgresql

pytestmark = [pytest.mark.long, pytest.mark.processes]


def test_ballots_are_cast_and_hostile_requests_refused_on_postgresql():
    pass_on_postgresql(
        "tests/analysis/test_models.py",
        "tests/study/ballots/test_casting.py",
        "tests/study/ballots/test_answers_in_order.py",
        "tests/study/ballots/finishing_at_once.py",
        "tests/study/ballots/counting_at_once.py",
        "tests/study/ballots/test_clip_answers.py",
        "tests/study/participants/test_people_list.py",
        "tests/study/participants/test_quotas.py",
        "tests/config/accounts/test_own_work.py",
        "tests/config/accounts/owners_at_once.py",
        "tests/config/requests/test_edge.py",
    )

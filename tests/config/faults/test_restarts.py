"""The broker or the database stopped and started again and again, while people answer and workers work."""

from typing import Any

import pytest

from tests.services import need_program, printed_by

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


def with_restarts(fault: str, *options: str) -> dict[str, Any]:
    need_program({"redis": "redis-server", "rabbitmq": "rabbitmq-server"}.get(fault, "initdb"), fault)
    return printed_by("tests.config.faults.restarts", fault, *options, seconds=3600)


def check_that_all_is_done_once(found: dict[str, Any]) -> None:
    assert (found["run"], found["steps_not_done"]) == ("done", 0), found
    assert found["stimuli"] == found["wanted"], found
    assert (found["orphans"], found["missing_files"]) == (0, 0), found
    assert (found["ballots"], found["lost"], found["doubled"]) == (found["wanted_ballots"], 0, 0), found
    assert all(state.startswith("ready") for state in found["analyses"]), found
    assert found["same_worker"], found


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_twenty_restarts_of_the_broker_under_load_leave_everything_done_once(broker: str) -> None:
    found = with_restarts(broker, "--times", "20")
    check_that_all_is_done_once(found)
    assert found["steps_begun"] == found["steps"], found  # none was begun twice, though messages came twice
    assert set(found["analyses"]) == {"ready, attempt 1"}, found
    assert set(found["statuses"]) <= {"answer 200", "page 200", "answer 409", "page 303"}, found  # nobody noticed


@pytest.mark.parametrize("broker", ["redis"])
def test_without_the_look_out_work_is_lost_with_the_brokers_messages(broker: str) -> None:
    found = with_restarts(broker, "--times", "3", "--unprotected")
    assert found["steps_not_done"] > 0, found


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_restarts_of_postgresql_under_load_lose_and_double_no_ballot(mode: str) -> None:
    found = with_restarts(f"postgres-{mode}", "--times", "10")
    check_that_all_is_done_once(found)
    told = {"answer 503 with retry", "page 503 with retry"}
    assert told & set(found["statuses"]), found  # they came while it was away
    others = set(found["statuses"]) - told
    assert others <= {"answer 200", "page 200", "answer 409", "page 303"}, found

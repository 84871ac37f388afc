"""Versions that differ, two copies on one folder, a read-only disk, a clock that is set: with real processes."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.generation.runs.kill_workers import is_whole
from tests.services import missing, printed_by

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def with_fault(fault: str, *options: str) -> dict[str, Any]:
    return printed_by("tests.config.faults.whole", fault, *options, seconds=1800)


def test_an_old_worker_and_an_old_web_server_on_a_newer_database_do_nothing_and_a_new_worker_goes_on() -> None:
    found = with_fault("versions")
    assert (found["page_before"], found["retry_before"], found["page_after"]) == (503, "15", True), found
    assert found["worker_ended"] == 1
    assert "manage.py migrate" in found["worker_said"]
    assert (found["old_worker_ended"], found["page_of_old_web"], found["failed_steps"]) == (True, True, 0), found
    assert found["steps_left"] > 0, found
    assert is_whole(found), found


def test_a_worker_that_does_not_compare_versions_works_on() -> None:
    found = with_fault("versions", "--unprotected")
    assert not found["old_worker_ended"], found


def test_two_web_servers_and_two_workers_on_one_folder_do_everything_once() -> None:
    found = with_fault("copies")
    assert is_whole(found), found
    assert (found["ballots"], found["lost"], found["doubled"]) == (found["wanted_ballots"], 0, 0), found
    assert found["steps_begun"] == found["steps"], found


def test_without_leases_two_workers_on_one_folder_do_steps_twice() -> None:
    found = with_fault("copies", "--unprotected")
    assert found["steps_begun"] > found["steps"], found


def test_three_that_migrate_an_empty_database_at_once_all_succeed() -> None:
    found = with_fault("migrations")
    assert (found["codes"], found["said"], found["is_whole"]) == ([0, 0, 0], [], True), found


def test_djangos_own_migrate_fails_when_two_run_at_once() -> None:
    assert max(with_fault("migrations", "--unprotected")["codes"]) > 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make files immutable")
@pytest.mark.parametrize("protected", [True, False])
def test_a_disk_that_becomes_read_only_costs_time_alone(protected: bool) -> None:
    found = with_fault("read-only", *([] if protected else ["--unprotected"]))
    assert found["saved_meanwhile"] == 0, found
    errors = {status for status in found["statuses"] if " 500" in status}
    assert bool(errors) is not protected, found
    if protected:
        assert is_whole(found), found
        assert (found["ballots"], found["lost"], found["doubled"]) == (found["wanted_ballots"], 0, 0), found
        assert "answer 503 with retry" in found["statuses"], found


def test_a_clock_set_back_and_forward_during_a_run_does_nothing_twice_and_holds_nothing_up() -> None:
    if not list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        missing("libfaketime is not installed; install it with: sudo apt-get install faketime")
    found = with_fault("clock")
    assert is_whole(found), found
    assert found["steps_begun"] <= found["steps"] + 2, found  # what the killed worker had begun
    assert found["seconds_after"] < 240, found

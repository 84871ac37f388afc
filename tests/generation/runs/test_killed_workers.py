"""Real workers killed at random moments. The long form: python -m tests.generation.runs.kill_workers."""

import pytest

from tests.services import RABBITMQ, REDIS, control, need_server, printed_by

pytestmark = [pytest.mark.long, pytest.mark.processes]


def found_after_kills(broker: str, *options: str) -> dict:
    if not broker.startswith("filesystem"):
        need_server(broker)
    return printed_by("tests.generation.runs.kill_workers", "--broker", broker, *options)


@pytest.mark.parametrize("broker", ["filesystem://", REDIS, RABBITMQ], ids=["filesystem", "redis", "rabbitmq"])
def test_after_kills_every_stimulus_is_there_once_and_no_file_is_orphaned(broker):
    for clips in (8, 16, 32):  # on a slow machine, a short run may end before the second kill
        found = found_after_kills(broker, "--kills", "2", "--clips", str(clips), "--step-seconds", "0.15")
        if found["kills"] == 2:
            break
    assert found["kills"] == 2, found
    assert (found["run"], found["stimuli"], found["steps_not_done"]) == ("done", 4 * clips, 0), found
    assert (found["orphans"], found["missing_files"]) == (0, 0), found


@control
def test_without_requeueing_the_steps_of_a_killed_worker_stay_undone():
    """The control: the filesystem transport loses what a killed worker had fetched."""
    found = found_after_kills(
        "filesystem://",
        "--kills",
        "1",
        "--clips",
        "8",
        "--step-seconds",
        "0.15",
        "--no-rescue",
    )
    assert (found["kills"], found["run"]) == (1, "running"), found
    assert found["steps_not_done"] > 0

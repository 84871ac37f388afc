"""Requests counted by several processes, one after the other and at the same time."""

import errno
import io
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from config.metrics import request_counts
from config.metrics.request_counts import BUCKETS, OTHER, RequestCounts

NAMES = ["study_list", "survey_trial"]
SUM, STATUSES = len(BUCKETS) + 1, slice(len(BUCKETS) + 2, None)


def count(folder: Path, requests: int, seconds: float = 0.02) -> None:
    counts = RequestCounts(folder, NAMES)
    for _number in range(requests):
        counts.add("survey_trial", seconds, 200)


def in_processes(*work: tuple[Any, ...]) -> None:
    """Call `count` with each of these arguments, each in a process of its own, at the same time."""
    processes = [multiprocessing.get_context("fork").Process(target=count, args=arguments) for arguments in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def test_each_request_is_in_one_bucket_of_its_view_with_its_status(tmp_path: Path) -> None:
    counts = RequestCounts(tmp_path, NAMES)
    for seconds, status in ((0.001, 200), (0.01, 302), (0.3, 404), (99.0, 503), (0.0, 101)):
        counts.add("study_list", seconds, status)
    counts.add("no such view", 1.0, 404)
    sums = counts.sums()
    assert sums["study_list"][: len(BUCKETS) + 1] == [3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert sums["study_list"][SUM] == pytest.approx(99.311)
    assert sums["study_list"][STATUSES] == [2, 1, 1, 1]
    assert sums[OTHER][STATUSES] == [0, 0, 1, 0]
    assert "survey_trial" not in sums, "a view without a request takes no place"


def test_processes_at_the_same_time_and_after_each_other_add_up(tmp_path: Path) -> None:
    in_processes((tmp_path, 300), (tmp_path, 400), (tmp_path, 500))
    first = len(list(tmp_path.iterdir()))
    assert 1 <= first <= 3
    for _turn in range(5):
        in_processes((tmp_path, 10))
    reader = RequestCounts(tmp_path, NAMES)
    assert reader.sums()["survey_trial"][STATUSES][0] == 1250
    assert len(list(tmp_path.iterdir())) == first, "a new process goes on in the file of one that has ended"


def test_a_process_that_is_forked_counts_in_a_file_of_its_own(tmp_path: Path) -> None:
    counts = RequestCounts(tmp_path, NAMES)
    counts.add("study_list", 0.1, 200)
    child = multiprocessing.get_context("fork").Process(target=counts.add, args=("study_list", 0.1, 200))
    child.start()
    child.join()
    counts.add("study_list", 0.1, 200)
    assert counts.sums()["study_list"][STATUSES][0] == 3
    assert len(list(tmp_path.iterdir())) == 2


def test_an_upgrade_begins_new_files_and_deletes_those_that_nobody_uses(tmp_path: Path) -> None:
    in_processes((tmp_path, 3))
    used = RequestCounts(tmp_path, [*NAMES, "used"])
    used.add("used", 0.1, 200)
    new = RequestCounts(tmp_path, [*NAMES, "new"])
    new.add("new", 0.1, 200)
    assert set(new.sums()) == {"new"}
    assert set(used.sums()) == {"used"}, "the file of a process that still runs stays"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_file_has_no_holes_that_a_full_disk_could_not_fill(tmp_path: Path) -> None:
    counts = RequestCounts(tmp_path, NAMES)
    counts.add("study_list", 0.1, 200)
    [path] = tmp_path.iterdir()
    size = path.stat().st_size
    del counts  # its file is another process's now, as if an older version had left it with holes
    with path.open("r+b") as file:
        file.truncate(0)
        file.truncate(size)
    later = RequestCounts(tmp_path, NAMES)
    later._open()
    assert path.stat().st_blocks * 512 >= size
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("written", [-1, 100])
def test_a_full_disk_costs_no_request_and_leaves_the_file_to_others(
    written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(io.FileIO):
        def write(self, _content: object) -> int:
            if written < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return written

    with monkeypatch.context() as full:
        full.setattr(request_counts.os, "fdopen", lambda handle, *_args, **_more: Full(handle, "r+b"))
        counts = RequestCounts(tmp_path, NAMES)
        for _number in range(3):
            counts.add("study_list", 0.1, 200)
    assert counts.sums() == {}
    assert caplog.text.count("No space left on device") == 1
    later = RequestCounts(tmp_path, NAMES)
    later.add("study_list", 0.1, 200)
    assert len(list(tmp_path.iterdir())) == 1
    assert later.sums()["study_list"][STATUSES][0] == 1


def test_a_folder_that_takes_nothing_costs_no_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    counts = RequestCounts(tmp_path / "file" / "metrics", NAMES)
    for _number in range(3):
        counts.add("study_list", 0.1, 200)
    assert counts.sums() == {}
    assert caplog.text.count("Requests are not counted") == 1
    assert counts._pid == os.getpid()

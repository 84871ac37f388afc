"""What a file does to the process that reads it, it does to a child, within limits."""

import os
import sys

import pytest

from study.bounded_process import BoundedProcess, ProcessEnded

CHILD = "tests.study.bounded_child"


@pytest.fixture
def child():
    with BoundedProcess(CHILD, memory=400 * 2**20, seconds=1) as process:
        yield process


def test_one_child_answers_question_after_question(child):
    first, blobs = child.ask({}, b"abc")
    assert blobs == [b"abc", b"cba"]
    assert child.ask({}, bytes(2**20))[0] == first
    assert first["process"] != os.getpid()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS knows no limit of address space")
def test_memory_ends_at_the_limit(child):
    assert child.ask({"take": 10 * 2**20}, b"")[0] == {"took": 10 * 2**20}
    assert child.ask({"take": 600 * 2**20}, b"")[0] == {"took": 0}


def test_without_the_limit_it_would_not():
    """The control."""
    with BoundedProcess(CHILD, memory=2**31, seconds=1) as process:
        assert process.ask({"take": 600 * 2**20}, b"")[0] == {"took": 600 * 2**20}


def test_processor_time_ends_at_the_limit_and_the_next_question_has_another_child(child):
    before = child.ask({}, b"")[0]
    with pytest.raises(ProcessEnded) as caught:
        child.ask({"work": True}, b"")
    assert caught.value.reason == "time"
    assert child.ask({}, b"")[0] != before


def test_a_child_that_crashes_is_an_error_of_its_own(child):
    for _ in range(2):
        with pytest.raises(ProcessEnded) as caught:
            child.ask({"end": 3}, bytes(2**20))
        assert caught.value.reason == "memory"


def test_a_child_writes_no_files(child, tmp_path):
    assert child.ask({"open": str(tmp_path / "file")}, b"")[0] == {"fault": "File too large"}


def test_a_child_has_no_secrets_of_its_parent(child, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s")
    environment = child.ask({"environment": True}, b"")[0]["environment"]
    assert environment
    assert not {"SECRET_KEY", "PATH", "HOME"} & set(environment)


def test_no_child_is_left_behind():
    with BoundedProcess(CHILD, memory=2**31, seconds=1) as process:
        number = process.ask({}, b"")[0]["process"]
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)

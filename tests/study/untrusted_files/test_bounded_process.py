"""What a file does to the process that reads it, it does to a child, within limits."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.utils import translation

from study.untrusted_files import bounded_process
from study.untrusted_files.bounded_process import BoundedProcess, ProcessEnded, TooManyAtOnce
from tests.services import wait_until

CHILD = "tests.study.untrusted_files.bounded_child"
ROOT = Path(__file__).resolve().parents[3]
PARENT = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from django.conf import settings; settings.configure()
from study.untrusted_files.bounded_process import BoundedProcess
with BoundedProcess({CHILD!r}, memory=2**29, seconds=20) as process:
    print(process.ask({{}})[0]["process"], flush=True)
    process.ask({{"work": True}})
"""


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


def test_a_child_speaks_the_language_of_its_parent_and_gives_way_to_others(child):
    with translation.override("ko"):
        answer = child.ask({"translate": "Clips"})[0]
        assert answer["text"] == translation.gettext("Clips") != "Clips"
    assert answer["niceness"] > os.nice(0)
    assert child.ask({"translate": "Clips"})[0]["text"] == "Clips"


def _has_networks_of_its_own():
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    return hasattr(ctypes.CDLL(None), "unshare") and subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.skipif(not _has_networks_of_its_own(), reason="the system lets no process leave its network")
def test_a_child_reaches_no_network(child):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()  # the control
        assert child.ask({"connect": port})[0]["fault"] == "Network is unreachable"


def _is_alive(number):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")  # ended, but nobody asked for its status


def test_a_child_ends_with_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    number = int(parent.stdout.readline())
    assert _is_alive(number)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert wait_until(lambda: not _is_alive(number))


def test_few_threads_have_children_at_once_and_few_wait_for_theirs(monkeypatch):
    monkeypatch.setattr(bounded_process, "WAIT_SECONDS", 10)
    let_go, results = threading.Event(), []

    def read():
        try:
            with BoundedProcess(CHILD, memory=2**29, seconds=1), BoundedProcess(CHILD, memory=2**29, seconds=1):
                results.append("has")
                let_go.wait(10)
        except TooManyAtOnce:
            results.append("sent away")

    threads = [threading.Thread(target=read) for _ in range(bounded_process.AT_ONCE + bounded_process.MOST_WAITING + 3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(results) < bounded_process.AT_ONCE + 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(results) == ["has"] * bounded_process.AT_ONCE + ["sent away"] * 3
    let_go.set()
    for thread in threads:
        thread.join()
    assert results.count("has") == bounded_process.AT_ONCE + bounded_process.MOST_WAITING


def test_who_waits_too_long_is_sent_away(monkeypatch):
    monkeypatch.setattr(bounded_process, "AT_ONCE", 0)
    monkeypatch.setattr(bounded_process, "WAIT_SECONDS", 0.05)
    with pytest.raises(TooManyAtOnce), BoundedProcess(CHILD, memory=2**29, seconds=1):
        pass

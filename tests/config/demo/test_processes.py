"""The demo's children end with it, also where nothing of it can run any more; its worker is started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo import study as demo
from config.demo.processes import MOST_RESTARTS, Processes
from config.management.commands.demo import Command
from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[3]
PARENT = """
import sys, time
from pathlib import Path
from config.demo.processes import Processes
with Processes(Path(sys.argv[1])) as processes:
    processes.start("child", [sys.executable, "-c", "import time; time.sleep(600)"])
    print(processes.pid_of("child"), flush=True)
    time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        # A zombie waits for whoever adopted it only.
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_demo_leaves_no_server_behind(number: int, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    os.kill(parent.pid, number)
    parent.wait()
    assert wait_until(lambda: not is_running(child))


SLEEP = [sys.executable, "-c", "import os, time; print(os.environ['MARK'], flush=True); time.sleep(600)"]


@pytest.fixture
def processes(tmp_path: Path):
    with Processes(tmp_path) as children:
        children.start("web", SLEEP, MARK="web")
        children.start("worker", SLEEP, MARK="worker")
        yield children


@pytest.fixture
def command():
    looking = Command()
    looking.heard = []
    looking.say = looking.heard.append
    return looking


def end(processes: Processes, name: str) -> None:
    os.kill(processes.pid_of(name), signal.SIGKILL)
    assert wait_until(lambda: processes.ended() == name)


def test_a_worker_that_ends_by_itself_is_started_again_as_it_was(processes, command):
    written, first = processes.log_of("worker"), processes.pid_of("worker")
    assert wait_until(lambda: written.read_text() == "worker\n")
    command.look_after(processes)
    assert command.heard == []
    end(processes, "worker")
    command.look_after(processes)
    assert processes.ended() is None
    assert processes.pid_of("worker") != first
    assert "started again" in command.heard[0]
    assert wait_until(lambda: written.read_text() == "worker\nworker\n")  # with its environment


def test_one_that_keeps_ending_is_an_error_in_words(processes, command):
    for _ in range(MOST_RESTARTS):
        end(processes, "worker")
        command.look_after(processes)
    end(processes, "worker")
    with pytest.raises(demo.DemoError, match="The worker has ended;"):
        command.look_after(processes)
    assert len(command.heard) == MOST_RESTARTS


def test_a_server_that_ends_is_an_error_at_once(processes, command):
    end(processes, "web")
    with pytest.raises(demo.DemoError, match="The web has ended;"):
        command.look_after(processes)
    assert command.heard == []

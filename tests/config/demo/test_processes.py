"""The demo's child processes end with it, also after SIGKILL; a worker that ends is started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo import study as demo
from config.demo.processes import MAX_RESTARTS, Processes
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
WORKER_WITH_BEAT = """
import os, time
from celery.signals import beat_embedded_init
import config.celery
if not os.fork():
    beat_embedded_init.send(None)
    print(os.getpid(), flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        # A zombie has ended.
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux only")
@pytest.mark.parametrize(
    ("program", "number"), [(PARENT, signal.SIGKILL), (PARENT, signal.SIGTERM), (WORKER_WITH_BEAT, signal.SIGKILL)]
)
def test_a_killed_demo_or_worker_leaves_no_process_behind(program: str, number: int, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
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
        children.start("web", SLEEP, {"MARK": "web"})
        children.start("worker", SLEEP, {"MARK": "worker"})
        yield children


@pytest.fixture
def command():
    command = Command()
    command.notices = []
    command.notify = command.notices.append
    return command


def end(processes: Processes, name: str) -> None:
    os.kill(processes.pid_of(name), signal.SIGKILL)
    assert wait_until(lambda: processes.ended() == name)


def test_a_worker_that_ends_by_itself_is_started_again_with_its_environment(processes, command):
    log, first = processes.log_of("worker"), processes.pid_of("worker")
    assert wait_until(lambda: log.read_text() == "worker\n")
    command.restart_worker(processes)
    assert command.notices == []
    end(processes, "worker")
    command.restart_worker(processes)
    assert processes.ended() is None
    assert processes.pid_of("worker") != first
    assert "started again" in command.notices[0]
    assert wait_until(lambda: log.read_text() == "worker\nworker\n")


def test_a_worker_that_keeps_ending_is_an_error_with_a_message(processes, command):
    for _ in range(MAX_RESTARTS):
        end(processes, "worker")
        command.restart_worker(processes)
    end(processes, "worker")
    with pytest.raises(demo.DemoError, match="The worker has ended;"):
        command.restart_worker(processes)
    assert len(command.notices) == MAX_RESTARTS


def test_a_web_server_that_ends_is_an_error_at_once(processes, command):
    end(processes, "web")
    with pytest.raises(demo.DemoError, match="The web has ended;"):
        command.restart_worker(processes)
    assert command.notices == []

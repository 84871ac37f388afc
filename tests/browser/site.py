"""A whole Earsight of its own for a test: web server and worker as separate processes over a fresh data folder."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.demo.processes import Processes, wait_until_served, web_command, worker_command
from tests.migrated import copy_migrated
from tests.services import PATIENCE, own_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """Where it answers, and how to sign in."""

    url: str
    data: Path
    user: str
    password: str
    processes: Processes

    def manage(self, *arguments: str) -> str:
        """Runs a management command on this site's data and returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | environment(self.data),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def web_pids(self) -> list[int]:
        """The web server's master and its workers."""
        master = self.processes.pid_of("web")
        children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        return [master, *map(int, children)]


def environment(data: Path, url: str = "") -> dict[str, str]:
    """The settings of a site in `data`."""
    own = {"EARSIGHT_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings", "OMP_NUM_THREADS": "1"}
    return own | ({"EARSIGHT_BASE_URL": url} if url else {})


@contextmanager
def running_site(data: Path, weights: Path) -> Iterator[Site]:
    """Sets a site up in `data`, starts it, and ends all its processes afterwards."""
    (data / "weights").mkdir(parents=True)
    for file in weights.iterdir():
        shutil.copy(file, data / "weights" / file.name)
    url = f"http://127.0.0.1:{own_port()}"
    user, password = "ada", secrets.token_urlsafe(12)
    with Processes(data / "logs") as processes:
        site = Site(url, data, user, password, processes)
        copy_migrated(data / "earsight.sqlite3")
        site.manage("compile_translations", "--verbosity", "0")
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
        site.manage(
            "shell",
            "--verbosity",
            "0",
            "-c",
            f"from django.contrib.auth.models import User; User.objects.create_user({user!r}, password={password!r})",
        )
        processes.start("web", web_command(int(url.rpartition(":")[2])), environment(data, url))
        processes.start("worker", worker_command(), environment(data, url))
        served = wait_until_served(url + "/console/sign-in/", PATIENCE)
        assert served, processes.log_of("web").read_text(encoding="utf-8")
        yield site

"""Faults of a whole installation, with real servers and processes; print what is found as JSON.

    python -m tests.config.faults.whole versions|copies|migrations|read-only|clock [--unprotected]

`versions`: a web server and a worker on an empty database, then on one that is migrated beneath them, then on one that
a newer version has changed. `copies`: two web servers and two workers on one folder with SQLite. `migrations`: three
`migrate` at once on an empty database. `read-only`: the disk of EARSIGHT_DATA becomes read-only and writable again.
`clock`: the worker's clock is set an hour back and forward during a run. With --unprotected, the controls.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.config.faults import site
from tests.generation.runs.kill_workers import is_ready

MIGRATE = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
DJANGOS_MIGRATE = (
    "import django; django.setup(); from django.core.management import call_command; "
    "from django.core.management.commands.migrate import Command; call_command(Command(), verbosity=0)"
)


def versions(folder: Path, unprotected: bool) -> dict[str, Any]:
    off = {"EARSIGHT_TEST_NO_VERSION_CHECK": "1"} if unprotected else {}
    site.set_up(str(folder))
    os.environ["EARSIGHT_TEST_STEP_SECONDS"] = "1"  # so that the old worker leaves some
    found: dict[str, Any] = {}
    web = site.Web(folder / "web.log")
    worker = site.start_worker(folder / "new.log", **off)
    try:
        found["page_before"] = web.ask("/console/sign-in/")[0]
        found["retry_before"] = web.ask("/console/sign-in/")[1].get("Retry-After")
        if not unprotected:
            found["worker_ended"] = worker.wait(site.PATIENCE)
            found["worker_said"] = (folder / "new.log").read_text().strip().splitlines()[-1]
        subprocess.run(MIGRATE, cwd=site.ROOT, check=True)
        found["page_after"] = site.wait_until(lambda: web.ask("/console/sign-in/")[0] == 200, 60)
        site.stop(worker)
        work = site.Work(clips=16)
        worker = site.start_worker(folder / "old.log", **off)
        site.wait_until(lambda: is_ready(worker), site.PATIENCE)
        from celery import current_app
        from django.db.migrations.recorder import MigrationRecorder

        # Messages of a newer web server: a task that this worker does not have, and one with more arguments.
        current_app.send_task("study.of_a_later_version", (1,))
        current_app.send_task("analysis.run", (1, "more"))
        site.wait_until(lambda: site.patiently(lambda: done_steps(work)) >= 4, site.PATIENCE)
        later = MigrationRecorder.Migration.objects.create(app="study", name="9999_later", applied="2030-01-01T00:00Z")
        work.ask()
        found["old_worker_ended"] = site.wait_until(lambda: worker.poll() is not None, 60 if unprotected else 240)
        found["failed_steps"] = failed_steps(work)
        found["page_of_old_web"] = site.wait_until(lambda: web.ask("/console/sign-in/")[0] == 503, 60)
        found["steps_left"] = work.run.steps.filter(state="waiting").count()
        later.delete()  # "the worker of the newer version"
        if not unprotected:
            worker = site.start_worker(folder / "newer.log")
            found |= work.finish(240)
    finally:
        site.stop(worker)
        web.stop()
    return found


def done_steps(work: site.Work) -> int:
    return work.run.steps.filter(state="done").count()


def failed_steps(work: site.Work) -> int:
    return work.run.steps.filter(state="failed").count()


def copies(folder: Path, unprotected: bool) -> dict[str, Any]:
    site.set_up(str(folder))
    if unprotected:
        os.environ["EARSIGHT_TEST_NO_LEASE"] = "1"
    subprocess.run(MIGRATE, cwd=site.ROOT, check=True)
    webs = [site.Web(folder / f"web{number}.log") for number in range(2)]
    people = site.People(webs, 20, clips=4)
    work = site.Work(clips=20)
    workers = [site.start_worker(folder / f"worker{number}.log", beat=True) for number in range(2)]
    try:
        people.start()
        work.ask()
        if unprotected:  # messages are sent twice, as two installations that know nothing of each other would
            from generation.models import ClipStep
            from generation.runs.queueing import _publish

            for step_id in ClipStep.objects.filter(state="waiting").values_list("pk", flat=True):
                _publish(step_id, "cpu")
        return people.finish() | work.finish(240)
    finally:
        for web in webs:
            web.stop()
        for worker in workers:
            site.stop(worker)


def migrations(folder: Path, unprotected: bool) -> dict[str, Any]:
    site.set_up(str(folder))
    command = [sys.executable, "-c", DJANGOS_MIGRATE] if unprotected else MIGRATE
    running = [
        subprocess.Popen(command, cwd=site.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)
    ]
    ended = [process.communicate(timeout=site.PATIENCE)[0].decode()[-200:] for process in running]
    check = subprocess.run([*MIGRATE[:3], "--check"], cwd=site.ROOT, check=False, capture_output=True)
    return {
        "codes": sorted(process.returncode for process in running),
        "said": [text for text in ended if text.strip()],
        "is_whole": check.returncode == 0,
    }


def read_only(folder: Path, unprotected: bool) -> dict[str, Any]:
    """By the attribute "immutable" of every file, which needs root: a mount with open files cannot become read-only."""
    site.set_up(str(folder))
    subprocess.run(MIGRATE, cwd=site.ROOT, check=True)
    environment = {"DJANGO_SETTINGS_MODULE": "tests.config.faults.without_answers"} if unprotected else {}
    web = site.Web(folder / "web.log", **environment)
    people = site.People([web], 8, clips=3)
    work = site.Work(clips=10)
    worker = site.start_worker(folder / "worker.log")
    site.wait_until(lambda: is_ready(worker), site.PATIENCE)
    try:
        people.start()
        site.wait_until(lambda: len(people.saved) >= 6 and done_steps(work) >= 3, site.PATIENCE)
        set_immutable(folder, True)
        try:
            time.sleep(3)
            saved = len(people.saved)
            time.sleep(3)
            found = {"saved_meanwhile": len(people.saved) - saved}
        finally:
            set_immutable(folder, False)
        site.wait_until(lambda: not people.left, 120)
        site.patiently(work.run.refresh_from_db)
        found |= {"run_after_read_only": work.run.state, "message": work.run.message}
        if not work.run.is_running:  # the page says why, and "start again" is a button
            from generation.runs import lifecycle

            work.run = lifecycle.start_run(work.made)
        return found | people.finish() | work.finish(240)
    finally:
        web.stop()
        site.stop(worker)


def set_immutable(folder: Path, immutable: bool) -> None:
    """Let nobody write to any file of a folder, nor make one; but SQLite's shared memory, which is no disk."""
    everything = [folder, *(path for path in folder.rglob("*") if not path.name.endswith("-shm"))]
    # Some of them go while this is done, such as messages.
    subprocess.run(["chattr", "-f", "+i" if immutable else "-i", *everything], check=False)


def clock(folder: Path, _unprotected: bool) -> dict[str, Any]:
    """With libfaketime for the worker and for this process' rows: both read one file with the offset."""
    site.set_up(str(folder))
    subprocess.run(MIGRATE, cwd=site.ROOT, check=True)
    offset = folder / "offset"
    set_clock(offset, 0)
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    faked = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": f"{folder / 'python'}{os.pathsep}{site.ROOT}",
    }
    (folder / "python").mkdir()
    (folder / "python" / "sitecustomize.py").write_text(SLEEP, encoding="utf-8")
    work = site.Work(clips=16)
    begun: list[int] = []
    worker = site.start_worker(folder / "worker.log", **faked)
    try:
        for step in (-3600, 3600, 0, -3600):
            before = site.patiently(lambda: done_steps(work))
            site.wait_until(lambda before=before: site.patiently(lambda: done_steps(work)) >= before + 6, 240)
            set_clock(offset, step)
            begun.append(site.patiently(lambda: done_steps(work)))
        # And the worker is killed under the clock that was set back; another one goes on.
        os.killpg(worker.pid, 9)
        worker.wait()
        worker = site.start_worker(folder / "worker.log", **faked)
        began = time.monotonic()
        found = work.finish(300)
        return found | {"set_at": begun, "seconds_after": round(time.monotonic() - began)}
    finally:
        site.stop(worker)


# Python sleeps until a time of the monotonic clock, which libfaketime takes for one of the clock that it changes.
SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], max(seconds, 0)) and None
"""


def set_clock(file: Path, seconds: int) -> None:
    file.write_text(f"{seconds:+d}\n", encoding="ascii")


FAULTS = {
    "versions": versions,
    "copies": copies,
    "migrations": migrations,
    "read-only": read_only,
    "clock": clock,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fault", choices=FAULTS)
    parser.add_argument("--unprotected", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earsight-whole-") as folder:
        found = FAULTS[options.fault](Path(folder), options.unprotected)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Kill real workers with SIGKILL at random moments of a run; print as JSON what is stored at the end.

    python -m tests.generation.runs.kill_workers --broker redis://127.0.0.1:6379/13 --kills 20 --clips 40

The exit status is 1 if a stimulus is missing or doubled, a file has no owner, or an owner has no file.
"""

import argparse
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.services import wait_until

ROOT = Path(__file__).resolve().parents[3]


def prepare(folder: str, broker: str, seconds: float, requeue: bool) -> None:
    """Set the environment of this process and of the workers that it starts."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.generation.runs.worker_settings",
        "EARSIGHT_DATA": folder,
        "EARSIGHT_BROKER_URL": broker,
        "EARSIGHT_TEST_STEP_SECONDS": str(seconds),
        "EARSIGHT_TEST_QUEUE_PREFIX": f"earsight-test-{secrets.token_hex(4)}-",
        "EARSIGHT_LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
    }
    if not requeue:
        os.environ["EARSIGHT_TEST_NO_RESCUE"] = "1"
    import django

    django.setup()


def start_worker(log: Path) -> subprocess.Popen:
    """Start a worker with two processes, in a process group of its own."""
    prefix = os.environ["EARSIGHT_TEST_QUEUE_PREFIX"]
    queues = ",".join(f"{prefix}{queue}" for queue in ("cpu", "api", "gpu"))
    command = [sys.executable, "-m", "celery", "-A", "tests.generation.runs.worker_app", "worker"]
    command += [
        "-Q",
        queues,
        "-c",
        "2",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-l",
        "WARNING",
    ]
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)


def kill(worker: subprocess.Popen) -> None:
    """Send SIGKILL to the worker and its children at once, unless it has ended by itself."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def kill_at_work(worker: subprocess.Popen, run) -> None:
    """Kill the worker while it holds a step: stop it, check, and let it continue if it holds none."""
    from generation.models import ClipStep

    while worker.poll() is None:
        os.killpg(worker.pid, signal.SIGSTOP)
        run.refresh_from_db()
        if not run.is_running or ClipStep.objects.filter(run=run, state="running").exists():
            break
        os.killpg(worker.pid, signal.SIGCONT)
        time.sleep(0.02)
    kill(worker)


def make_study(clips: int, size: int = 64):
    """Create a study with clips, start its run and send its messages."""
    from django.contrib.auth import get_user_model

    from generation.painting import SketchOptions
    from generation.runs import lifecycle
    from generation.settings_model import GenerationSettings, store_settings
    from study.setup.lifecycle import create_study
    from tests.generation.studies import add_clips
    from tests.migrated import make_tables

    make_tables()
    owner = get_user_model().objects.create_user("owner")
    study = create_study(title="Killed", owner=owner)
    store_settings(study, GenerationSettings(painter=SketchOptions(kind="sketch", size=size)))
    add_clips(study, clips)
    return study, lifecycle.start_run(study)


def done_steps(run) -> int:
    """Count the finished steps of the run."""
    from generation.models import ClipStep

    return ClipStep.objects.filter(run=run, state="done").count()


def is_whole(found: dict) -> bool:
    """Return whether a run whose findings these are has every image, and left nothing behind."""
    return (
        found["run"] == "done"
        and found["stimuli"] == found["wanted"]
        and not (found["orphans"] or found["missing_files"] or found["steps_not_done"])
    )


def is_ready(worker: subprocess.Popen) -> bool:
    """Return whether the worker has started and fetches messages."""
    ready = Path(os.environ["EARSIGHT_DATA"]) / "ready"
    return ready.exists() and ready.read_text(encoding="ascii") == str(worker.pid)


def wait_for_end(run, worker: subprocess.Popen, seconds: float, still: float = 3) -> None:
    """Wait until the run has ended or, if nothing is requeued, until the worker has been idle for `still` seconds.

    Idle: no live process holds a step, and no step was finished. Wait at most `seconds`.
    """
    from generation.models import ClipStep
    from generation.runs.processes import process_has_ended

    deadline = time.monotonic() + seconds
    since, before = time.monotonic(), -1
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if not run.is_running:
            return
        holders = ClipStep.objects.filter(run=run, state="running").values_list("lease_holder", flat=True)
        done = done_steps(run)
        if done != before or not is_ready(worker) or not all(process_has_ended(holder) for holder in holders):
            since, before = time.monotonic(), done
        if os.environ.get("EARSIGHT_TEST_NO_RESCUE") and time.monotonic() - since > still:
            return
        time.sleep(0.2)


def findings(study) -> dict:
    """Count stimuli, files without owners, owners without files, and unfinished steps."""
    from generation.models import ClipStep
    from generation.runs import orphan_files
    from study.models import Stimulus
    from tests.generation.studies import owned_files, stored_files

    orphan_files.delete_orphans()
    wanted = study.clips.count() * study.conditions.count()
    return {
        "stimuli": Stimulus.objects.filter(clip__study=study, state="ready").count(),
        "wanted": wanted,
        "orphans": len(stored_files() - owned_files(study)),
        "missing_files": len(owned_files(study) - stored_files()),
        "steps_not_done": ClipStep.objects.filter(clip__study=study).exclude(state="done").count(),
    }


def delete_queues(broker: str) -> None:
    """Delete this test's queues and keys."""
    prefix = os.environ["EARSIGHT_TEST_QUEUE_PREFIX"]
    if broker.startswith("redis"):
        import redis

        client = redis.Redis.from_url(broker)
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
    elif broker.startswith("amqp"):
        from config.celery import app

        with app.connection_for_write() as connection:
            channel = connection.default_channel
            for queue in ("cpu", "api", "gpu"):
                channel.queue_delete(prefix + queue)
                channel.exchange_delete(prefix + queue)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", default="filesystem://")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--step-seconds", type=float, default=0.15)
    parser.add_argument("--patience", type=float, default=400, help="seconds to wait for the end")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--no-rescue",
        action="store_true",
        help="the control: kill workers that hold a step, and requeue nothing",
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="earsight-kills-") as folder:
        prepare(folder, options.broker, options.step_seconds, not options.no_rescue)
        began = time.monotonic()
        log = Path(folder) / "worker.log"
        study, run = make_study(options.clips)
        worker = start_worker(log)
        killed_at = []
        try:
            for _ in range(options.kills):
                before = done_steps(run)
                wait_until(lambda before=before: done_steps(run) > before, 120)
                if options.no_rescue:
                    kill_at_work(worker, run)
                else:
                    time.sleep(rng.uniform(0, 4 * options.step_seconds))
                run.refresh_from_db()
                if not run.is_running:
                    break
                killed_at.append(done_steps(run))
                kill(worker)
                worker = start_worker(log)
            wait_for_end(run, worker, options.patience)
            time.sleep(0.5)
        finally:
            kill(worker)
            delete_queues(options.broker)
        found = findings(study) | {
            "broker": options.broker.partition(":")[0],
            "kills": len(killed_at),
            "done_when_killed": killed_at,
            "run": run.state,
            "seconds": round(time.monotonic() - began, 1),
        }
        if run.is_running:
            found["log"] = log.read_text()[-2000:]
    print(json.dumps(found))
    is_whole = found["stimuli"] == found["wanted"] and not (
        found["orphans"] or found["missing_files"] or found["steps_not_done"]
    )
    return 0 if is_whole and run.state == "done" else 1


if __name__ == "__main__":
    sys.exit(main())

"""Known faults of Celery and its brokers, with real workers; print as JSON what is stored at the end.

    python -m tests.generation.runs.broker_faults warm|redis|error|redelivery [--unprotected]

`warm`: a worker is asked to stop during a run (Celery issue 7950). `redis`: Redis stops and comes back empty while a
worker runs (8030, 8091). `error`: Redis answers a worker that waits for messages with an error, as it does when it
becomes a replica. `redelivery`: Redis delivers a task again after its visibility timeout while it still runs (5935,
2481). With --unprotected, the control, orphaned steps are not requeued, Celery's default handles the error, or steps
are done without a lease.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.generation.runs.kill_workers import (
    done_steps,
    findings,
    kill,
    make_study,
    prepare,
    start_worker,
    wait_for_end,
)
from tests.services import listens, own_port, wait_until


class PrivateRedis:
    """A private Redis that can be stopped and started and stores nothing on disk."""

    def __init__(self, folder: str) -> None:
        self.port, self.folder = own_port(), folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--dir", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port) or self.process.poll() is not None, 60)
        assert self.process.poll() is None, "redis-server has ended at once"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def begun(of: str = "") -> int:
    """Count the steps that began, as the fake pipeline records them, or the messages delivered (`of`)."""
    counted = Path(os.environ["EARSIGHT_TEST_COUNT_FILE"] + of)
    return len(counted.read_text().splitlines()) if counted.exists() else 0


def stop_worker(log: Path, run, patience: float) -> dict:
    """Ask the worker to stop while it does steps; start another one for the rest."""
    worker = start_worker(log)
    try:
        wait_until(lambda: done_steps(run) >= 3, 240)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=240)
        from generation.models import ClipStep

        held = ClipStep.objects.filter(run=run, state="running").count()
        done_when_stopped = done_steps(run)
    finally:
        kill(worker)
    worker = start_worker(log)
    try:
        wait_for_end(run, worker, patience)
    finally:
        kill(worker)
    return {"held_after_stopping": held, "done_when_stopped": done_when_stopped}


def redis_returns(log: Path, run, patience: float, redis: PrivateRedis) -> dict:
    """Stop Redis while the worker runs and start it again without its messages."""
    worker = start_worker(log)
    try:
        wait_until(lambda: done_steps(run) >= 3, 240)
        before = done_steps(run)
        redis.stop()
        time.sleep(2)
        redis.start()
        wait_for_end(run, worker, patience)
        return {"done_when_redis_went": before, "same_worker": worker.poll() is None}
    finally:
        kill(worker)


def redis_errs(log: Path, run, patience: float, redis: PrivateRedis) -> dict:
    """Let Redis answer the waiting worker with an error, and check whether the worker waits again."""
    from redis import Redis

    client = Redis(port=redis.port)

    def waiting() -> set[int]:
        return {int(one["id"]) for one in client.client_list() if one["cmd"] == "brpop" and "b" in one["flags"]}

    answered: set[int] = set()

    def answer() -> bool:
        answered.update(one for one in waiting() if client.client_unblock(one, error=True))
        return bool(answered)

    worker = start_worker(log)
    try:
        wait_for_end(run, worker, patience)
        wait_until(answer, 240)
        wait_until(lambda: waiting() - answered or worker.poll() is not None, 240)
        return {"same_worker": worker.poll() is None, "answered": len(answered), "waits": len(waiting())}
    finally:
        kill(worker)


def redelivery(log: Path, run) -> dict:
    """Let a step last several visibility timeouts; count how often it began."""
    worker = start_worker(log)
    try:
        wait_until(lambda: begun() > 0, 240)
        # Until the second delivery has been dealt with; the step itself, the first, lasts longer than all this.
        wait_until(lambda: begun(".dealt") > 0 or begun() > 1, 240)
        return {"begun": begun(), "deliveries": begun(".deliveries")}
    finally:
        kill(worker)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fault", choices=["warm", "redis", "error", "redelivery"])
    parser.add_argument("--unprotected", action="store_true", help="the control")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--patience", type=float, default=300)
    options = parser.parse_args()
    redis = None
    with tempfile.TemporaryDirectory(prefix="earsight-faults-") as folder:
        try:
            broker, seconds, requeue = "filesystem://", 0.2, not options.unprotected
            if options.fault != "warm":
                redis = PrivateRedis(folder)
                broker = redis.url
            if options.fault == "error":
                seconds, requeue, options.clips = 0.05, True, 1
                if options.unprotected:
                    os.environ["EARSIGHT_TEST_ERRORS_END"] = "1"
            if options.fault == "redelivery":
                os.environ["EARSIGHT_TEST_VISIBILITY_SECONDS"] = "1"
                seconds, requeue, options.clips = 500, False, 1
                if options.unprotected:
                    os.environ["EARSIGHT_TEST_NO_LEASE"] = "1"
            os.environ["EARSIGHT_TEST_COUNT_FILE"] = str(Path(folder) / "begun")
            prepare(folder, broker, seconds, requeue)
            study, run = make_study(options.clips)
            log = Path(folder) / "worker.log"
            if options.fault == "warm":
                found = stop_worker(log, run, options.patience)
            elif options.fault == "redis":
                assert redis is not None
                found = redis_returns(log, run, options.patience, redis)
            elif options.fault == "error":
                assert redis is not None
                found = redis_errs(log, run, options.patience, redis)
            else:
                found = redelivery(log, run)
            found |= findings(study) | {"run": run.state, "fault": options.fault}
            if found["steps_not_done"] or not found.get("same_worker", True):
                found["log"] = log.read_text()[-3000:]
        finally:
            if redis is not None:
                redis.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

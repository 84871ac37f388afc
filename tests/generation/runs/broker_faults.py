"""Celery's known traps, each with real workers, and what is there at the end, as JSON.

    python -m tests.generation.runs.broker_faults warm|redis|error|redelivery [--unprotected]

`warm`: a worker is asked to stop in the middle (celery issue 7950). `redis`: Redis goes and comes back empty
under a running worker (8030, 8091). `error`: Redis answers a worker that waits for messages with an error, as one that
was made a replica does. `redelivery`: Redis hands a task out again after its visibility timeout while it still runs
(5935, 2481). With --unprotected, the control, nobody looks for what was left lying, errors are Celery's affair, or steps
are done without a lease.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.generation.runs.kill_workers import at_rest, done_steps, findings, kill, make_study, prepare, start_worker
from tests.services import own_port, wait_until


class PrivateRedis:
    """A Redis of our own that can be stopped and started, and keeps nothing."""

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
        wait_until(lambda: self._answers() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, "redis-server has ended at once"

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def begun(of: str = "") -> int:
    """How often a step's work was begun, as the light pipeline writes it down; or its message delivered."""
    counted = Path(os.environ["EARSIGHT_TEST_COUNT_FILE"] + of)
    return len(counted.read_text().splitlines()) if counted.exists() else 0


def warm(log: Path, run, patience: float) -> dict:
    """Asks the worker to stop while steps are being done; another one does the rest."""
    worker = start_worker(log)
    try:
        wait_until(lambda: done_steps(run) >= 3, 240)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=240)
        from generation.models import ClipStep

        held = ClipStep.objects.filter(run=run, state="running").count()
        at_the_end = done_steps(run)
    finally:
        kill(worker)
    worker = start_worker(log)
    try:
        at_rest(run, worker, patience)
    finally:
        kill(worker)
    return {"held_after_stopping": held, "done_when_stopped": at_the_end}


def redis_returns(log: Path, run, patience: float, redis: PrivateRedis) -> dict:
    """Takes Redis away under the worker and brings it back without a message."""
    worker = start_worker(log)
    try:
        wait_until(lambda: done_steps(run) >= 3, 240)
        before = done_steps(run)
        redis.stop()
        time.sleep(2)
        redis.start()
        at_rest(run, worker, patience)
        return {"done_when_redis_went": before, "same_worker": worker.poll() is None}
    finally:
        kill(worker)


def redis_errs(log: Path, run, patience: float, redis: PrivateRedis) -> dict:
    """Has Redis answer the worker with an error while that waits for messages, and sees whether it waits again."""
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
        at_rest(run, worker, patience)
        wait_until(answer, 240)
        wait_until(lambda: waiting() - answered or worker.poll() is not None, 240)
        return {"same_worker": worker.poll() is None, "answered": len(answered), "waits": len(waiting())}
    finally:
        kill(worker)


def redelivery(log: Path, run) -> dict:
    """Lets a step last several visibility timeouts and counts."""
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
    parser.add_argument("trap", choices=["warm", "redis", "error", "redelivery"])
    parser.add_argument("--unprotected", action="store_true", help="the control")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--patience", type=float, default=300)
    options = parser.parse_args()
    redis = None
    with tempfile.TemporaryDirectory(prefix="earsight-traps-") as folder:
        try:
            broker, seconds, rescue = "filesystem://", 0.2, not options.unprotected
            if options.trap != "warm":
                redis = PrivateRedis(folder)
                broker = redis.url
            if options.trap == "error":
                seconds, rescue, options.clips = 0.05, True, 1
                if options.unprotected:
                    os.environ["EARSIGHT_TEST_ERRORS_END"] = "1"
            if options.trap == "redelivery":
                os.environ["EARSIGHT_TEST_VISIBILITY_SECONDS"] = "1"
                seconds, rescue, options.clips = 500, False, 1
                if options.unprotected:
                    os.environ["EARSIGHT_TEST_NO_LEASE"] = "1"
            os.environ["EARSIGHT_TEST_COUNT_FILE"] = str(Path(folder) / "begun")
            prepare(folder, broker, seconds, rescue)
            study, run = make_study(options.clips)
            log = Path(folder) / "worker.log"
            if options.trap == "warm":
                found = warm(log, run, options.patience)
            elif options.trap == "redis":
                assert redis is not None
                found = redis_returns(log, run, options.patience, redis)
            elif options.trap == "error":
                assert redis is not None
                found = redis_errs(log, run, options.patience, redis)
            else:
                found = redelivery(log, run)
            found |= findings(study) | {"run": run.state, "trap": options.trap}
            if found["steps_not_done"] or not found.get("same_worker", True):
                found["log"] = log.read_text()[-3000:]
        finally:
            if redis is not None:
                redis.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

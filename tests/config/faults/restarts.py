"""Stop and start the broker or the database again and again while people answer and workers work; print what is stored.

    python -m tests.config.faults.restarts redis|rabbitmq|postgres-fast|postgres-immediate [--times 20] [--unprotected]

With --unprotected, the control, no look-out finds work whose message or worker was lost.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.config.faults import site
from tests.config.faults.servers import PrivatePostgres, PrivateRabbit, PrivateRedis
from tests.generation.runs.kill_workers import is_ready


def begin(fault: str, folder: str) -> tuple[Any, str, str]:
    """Start the server that is to fail; return it with the addresses of database and broker."""
    if fault == "redis":
        redis = PrivateRedis(folder)
        return redis, "", redis.url
    if fault == "rabbitmq":
        rabbit = PrivateRabbit(folder)
        return rabbit, "", rabbit.url
    postgres = PrivatePostgres()
    return postgres, postgres.url, "filesystem://"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fault", choices=["redis", "rabbitmq", "postgres-fast", "postgres-immediate"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--patience", type=float, default=600)
    parser.add_argument("--unprotected", action="store_true")
    options = parser.parse_args()
    rng = random.Random(0)
    with tempfile.TemporaryDirectory(prefix="earsight-restarts-") as folder:
        server, database, broker = begin(options.fault, folder)
        web = worker = None
        try:
            site.set_up(folder, database, broker, rescue=not options.unprotected)
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            web = site.Web(Path(folder) / "web.log")
            people = site.People([web], options.people, clips=5)
            work = site.Work(options.clips, audit=not options.unprotected and options.fault == "redis")
            log = Path(folder) / "worker.log"
            worker = site.start_worker(log)
            site.wait_until(lambda: is_ready(worker), site.PATIENCE)
            people.start()
            done: list[int] = []
            for _ in range(options.times):
                server.stop(options.fault.partition("-")[2]) if database else server.stop()
                time.sleep(rng.uniform(0.2, 2))
                if not database:
                    work.ask()
                server.start()
                work.ask()
                time.sleep(rng.uniform(1, 3))
                done.append(len(people.saved))
            found = people.finish()
            found |= work.finish(options.patience if not options.unprotected else 40) | {
                "fault": options.fault,
                "times": options.times,
                "saved_after_each": done,
                "same_worker": worker.poll() is None,
            }
            if found["run"] != "done" or not found["same_worker"]:
                found["log"] = log.read_text()[-4000:]
        finally:
            for process in (web, worker):
                if process is not None:
                    process.stop() if isinstance(process, site.Web) else site.stop(process)
            server.remove() if database else server.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

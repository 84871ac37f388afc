"""Measure what a run costs beside its steps: overhead per stimulus, and a thousand clips through real workers.

    python benchmarks/bench_runs.py [--clips 1000] [--workers 1 2 4] [--painter sketch] [--broker redis://…]

Overhead: all steps in one process without the steps' own work, so that leases, rows, files and planning are left.
Throughput: real Celery workers with the template writer and the sketch painter (or plain colours, for orchestration
alone); listening is replaced by arithmetic. Prints, for each number of workers, images per minute, processors in use
and the workers' memory after each quarter, and a table of them all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import processor_seconds, resident_mib

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def overhead(clips: int) -> dict[str, float]:
    """Return the milliseconds of a run for each stimulus and clip, without the steps' own work."""
    from generation.runs import execution, lifecycle
    from generation.runs.steps import by_kind
    from tests.generation.runs import fake_pipeline
    from tests.generation.runs.kill_workers import make_study

    spent = {"work": 0.0, "cpu": 0.0}

    fake_pipeline.install()

    def timed(*args, run_step=by_kind.run_step):
        began, cpu = time.perf_counter(), time.process_time()
        outcome = run_step(*args)
        spent["work"] += time.perf_counter() - began
        spent["cpu"] += time.process_time() - cpu
        return outcome

    by_kind.run_step = timed
    study, run = make_study(clips)
    lifecycle.cancel_run(run)
    began, cpu = time.perf_counter(), time.process_time()
    run = lifecycle.start_run(study, wake=False)
    planned = time.perf_counter() - began
    execution.run_pending(study)
    whole, whole_cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    lifecycle.start_run(study, wake=False)
    again = time.perf_counter() - began
    stimuli = 4 * clips
    return {
        "clips": clips,
        "overhead_ms_per_stimulus": round(1000 * (whole - spent["work"]) / stimuli, 2),
        "of_it_cpu_ms": round(1000 * (whole_cpu - spent["cpu"]) / stimuli, 2),
        "planning_ms_per_clip": round(1000 * planned / clips, 2),
        "running_again_ms_per_clip": round(1000 * again / clips, 2),
    }


def throughput(clips: int, workers: int, size: int) -> dict[str, float]:
    """Return images per minute through real workers, processors in use, and memory after each quarter.

    Each worker is a process of its own, as on machines of their own, and takes one step at a time.
    """
    from generation.models import ClipStep
    from tests.generation.runs.kill_workers import findings, make_study

    study, run = make_study(clips, size)
    command = [sys.executable, "-m", "celery", "-A", "tests.generation.runs.worker_app", "worker"]
    prefix = os.environ["EARSIGHT_TEST_QUEUE_PREFIX"]
    queues = ",".join(prefix + queue for queue in ("cpu", "api", "gpu"))
    command += ["-Q", queues, "-c", "1", "-l", "ERROR"]
    processes = [
        subprocess.Popen([*command, "-n", f"w{number}@%h"], cwd=ROOT, start_new_session=True)
        for number in range(workers)
    ]
    painted = ClipStep.objects.filter(run=run, kind="paint", state="done")
    memory: dict[int, float] = {}
    try:
        while painted.count() < 1:
            time.sleep(0.1)
        began, first, used = time.monotonic(), painted.count(), sum(processor_seconds(one.pid) for one in processes)
        while run.is_running:
            time.sleep(0.5)
            done = painted.count()
            for quarter in range(1, 5):
                if done >= quarter * clips // 4 and quarter not in memory:
                    memory[quarter] = sum(resident_mib(one.pid) for one in processes)
            run.refresh_from_db()
        minutes = (time.monotonic() - began) / 60
        used = sum(processor_seconds(one.pid) for one in processes) - used
    finally:
        for one in processes:
            one.terminate()
        for one in processes:
            one.wait(60)
    return {
        "clips": clips,
        "workers": workers,
        "images_per_minute": round(4 * (clips - first) / minutes, 1),
        "processors_used": round(used / 60 / minutes, 2),
        "memory_mib_by_quarter": [round(memory[quarter], 1) for quarter in sorted(memory)],
    } | {key: value for key, value in findings(study).items() if key != "wanted"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--broker", default="filesystem://")
    parser.add_argument("--painter", choices=("sketch", "flat"), default="sketch")
    parser.add_argument("--size", type=int, default=512, help="pixels of an image's side")
    parser.add_argument("--part", choices=("overhead", "throughput"))
    options = parser.parse_args()
    if options.part is None:  # each part in its own process and data folder
        in_parts(options)
        return
    from tests.generation.runs.kill_workers import delete_queues, prepare

    if options.painter == "sketch" and options.part == "throughput":
        os.environ["EARSIGHT_TEST_SKETCH"] = "1"
    with tempfile.TemporaryDirectory(prefix="earsight-bench-") as folder:
        prepare(folder, options.broker, 0, requeue=True)
        if options.part == "overhead":
            print(json.dumps({"overhead": overhead(min(options.clips, 200))}))
        else:
            measured = throughput(options.clips, options.workers[0], options.size)
            print(json.dumps({"painter": options.painter, "throughput": measured}))
        delete_queues(options.broker)


def in_parts(options: argparse.Namespace) -> None:
    """Measure each part in a process of its own; print its JSON, and a table of the numbers of workers."""
    shared = [f"--{name}={getattr(options, name)}" for name in ("clips", "broker", "painter", "size")]
    rows = []
    for part, workers in [("overhead", 1), *(("throughput", number) for number in options.workers)]:
        command = [sys.executable, __file__, *shared, "--part", part, "--workers", str(workers)]
        line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
        print(line, flush=True)
        rows += [json.loads(line)["throughput"]] if part == "throughput" else []
    print("\n| workers | images a minute | of one worker's | processors used | memory, MiB |\n|--:|--:|--:|--:|--:|")
    for row in rows:
        share = row["images_per_minute"] / rows[0]["images_per_minute"]
        memory = max(row["memory_mib_by_quarter"], default=0)
        print(f"| {row['workers']} | {row['images_per_minute']} | {share:.2f} | {row['processors_used']} | {memory} |")


if __name__ == "__main__":
    main()

"""Measure a library pass through two real Celery workers, one of which is killed half-way.

    python benchmarks/bench_library.py [--clips 1000] [--broker filesystem://] [--precision bfloat16]

Prints the time of the pass and the time for 25,863 clips at that rate, whether each clip has one result, and the
workers' memory after the first chunks and at the end. The tagger is CLMR's full network with random weights (its speed
does not depend on them); bench_listening.py makes the sounds. Ends with 1 if a clip has no result or two.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from memory import resident_mib

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
ALL_CLIPS = 25_863  # of MagnaTagATune


def start_worker(log: Path) -> subprocess.Popen[bytes]:
    """Start a worker with one child process, in its own process group."""
    queue = os.environ["EARSIGHT_TEST_QUEUE_PREFIX"] + "cpu"
    app = "tests.generation.runs.worker_app"
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "-Q", queue, "-c", "1", "-l", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "-n", f"{secrets.token_hex(4)}@bench"]
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--broker", default="filesystem://")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(Path(folder), options.clips, options.broker, options.precision))


def measure(folder: Path, clips: int, broker: str, precision: str) -> int:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.generation.runs.worker_settings",
        "EARSIGHT_TEST_QUEUE_PREFIX": f"earsight-bench-listen-{secrets.token_hex(4)}-",
        "EARSIGHT_TEST_NO_RESCUE": "1",
        "EARSIGHT_DATA": str(folder / "data"),
        "EARSIGHT_BROKER_URL": broker,
        "OMP_NUM_THREADS": "1",
    }
    (folder / "data").mkdir()
    import django

    django.setup()
    from bench_listening import make_clips
    from django.core.management import call_command

    from generation.library import passes
    from generation.tagging import ClmrOptions
    from generation.tagging.clmr import Head, SampleCNN, save_encoder, save_head

    call_command("migrate", verbosity=0)
    save_encoder(SampleCNN(), folder / "encoder.pt")
    save_head(Head(512, 50, tags=[f"tag {number}" for number in range(50)]), folder / "head.pt")
    tagger = ClmrOptions(encoder=str(folder / "encoder.pt"), head=str(folder / "head.pt"), precision=precision)
    music, out = folder / "music", folder / "pass"
    music.mkdir()
    made = make_clips(folder)
    for number in range(clips):
        shutil.copy(made[number % len(made)], music / f"{number:05d}{made[number % len(made)].suffix}")
    passes.plan_pass(out, music, passes.find_audio(music), passes.tagger_content(tagger))
    return run_pass(out, tagger, clips)


def run_pass(out: Path, tagger: object, clips: int) -> int:
    """Queue the pass, start and kill workers, and print the results; return the exit status."""
    from generation.library import passes, tasks

    log = out / "workers.log"
    tasks.queue_pass(out, tagger)  # type: ignore[arg-type]
    workers = [start_worker(log) for _ in range(2)]
    began, early, killed = time.monotonic(), None, False
    try:
        while (progress := passes.progress_of(out)).clips_done < clips:
            time.sleep(0.2)
            done = progress.clips_done / clips
            if early is None and progress.chunks_done >= 2:
                early = resident_mib(workers[1].pid)
            if done > 0.4 and not killed:
                os.killpg(workers[0].pid, signal.SIGKILL)
                workers[0].wait()
                killed = True
                workers[0] = start_worker(log)
            if time.monotonic() - began > 3600:
                break
        seconds, late = time.monotonic() - began, resident_mib(workers[1].pid)
    finally:
        for worker in workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    rows = Counter(row["file"] for row in passes.read_rows(out))
    errors = sum("error" in row for row in passes.read_rows(out))
    rate = len(rows) / seconds
    print(f"{len(rows):,} of {clips:,} clips in {seconds:.0f} s by two workers of one thread, one killed and replaced")
    print(f"{rate:.2f} clips a second; {ALL_CLIPS:,} clips: {ALL_CLIPS / rate / 3600:.1f} hours")
    print(f"more than one result: {sum(count > 1 for count in rows.values())}; with an error: {errors}")
    print(f"memory of a worker: {early or 0:.0f} MB after two chunks, {late:.0f} MB at the end")
    return 0 if len(rows) == clips and set(rows.values()) == {1} else 1


if __name__ == "__main__":
    main()

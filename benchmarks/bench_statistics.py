"""Measure the speed of the statistics, side by side with choix.

    python benchmarks/bench_statistics.py            # fit at 10^5, 10^6 ballots, growth from 10^3 to 10^7
    python benchmarks/bench_statistics.py --command  # also `manage.py analyze` on CSVs of 10^3 to 10^6 ballots

Times are processor seconds, the best of several runs, so that other load on the machine matters little.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis.statistics.ballots import PRESET, Ballots  # noqa: E402
from analysis.statistics.worth_fit import fit_worths, robust_covariance  # noqa: E402

MU = np.array([1.4, 1.8, 0.0, 0.0])


def ballots(n: int) -> Ballots:
    """Return n simulated ballots, six of each participant."""
    rng = np.random.default_rng(n)
    people = -(-n // 6)
    utility = rng.gumbel(size=(n, 4)).astype(np.float32) + MU
    first = utility.argmax(axis=1)
    utility[np.arange(n), first] = -np.inf
    return Ballots(
        conditions=PRESET,
        participants=[f"p{i}" for i in range(people)],
        clips=tuple("abcdef"),
        participant=np.repeat(np.arange(people, dtype=np.int32), 6)[:n],
        clip=np.tile(np.arange(6, dtype=np.int32), people)[:n],
        first=first.astype(np.int8),
        second=utility.argmax(axis=1).astype(np.int8),
    )


def best(function: Callable[[], object], runs: int) -> float:
    """Return the processor seconds of the fastest run."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def fit_with_robust_errors(study: Ballots) -> np.ndarray:
    for counted in ("outcome", "outcome_counts"):  # cached results of the last run
        study.__dict__.pop(counted, None)
    fit = fit_worths(study)
    robust_covariance(fit)
    return fit.theta


def side_by_side(n: int) -> None:
    import choix

    study = ballots(n)
    data = [(f, tuple(k for k in range(4) if k != f)) for f in study.first.tolist()]
    data += [
        (s, tuple(k for k in range(4) if k not in (f, s)))
        for f, s in zip(study.first.tolist(), study.second.tolist(), strict=True)
    ]
    theirs = choix.ilsr_top1(4, data, alpha=0.0)
    ours = fit_with_robust_errors(study)
    slow = best(lambda: choix.ilsr_top1(4, data, alpha=0.0), 3)
    fast = best(lambda: fit_with_robust_errors(study), 30)
    difference = float(np.abs(theirs - theirs.mean() - ours).max())
    print(
        f"{n:,} ballots: choix.ilsr_top1 {slow * 1e3:.0f} ms without errors, ours {fast * 1e3:.2f} ms with them: "
        f"{slow / fast:.0f} times; estimates differ by {difference:.1e}"
    )


def growth() -> None:
    for n in (10**3, 10**4, 10**5, 10**6, 10**7):
        study = ballots(n)
        seconds = best(lambda study=study: fit_with_robust_errors(study), 10 if n < 10**7 else 3)
        print(f"{n:>10,} ballots: {seconds * 1e3:9.2f} ms, {seconds / n * 1e9:8.1f} ns a ballot")


def command(n: int) -> None:
    study = ballots(n)
    names = np.array(PRESET)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ballots.csv"
        with path.open("w") as file:
            file.write("participant,clip,first,second\n")
            columns = (study.participant, study.clip, names[study.first], names[study.second])
            file.writelines(f"p{p},c{c},{f},{s}\n" for p, c, f, s in zip(*columns, strict=True))
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, ROOT / "manage.py", "analyze", path, "--json", Path(folder) / "out.json"],
            check=True,
            capture_output=True,
        )
        wall = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"analyze, {n:>10,} ballots of {len(study.participants):>9,} people: {wall:.1f} s wall, "
        f"{spent:.1f} s processor, {usage.ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", action="store_true", help="also time manage.py analyze")
    options = parser.parse_args()
    if options.command:
        # Before all else and from small to large: a child's peak includes the memory of its parent when it was started.
        for size in (10**3, 10**4, 10**5, 10**6):
            command(size)
    side_by_side(10**5)
    growth()

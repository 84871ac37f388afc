"""Measure the search for what points to a person, over the tables of a large deposit.

    python benchmarks/bench_persons.py [--people 50000] [--trials 20] [--reasons 0.1]

Writes participants.csv and ballots.csv with people's answers beside each ballot into a temporary folder, reads them
once with `csv.DictReader` alone and once through `findings`, each in a process of its own. Prints the seconds of
processor time of both, their ratio, and by how much the process grew. `--reasons` is the share of ballots with a
sentence of its own.
"""

import argparse
import csv
import multiprocessing
import os
import platform
import random
import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

_AGES, _LANGUAGES = ("from_18", "from_25", "from_35", "from_45", "prefer_not"), ("en", "ko")
_WORDS = (
    "the",
    "picture",
    "suits",
    "this",
    "calm",
    "warm",
    "slow",
    "piano",
    "piece",
    "because",
    "blue",
    "light",
    "reminds",
    "me",
    "of",
    "rain",
    "and",
    "2",
    "birds",
)


def main() -> None:
    """Write the tables, read them twice, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--reasons", type=float, default=0.1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, arguments.people, arguments.trials, arguments.reasons)
        reading, searching = (measured(work, folder) for work in (read_alone, search))
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    print(f"{arguments.people * arguments.trials:,} ballots of {arguments.people:,} people, {processor}")
    print(
        f"read alone {reading[0]:.1f} s; searched {searching[0]:.1f} s, {searching[0] / reading[0]:.1f} times as long"
    )
    print(f"grew by {searching[1] / 1024:.0f} MB; {searching[2]} findings")


def write(folder: Path, people: int, trials: int, reasons: float) -> None:
    """Write both tables."""
    rng = random.Random(1)
    persons = []
    for number in range(people):
        answers = {f"before_scale_{k}": rng.randrange(1, 8) for k in range(6)}
        persons.append(
            {"participant": f"p{number:06d}", "kind": "real", "language": rng.choice(_LANGUAGES)}
            | {"device": rng.choice(("phone", "computer", "tablet")), "before_age_group": rng.choice(_AGES)}
            | answers
        )
    _table(folder / "participants.csv", iter(persons))
    _table(folder / "ballots.csv", _ballots(persons, trials, reasons, rng))


def _ballots(
    persons: list[dict[str, object]], trials: int, reasons: float, rng: random.Random
) -> Iterator[dict[str, object]]:
    for person in persons:
        for trial in range(trials):
            words = " ".join(rng.choices(_WORDS, k=12)) if rng.random() < reasons else ""
            yield {
                "participant": person["participant"],
                "clip": f"classical-guitar-{trial:02d}-12-02-2003.mp3",
                "first": "redefined_tags",
                "second": "original_tags",
                "repeat": 0,
                "trial": trial,
                "excluded": 0,
                "order": "a;b;c;d",
                "seconds": rng.randrange(9, 90),
                "listened_seconds": rng.randrange(9, 30),
                "reason": words,
            } | {name: value for name, value in person.items() if name.startswith(("before", "device"))}


def _table(path: Path, rows: Iterator[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        first = next(rows)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def tables(folder: Path) -> dict[str, csv.DictReader]:
    """Both tables, to be read row by row."""
    return {path.name: csv.DictReader(path.open(newline="")) for path in sorted(folder.iterdir(), reverse=True)}


def read_alone(folder: Path) -> int:
    """Read every row and do nothing with it."""
    for rows in tables(folder).values():
        deque(rows, maxlen=0)
    return 0


def search(folder: Path) -> int:
    """Search the tables; return how many findings there are."""
    import django

    django.setup()
    from config.deposits.persons import Role, findings

    scales = {f"{table}.csv:before_scale_{k}": Role.OPINION for table in ("participants", "ballots") for k in range(6)}
    return len(findings(tables(folder), {}, roles=scales))


def measured(work, folder: Path) -> tuple[float, int, int]:
    """Seconds of processor time, growth in KB and result of `work` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_in_process, (work, folder))


def _in_process(work, folder: Path) -> tuple[float, int, int]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    result = work(folder)
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, result


if __name__ == "__main__":
    main()

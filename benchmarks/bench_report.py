"""Measure the complete report of a study of 30 participants × 6 clips: `python benchmarks/bench_report.py`.

Analyses simulated ballots with all tests and 10,000 bootstrap draws, and makes the HTML page, the PDF, the LaTeX tables
and the sheets. Prints the time of each part without the start of Python, the best of five runs.
"""

import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
PEOPLE, CLIPS, ROUNDS = 30, 6, 5


def write_ballots(path: Path, keys: tuple[str, ...], seed: int = 0) -> None:
    """Write ballots drawn from the model of the power simulation: each participant and clip has its own preferences."""
    rng = np.random.default_rng(seed)
    means = np.array([0.9, 0.7, 0.2, 0.0])
    people, clips = rng.normal(0, 0.6, (PEOPLE, 4)), rng.normal(0, 0.6, (CLIPS, 4))
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("participant", "clip", "first", "second", "trial", "position_first", "position_second", "order"))
        for person in range(PEOPLE):
            for trial, clip in enumerate(rng.permutation(CLIPS), start=1):
                ranked = np.argsort(-(means + people[person] + clips[clip] + rng.gumbel(size=4)))
                order = list(rng.permutation(4))
                rows.writerow(
                    [
                        f"p{person:02}",
                        f"clip{clip}.wav",
                        keys[ranked[0]],
                        keys[ranked[1]],
                        trial,
                        order.index(ranked[0]) + 1,
                        order.index(ranked[1]) + 1,
                        ";".join(keys[index] for index in order),
                    ]
                )


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the fastest round, and the result."""
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from analysis.report import ReportContext, render_report
    from analysis.report.files.latex import report_latex
    from analysis.report.files.pdf import report_pdf
    from analysis.report.files.xlsx import report_xlsx
    from analysis.statistics.analysis import analyse
    from analysis.statistics.ballots import PRESET
    from analysis.tables.ballot_table import read_ballots
    from analysis.tables.result_json import to_json

    context = ReportContext(title="Do redefined tags make images that people prefer?")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ballots.csv"
        write_ballots(path, tuple(PRESET))
        spent = {}
        spent["analysis"], data = best(lambda: to_json(analyse(read_ballots(path).ballots)))
    spent["HTML"], _page = best(lambda: render_report(data, context))
    spent["PDF"], _pdf = best(lambda: report_pdf(data, context))
    spent["LaTeX"], _tex = best(lambda: report_latex(data, context))
    spent["XLSX"], _sheets = best(lambda: report_xlsx(data))
    for name, seconds in spent.items():
        print(f"{name:10s} {seconds:7.3f} s")
    print(f"{'all':10s} {sum(spent.values()):7.3f} s   ({PEOPLE} people × {CLIPS} clips, best of {ROUNDS})")


if __name__ == "__main__":
    main()

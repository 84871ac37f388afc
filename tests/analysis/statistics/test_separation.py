"""Separated data: the analysis converges, warns, and its report is complete."""

import csv
from pathlib import Path

import numpy as np

from analysis.report import ReportContext, render_report
from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import PRESET, make_ballots
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.ballot_table import read_ballots
from analysis.tables.result_json import to_json


def test_a_condition_that_always_wins_gets_a_warning_and_a_report(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path = tmp_path / "ballots.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("participant", "clip", "first", "second"))
        for person in range(8):
            for clip in range(6):
                rows.writerow((f"p{person}", f"c{clip}", PRESET[0], PRESET[int(rng.integers(1, 4))]))
    data = to_json(analyse(read_ballots(path).ballots, AnalysisPlan(draws=200)))
    assert data["random_effects"] is None
    page = render_report(data, ReportContext(title="Always the same"))
    assert "no finite estimate" in page
    assert "None" not in page


def test_one_person_may_have_made_all_choices() -> None:
    none = [("p1", clip, None, None) for clip in ("c0", "c1", "c2")]
    chosen = [
        ("p0", "c0", "c", "a"),
        ("p0", "c1", "c", "b"),
        ("p0", "c2", "b", "a"),
        ("p0", "c3", "b", "a"),
        ("p0", "c4", "a", "c"),
    ]
    ballots = make_ballots(*zip(*chosen, *none, strict=True), conditions="abc")
    data = to_json(analyse(ballots, AnalysisPlan(draws=200)))
    assert any("jackknife uses one Newton step" in warning for warning in data["warnings"])
    assert all(error < 100 for error in data["plackett_luce"]["se_robust"].values())

"""People who are analysed apart: the numbers of the whole analysis of them alone, and of how many versions."""

import csv
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from analysis.report.tables.versions import _left_out
from analysis.study_results.csv_analysis import MOST_VERSIONS, analyse_apart, analyse_by_version, analyse_table

CONDITIONS = ["raw_short", "raw_long", "redefined_short", "redefined_long"]
PLAN: dict[str, Any] = {
    "conditions": CONDITIONS,
    "weights": [3, 1],
    "alpha": 0.05,
    "factors": {"redefined": CONDITIONS[2:], "long": CONDITIONS[1::2]},
    "seed": 4,
}
CLIPS = 8
KEPT = ("n_participants", "n_clips", "n_ballots", "primary", "scores")


def table(path: Path, people: Iterable[int], favourite: str = "") -> Path:
    """Write the ballots of these people on `CLIPS` clips; a person's answers are the same in each table."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["participant", "clip", "first", "second", "repeat", "excluded"])
        for person in people:
            rng = random.Random(person)
            for clip in range(CLIPS):
                first, second = rng.sample(CONDITIONS, 2)
                if favourite:
                    first, second = favourite, rng.choice([key for key in CONDITIONS if key != favourite])
                rows.writerow([f"r{person:04d}", f"clip {clip}", first, second, 0, int(person % 7 == 6)])
    return path


def by_version(path: Path, people: int, versions: int, **options: Any) -> dict[str, Any]:
    of = {f"r{person:04d}": str(person * versions // people + 1) for person in range(people)}
    return analyse_by_version(path, PLAN, of, **{"stopped": False} | options)


def test_each_version_has_the_numbers_of_the_whole_analysis_of_its_people(tmp_path: Path) -> None:
    found = by_version(table(tmp_path / "ballots.csv", range(24)), 24, 2)
    assert found.keys() == {"versions"}
    for block, people in zip(found["versions"], (range(12), range(12, 24)), strict=True):
        whole = analyse_table(table(tmp_path / "part.csv", people), PLAN)
        assert block["problem"] is None
        assert block["primary"]["p"] is not None
        assert {name: block[name] for name in KEPT} == {name: whole[name] for name in KEPT}
    assert found["versions"][0]["n_participants"] == 11, "one of them is left out"


def test_of_many_versions_the_first_and_the_newest_have_a_row(tmp_path: Path) -> None:
    path, versions = table(tmp_path / "ballots.csv", range(40)), MOST_VERSIONS + 3
    found = by_version(path, 40, versions)
    assert [row["version"] for row in found["versions"]] == [1, *range(5, versions + 1)]
    assert found["versions_left_out"] == 3
    assert "3 versions more" in _left_out(found)
    assert "versions_left_out" not in by_version(path, 40, MOST_VERSIONS)


def test_one_person_and_nobody_are_told_and_do_not_end_the_analysis(tmp_path: Path) -> None:
    assert analyse_apart(table(tmp_path / "one.csv", [1]), PLAN)["n_participants"] == 1
    nobody = analyse_apart(table(tmp_path / "none.csv", [6]), PLAN)
    assert nobody["problem"]
    assert nobody["primary"] is None


@pytest.mark.parametrize("whole_stopped", [True, False])
def test_after_an_early_stop_no_version_has_a_p_value(tmp_path: Path, whole_stopped: bool) -> None:
    plan = PLAN | {"sequential": True, "clips_per_participant": CLIPS}
    favourite = "" if whole_stopped else "redefined_long"  # of everybody: the version's own e-process stops
    path = table(tmp_path / "ballots.csv", range(60), favourite)
    alone = analyse_apart(path, plan, stopped=whole_stopped)
    assert alone["primary"]["estimate"] is not None
    assert {alone["primary"][name] for name in ("p", "se")} == {None}
    assert all(row["ci95"] is None for row in alone["scores"].values())
    if whole_stopped:
        assert analyse_apart(path, plan)["primary"]["p"] is not None

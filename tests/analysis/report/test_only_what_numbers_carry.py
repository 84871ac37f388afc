"""Sentences of the report that stand only where the numbers carry them."""

from typing import Any

import pytest

from analysis.report import ReportContext
from analysis.report.contents import report_contents, with_default_views


def contents(data: dict[str, Any]) -> dict[str, Any]:
    return report_contents(data, with_default_views(data, ReportContext(title="t")))


def methods(data: dict[str, Any]) -> str:
    return " ".join(contents(data)["methods"])


def test_a_tie_has_no_single_condition_with_the_most_points(analysis: dict[str, Any]) -> None:
    answers = [{"name": "clip 1", "estimate": 2.0, "p": 0.01, "order": ["original_tags"]}]
    analysis["sensitivity"] = {"clips": {"units": 6, "same_best": 6, "answers": answers}}
    assert "has the most points" in contents(analysis)["sensitivity_note"]
    for row in analysis["scores"].values():
        row["mean_points"] = 1.0
    found = contents(analysis)
    assert "has the most points" not in found["sensitivity_note"]
    assert found["sensitivity"][0][-1] == "Redefined tags, Redefined sentence, Original tags, Original sentence"


def test_equal_p_values_are_no_range(analysis: dict[str, Any]) -> None:
    answers = [{"name": f"clip {n}", "estimate": 2.0, "p": p} for n, p in ((1, 1e-5), (2, 1e-6))]
    analysis["sensitivity"] = {"clips": {"units": 6, "same_best": 6, "answers": answers}}
    assert "Without any one clip, p < 0.001." in contents(analysis)["sensitivity_note"]
    answers[0]["p"] = 0.02
    assert "at the least p < 0.001, at the most p = 0.020" in contents(analysis)["sensitivity_note"]


@pytest.mark.parametrize(
    ("people", "clips", "ballots", "repeats", "words"),
    [
        (30, 6, 180, 0, "two-way analysis of variance"),
        (30, 6, 190, 10, "two-way analysis of variance"),
        (30, 12, 180, 0, "Henderson's method III"),  # each person was due half of the clips, and gave all answers
        (30, 6, 179, 0, "Henderson's method III"),
    ],
)
def test_the_methods_name_the_components_that_were_computed(
    analysis: dict[str, Any], people: int, clips: int, ballots: int, repeats: int, words: str
) -> None:
    analysis |= {"n_participants": people, "n_clips": clips, "n_ballots": ballots, "counts": {"repeats": repeats}}
    analysis["due"] = {"ballots": ballots, "given": ballots}
    assert words in methods(analysis)


def test_the_methods_leave_out_what_was_not_done(analysis: dict[str, Any]) -> None:
    whole = methods(analysis)
    for words in ("bootstrap", "Wilcoxon", "Holm's (1979)"):
        assert words in whole
    for row in analysis["scores"].values():
        row["ci95"] = None
    bare = methods(analysis | {"pairwise": None, "secondary": None})
    for words in ("bootstrap", "Wilcoxon", "Holm's (1979)"):
        assert words not in bare


def test_the_p_value_that_decides_is_printed(analysis: dict[str, Any]) -> None:
    test = {"statistic": 3.2, "df": 3, "df_error": 27, "p": 0.03, "observed": [1, 2], "expected": [1.5, 1.5]}
    analysis["position_bias"] = test
    analysis["design_checks"] = [{"name": "position", "p": 0.03, "p_holm": 0.12}]
    row = next(row for row in contents(analysis)["checks"] if row[0] == "Position on the page")
    assert row[1].endswith("p = 0.030, p = 0.12 after Holm over these checks")
    assert row[2].startswith("No sign")


def test_clips_stand_as_people_count(analysis: dict[str, Any]) -> None:
    names = ["clip 1", "clip 10", "clip 2"]
    analysis["by_clip"] = dict.fromkeys(names, analysis["by_clip"]["clip 1"])
    answers = [{"name": name, "estimate": 2.0, "ci95": [1.0, 3.0], "p": 0.01} for name in names]
    analysis["sensitivity"] = {"clips": {"units": 3, "same_best": 3, "answers": answers}}
    figures = {figure.key: figure.svg for figure in contents(analysis)["figures"]}
    for key in ("clips", "left-out"):
        places = [figures[key].index(f"{name}</text>") for name in ("clip 1", "clip 2", "clip 10")]
        assert places == sorted(places), key

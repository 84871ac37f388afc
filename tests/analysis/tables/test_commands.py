"""`manage.py analyze` and `power`, as a user calls them."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from analysis.statistics.analysis import analyse
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.ballot_table import read_ballots
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import rows_of, simulated, write_csv


def test_analyze_writes_the_public_shape(tmp_path):
    study = simulated()
    path = write_csv(tmp_path / "ballots.csv", rows_of(study))
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=500)
    data = json.loads((tmp_path / "o.json").read_text())
    assert (data["n_participants"], data["n_clips"], data["n_ballots"]) == (30, 6, 180)
    assert data["conditions"] == list(study.conditions)
    primary = data["primary"]
    assert set(primary) == {"contrast", "estimate", "se", "df", "t", "p", "ci95", "population"}
    assert primary["population"] == "new clips"
    y = study.points((3, 1)) @ [1, 1, -1, -1]
    assert primary["estimate"] == pytest.approx(y.mean())
    assert all("p_holm" in test for test in data["secondary"])
    points = 3 * (study.first == 0).sum() + (study.second == 0).sum()
    assert data["scores"]["redefined_tags"]["points"] == points
    assert sum(clip["redefined_tags"] for clip in data["by_clip"].values()) == points
    assert len(data["pairwise"]) == 6
    theta = data["plackett_luce"]["log_worth"]
    assert theta[data["plackett_luce"]["reference"]] == 0
    redefined = (
        theta["redefined_tags"] + theta["redefined_sentence"] - theta["original_tags"] - theta["original_sentence"]
    ) / 2
    assert data["factorial"]["redefined"]["estimate"] == pytest.approx(redefined)
    assert data["position_bias"] is None


def test_the_same_seed_gives_the_same_json(tmp_path):
    study = simulated(12, 4)
    assert to_json(analyse(study, AnalysisPlan(draws=300))) == to_json(analyse(study, AnalysisPlan(draws=300)))


GOOD = [("p1", "c1", "a", "b"), ("p1", "c2", "b", "a"), ("p2", "c1", "c", "a"), ("p2", "c2", "a", "c")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*GOOD, ("p3", "c1", "a", "a")], "row 6: 'a' is both first and second"),
        ([*GOOD, ("p1", "c2", "a", "b")], "row 6: participant 'p1' has a second ballot on clip 'c2'"),
        ([*GOOD, ("p3", "c1", "", "b")], "row 6: there is a second choice without a first"),
        ([*GOOD, ("p3", "c1", "z", "b")], "row 6: first choice 'z' is no condition"),
        ([*GOOD, ("", "c1", "a", "b")], "row 6: the participant is empty"),
        ([], "there are no ballots"),
    ],
)
def test_a_bad_ballot_is_refused_with_file_row_and_correction(tmp_path, rows, words):
    path = write_csv(tmp_path / "ballots.csv", rows)
    with pytest.raises(CommandError, match=words) as error:
        call_command("analyze", str(path), conditions="a,b,c")
    assert str(error.value).startswith("ballots.csv")
    assert error.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": "1,3"}, "first must be above 0"),
        ({"weights": "x"}, "write them as 3,1"),
        ({"weights": "1e308,1"}, "must lie between"),
        ({"weights": "nan,1"}, "first must be above 0"),
        ({"seed": -1}, "seed -1 must not be negative"),
        ({"draws": 3}, "take at least 100"),
        ({"reference": "z"}, "reference 'z'"),
        ({"factors": "f=z"}, "names 'z'"),
        ({"factors": "f"}, "name=a,b"),
    ],
)
def test_bad_options_are_named(tmp_path, options, words):
    path = write_csv(tmp_path / "ballots.csv", GOOD)
    with pytest.raises(CommandError, match=words):
        call_command("analyze", str(path), **options)


def test_partial_orders_use_skillings_mack(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(20):
        shown = rng.choice(list("abcd"), 3, replace=False)
        for j in range(3):
            first, second = rng.choice(shown, 2, replace=False)
            rows.append((f"p{i}", f"c{j}", first, second, ";".join(shown)))
    path = write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,order")
    result = analyse(read_ballots(path).ballots, AnalysisPlan(draws=200))
    assert result.friedman is None
    assert result.skillings_mack is not None
    assert result.plackett_luce is not None
    json.dumps(to_json(result), allow_nan=False)


def test_power_advises_more_clips(capsys):
    call_command("power", participants=30, clips=6, share=0.59, simulations=600)
    text = capsys.readouterr().out
    assert "More clips" in text
    assert "±" in text

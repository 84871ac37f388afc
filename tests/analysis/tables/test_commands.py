"""`manage.py analyze` and `power`, as a user calls them."""

import json
from pathlib import Path

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


def with_groups(path: Path, groups: dict[str, str]) -> Path:
    rows = [(*row, groups.get(row[0], "")) for row in rows_of(simulated(16, 6))]
    return write_csv(path, rows, "participant,clip,first,second,device")


def test_moderators_come_from_columns_of_the_table(tmp_path):
    people = [f"p{i:05d}" for i in range(16)]
    path = with_groups(tmp_path / "b.csv", {p: "phone" if i < 9 else "desk" for i, p in enumerate(people[:15])})
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=200, moderators="device")
    block = json.loads((tmp_path / "o.json").read_text())["moderators"][0]
    assert [(group["group"], group["participants"]) for group in block["groups"]] == [("desk", 6), ("phone", 9)]
    assert block["unknown"] == 1


def test_numbers_are_grouped_where_the_option_says_that_groups_begin(tmp_path):
    path = with_groups(tmp_path / "b.csv", {f"p{i:05d}": str(20 + i) for i in range(16)})
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=200, moderators="device:26.5")
    block = json.loads((tmp_path / "o.json").read_text())["moderators"][0]
    assert [(group["group"], group["participants"]) for group in block["groups"]] == [("< 26.5", 7), ("≥ 26.5", 9)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"moderators": "age"}, "the column 'age' is missing"),
        ({"moderators": "clip"}, "name a column that says something of the people"),
        ({"moderators": "device,device"}, "name each column once"),
        ({"moderators": "device:3:2"}, "at which a new group begins rising"),
        ({"moderators": "device:3"}, "moderator 'device' begins groups at numbers, but a value is none: .*'desk'"),
        ({"smallest": 9.0}, "the most that an answer can show"),
        ({"smallest": float("nan")}, "must be above 0"),
        ({"clips_per_participant": 0}, "at least one is needed"),
    ],
)
def test_options_of_the_analysis_that_cannot_be_are_refused(tmp_path, options, message):
    path = with_groups(tmp_path / "b.csv", dict.fromkeys((f"p{i:05d}" for i in range(16)), "desk"))
    with pytest.raises(CommandError, match=message) as error:
        call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=200, **options)
    assert error.value.returncode == 2


def test_a_moderator_that_contradicts_itself_is_refused_with_its_row(tmp_path):
    rows = [(*row, "phone" if i else "desk") for i, row in enumerate(rows_of(simulated(4, 6)))]
    path = write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,device")
    with pytest.raises(CommandError, match="row 3: 'p00000' has device 'phone' here and 'desk' in an earlier row"):
        call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=200, moderators="device")


def test_optional_second_choices_and_a_smallest_difference_reach_the_analysis(tmp_path):
    path = write_csv(tmp_path / "b.csv", rows_of(simulated(16, 6)))
    options = {"second_choice": "optional", "smallest": 0.5, "clips_per_participant": 6}
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=200, **options)
    data = json.loads((tmp_path / "o.json").read_text())
    assert data["second_choice"] == "optional"
    assert data["limits"]["redefined_minus_original"] == [-3.0, 3.0]
    assert data["smallest"]["value"] == 0.5
    assert data["due"] == {"ballots": 96, "given": 96, "assumed": False}


def test_power_plans_backwards(capsys):
    call_command("power", plan=True, share=0.7, clips_per_participant=6, drop_out=0.1, simulations=100)
    text = capsys.readouterr().out
    assert "The fewest people for power 0.8" in text
    assert "A good choice" in text
    assert "The smallest effect that this design finds" in text


def test_power_takes_the_spreads_of_a_finished_study(tmp_path, capsys):
    analysis = tmp_path / "analysis.json"
    block = {"converged": True, "sd_participants": 0.25, "sd_clips": 0.125}
    analysis.write_text(json.dumps({"random_effects": block}))
    call_command("power", spreads_from=str(analysis), simulations=100)
    assert "SD 0.25 and between clips by SD 0.125" in capsys.readouterr().out
    analysis.write_text(json.dumps({"random_effects": None}))
    with pytest.raises(CommandError, match="no fitted random effects"):
        call_command("power", spreads_from=str(analysis), simulations=100)

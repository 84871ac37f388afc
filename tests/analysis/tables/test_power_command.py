"""`manage.py power` for each kind of question, as a user calls it."""

import json

import pytest
from django.core.management import CommandError, call_command


def printed(capsys, **options):
    call_command("power", simulations=100, **options)
    return capsys.readouterr().out


def test_the_power_of_ratings_is_told_on_their_scale(capsys):
    text = printed(capsys, kind="rate", scale="9", difference=0.8, plan=True)
    assert "are rated +0.8 against those of the low side, on the scale from 1 to 9" in text
    assert "with power 0.8: a difference of" in text
    assert "The fewest people for power 0.8" in text


def test_the_power_of_pairs_names_ties_and_pairs(capsys):
    found = json.loads(printed(capsys, kind="pair", ties=0.2, pairs_per_clip=2, share=0.7, plan=True, json=True))
    assert (found["kind"], found["ties"], found["pairs_per_clip"]) == ("pair", 0.2, 2)
    assert "20 of 100 comparisons of equally good images are ties" in found["effect"]
    assert found["plan"]["recommended"]["answers"] == 2 * found["plan"]["recommended"]["clips"]


def test_any_number_of_choices_has_a_weight_each(capsys):
    assert json.loads(printed(capsys, weights="3,2,1", json=True))["weights"] == [3, 2, 1]
    assert json.loads(printed(capsys, weights="1", json=True))["weights"] == [1]


RATED = {"kind": "rate", "primary": {"var_participants": 0.08, "var_clips": 0.18, "var_residual": 0.5}}
ANALYSIS = {
    "conditions": ["a", "b", "c", "d"],
    "factors": {"redefined": ["a", "b"]},
    "primary": RATED["primary"],
    "questions": {"choice": {"kind": "choose"}, "match": RATED, "quality": {"kind": "rate", "primary": None}},
}


def test_the_spreads_of_ratings_come_from_the_components_of_their_contrast(tmp_path, capsys):
    file = tmp_path / "analysis.json"
    file.write_text(json.dumps(ANALYSIS))
    found = json.loads(printed(capsys, kind="rate", spreads_from=str(file), json=True))
    # Two images a side: the contrast has 1/2 + 1/2 times the variance of a condition.
    assert found["sd_participants"] == pytest.approx(0.08**0.5, abs=1e-4)
    assert found["sd_clips"] == pytest.approx(0.18**0.5, abs=1e-4)
    assert found["sd_residual"] == pytest.approx(0.5**0.5, abs=1e-4)
    file.write_text(json.dumps(ANALYSIS | {"factors": {"redefined": ["a"]}}))
    found = json.loads(printed(capsys, kind="rate", spreads_from=str(file), json=True))
    assert found["sd_clips"] == pytest.approx((0.18 / (1 + 1 / 3)) ** 0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "analysis", "words"),
    [
        ({"kind": "pair", "weights": "3,1"}, None, "--weights goes with --kind choose, not with --kind pair"),
        ({"kind": "rate", "share": 0.6}, None, "--share goes with --kind choose or pair"),
        ({"sd_residual": 1.0}, None, "--sd-residual goes with --kind rate, not with --kind choose"),
        ({"kind": "rate", "question": "match"}, None, "name its file with --spreads-from"),
        ({"sd_clips": 20.0}, None, "between 0 and 10"),
        ({"kind": "rate", "sd_clips": 20.0}, None, "between 0 and 3 on the scale from 1 to 7"),
        ({"weights": "3,two"}, None, "write one for each choice"),
        ({"kind": "rate", "question": "joy"}, ANALYSIS, "no ratings called 'joy'"),
        ({"kind": "rate", "question": "quality"}, ANALYSIS, "'quality' has no components of variance"),
        ({"kind": "rate"}, ANALYSIS | {"primary": None}, "name one with --question: match, quality"),
        ({"kind": "rate"}, {"questions": {}}, "this analysis has no ratings"),
        ({"kind": "rate"}, [1], "this analysis has no ratings"),
        (
            {"kind": "rate", "scale": "5"},
            ANALYSIS | {"questions": {"match": RATED | {"lowest": 1, "highest": 7}}},
            "'match' was rated from 1 to 7, not from 1 to 5",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, options, analysis, words):
    if analysis is not None:
        file = tmp_path / "analysis.json"
        file.write_text(json.dumps(analysis))
        options = options | {"spreads_from": str(file)}
    with pytest.raises(CommandError, match=words) as error:
        call_command("power", simulations=100, **options)
    assert error.value.returncode == 2

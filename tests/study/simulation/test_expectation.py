"""What utilities let expect agrees with closed forms, with the units of the analysis, and with the classic choice."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from study.instruments.presets import PRESETS
from study.instruments.questions import CLASSIC
from study.instruments.reading import instrument_from
from study.simulation.answering import Habits
from study.simulation.chosen_preference import ChosenPreference, expected_of
from study.simulation.expectation import Expected, expected_answers

WORTHS = {"a": 1.2, "b": 0.9, "c": 0.3, "d": 0.0}
HIGH = {"red": ["a", "b"]}
PRECISE = Habits(noise=0.1, bias_sd=0, stretch_sd=0)


def expected(data: Mapping[str, Any], habits: Habits = PRECISE, **worths: Mapping[str, float]) -> dict[str, Expected]:
    instrument = instrument_from(data) if data else CLASSIC
    of_question = dict.fromkeys(instrument.keys(), WORTHS) | worths
    return expected_answers(
        instrument, of_question, person_sd=0, clip_sd=0, habits=habits, points=(3, 1), contrasts=HIGH
    )


def test_a_rating_moves_by_its_share_of_the_scale_and_each_scale_by_its_own_utilities() -> None:
    found = expected(PRESETS["match_and_quality"], quality=dict.fromkeys("abcd", 0.0))
    assert found["match"].contrasts["red"] == pytest.approx(0.15 * 6 * 0.9, abs=0.03)
    assert found["match"].pairs["a d"] == pytest.approx(0.15 * 6 * 1.2, abs=0.03)
    assert sum(found["match"].means.values()) / 4 == pytest.approx(4, abs=0.02)
    assert found["quality"].contrasts["red"] == pytest.approx(0, abs=0.03)


def test_a_pair_is_won_as_davidson_says_and_only_pairs_of_both_sides_are_a_contrast() -> None:
    found = expected(PRESETS["pairs"])["pair"]

    def lead(a: str, b: str) -> float:
        one, other = math.exp(WORTHS[a]), math.exp(WORTHS[b])
        return (one - other) / (one + other + 0.5 * math.sqrt(one * other))

    assert found.pairs["a d"] == pytest.approx(lead("a", "d"), abs=0.07)
    assert found.contrasts["red"] == pytest.approx(sum(lead(x, y) for x in "ab" for y in "cd") / 4, abs=0.04)


def test_the_classic_choice_is_as_it_was() -> None:
    found = expected({})["choice"]
    before = expected_of(WORTHS, ChosenPreference(person_sd=0, clip_sd=0), weights=(3, 1), contrasts=HIGH)
    assert found.means == pytest.approx(before["points"], abs=0.07)
    assert found.contrasts["red"] == pytest.approx(before["contrasts"]["red"], abs=0.15)


def test_a_category_is_the_likelier_the_better_the_image() -> None:
    options = [{"key": "joy"}, {"key": "calm"}]
    found = expected({"questions": [{"kind": "pick", "key": "feeling", "of": "images", "options": options}]})
    odds = math.exp(2 * (WORTHS["a"] - 0.6))
    assert found["feeling"].shares["a"]["joy"] == pytest.approx(odds / (1 + odds), abs=0.03)

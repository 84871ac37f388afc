"""A preference in words becomes worths, and what it lets expect."""

import math
from typing import Any

import pytest

from study.simulation.chosen_preference import ChosenPreference, Winner, expected_of

CELLS = {
    "redefined_tags": {"tags": "redefined", "form": "tags"},
    "redefined_sentence": {"tags": "redefined", "form": "sentence"},
    "original_tags": {"tags": "original", "form": "tags"},
    "original_sentence": {"tags": "original", "form": "sentence"},
}
FACTORS = {"redefined": ["redefined_tags", "redefined_sentence"]}


def worths(preference: ChosenPreference) -> dict[str, float]:
    return {key: preference.worth_of(key, levels) for key, levels in CELLS.items()}


def expected(preference: ChosenPreference) -> dict[str, Any]:
    return expected_of(worths(preference), preference, weights=(3, 1), contrasts=FACTORS)


def test_of_two_images_that_differ_in_the_factor_the_level_wins_as_often_as_chosen() -> None:
    preference = ChosenPreference((Winner("tags", "redefined", 0.6),), person_sd=0, clip_sd=0)
    odds = math.exp(worths(preference)["redefined_tags"] - worths(preference)["original_tags"])
    assert odds / (1 + odds) == pytest.approx(0.6)
    found = expected(preference)["shares"]
    assert found["redefined_tags"] == pytest.approx(0.3, abs=0.025)
    assert sum(found.values()) == pytest.approx(1)


def test_no_preference_lets_expect_equal_shares_and_no_difference() -> None:
    found = expected(ChosenPreference(person_sd=0, clip_sd=0))
    assert all(share == pytest.approx(0.25, abs=0.025) for share in found["shares"].values())
    assert found["contrasts"]["redefined"] == pytest.approx(0, abs=0.1)


def test_weights_are_odds() -> None:
    preference = ChosenPreference(weights={"a": 3.0, "b": 1.0}, person_sd=0, clip_sd=0)
    values = {key: preference.worth_of(key, {}) for key in "ab"}
    found = expected_of(values, preference, weights=(3, 1), contrasts={"first": ["a"]})
    assert found["shares"]["a"] == pytest.approx(0.75, abs=0.02)
    assert found["points"]["a"] == pytest.approx(0.75 * 3 + 0.25, abs=0.05)
    assert found["contrasts"]["first"] == pytest.approx(1, abs=0.1)


def test_spreads_between_people_pull_the_shares_together() -> None:
    winners = (Winner("tags", "redefined", 0.9),)
    sharp, soft = (expected(ChosenPreference(winners, person_sd=sd, clip_sd=0)) for sd in (0, 2))
    assert soft["contrasts"]["redefined"] < 0.8 * sharp["contrasts"]["redefined"]


@pytest.mark.parametrize(
    "preference", [ChosenPreference(), ChosenPreference((Winner("tags", "b", 0.9),), {"a": 2.0}, 0.1, 0)]
)
def test_a_preference_survives_storing(preference: ChosenPreference) -> None:
    assert ChosenPreference.from_json(preference.as_json()) == preference

"""Utilities become answers as the models say, and every answer is one that the instrument takes."""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
import pytest

from study.design import LETTERS
from study.instruments.answers import Shown, content_of, further_ranks
from study.instruments.presets import PRESETS
from study.instruments.questions import Instrument
from study.instruments.reading import instrument_from
from study.simulation.answering import (
    Fields,
    Habits,
    ScaleUse,
    answer_as_expected,
    answer_trial,
    draw_scale_use,
    ranked,
)

SCALE = {"key": "match", "steps": 7}
EVERYTHING: dict[str, Any] = {
    "questions": [
        {"kind": "choose", "key": "choice", "ranks": 4},
        {"kind": "rate", "key": "rating", "of": "chosen", "scales": [SCALE]},
        {"kind": "rate", "key": "sound", "of": "music", "scales": [{"key": "loudness", "steps": "slider"}]},
        {"kind": "pick", "key": "feeling", "of": "images", "options": [{"key": "joy"}, {"key": "calm"}]},
        {"kind": "pick", "key": "genre", "several": True, "required": False, "options": [{"key": "a"}, {"key": "b"}]},
        {"kind": "text", "key": "why", "required": True},
        {"kind": "confidence", "key": "sure"},
    ]
}


def answers(data: Mapping[str, Any], utilities: Sequence[float], n: int, **habits: float) -> list[Fields]:
    instrument, draw = instrument_from(data), random.Random(7).random
    return [answer_trial(instrument, lambda key: utilities, ScaleUse(), Habits(**habits), draw) for _ in range(n)]


def check(instrument: Instrument, fields: Fields, images: int) -> None:
    """Refuse the fields as casting does."""
    shown = {letter: number for number, letter in enumerate(LETTERS[:images], 10)}
    names = ("first", "second", *(f"rank{number}" for number in range(3, images + 1)))
    chosen = [shown[str(fields[name])] for name in names if fields.get(name) in shown]
    sent = {name[2:]: [value] if isinstance(value, str) else value for name, value in fields.items() if "." in name}
    content_of(instrument, sent, Shown(shown, chosen))
    if instrument.choose is not None:
        padded = [*chosen, None, None]
        further_ranks(instrument.choose, padded[0], padded[1], chosen[2:], list(shown.values()), required=True)


@pytest.mark.parametrize("data", [*filter(None, PRESETS.values()), EVERYTHING], ids=str)
def test_every_answer_is_taken_by_the_instrument(data: Mapping[str, Any]) -> None:
    instrument, draw = instrument_from(data), random.Random(3).random
    images = instrument.images_shown(4)
    for _ in range(60):
        use = draw_scale_use(Habits(), draw)
        fields = answer_trial(instrument, lambda key: [2, 0, -1, 3][:images], use, Habits(), draw)
        check(instrument, fields, images)
        if instrument.choose is not None:
            asked = answer_as_expected(instrument, fields, {"first": "C", "second": "A"})
            assert (asked["first"], asked["second"]) == ("C", "A")
            check(instrument, asked, images)


def test_of_two_images_each_wins_and_ties_as_davidson_says() -> None:
    found = Counter(fields["first"] for fields in answers(PRESETS["pairs"], [1.0, 0.0], 4000, tie=0.5))
    odds = {"A": math.e, "B": 1.0, "tie": 0.5 * math.sqrt(math.e)}
    for result, weight in odds.items():
        assert found[result] / 4000 == pytest.approx(weight / sum(odds.values()), abs=0.025)


def test_the_first_choice_is_as_often_as_its_odds() -> None:
    draw = random.Random(1).random
    firsts = Counter(ranked([math.log(2), 0, 0], draw)[0] for _ in range(4000))
    assert firsts[0] / 4000 == pytest.approx(0.5, abs=0.025)


def test_the_noise_of_a_choice_is_the_generators_gumbel() -> None:
    """So that a seed lets the same people choose as when choices were all that was asked."""
    utilities = [0.3, 0.2, 0.0, 1.0]
    noisy = np.array(utilities) + np.random.default_rng(5).gumbel(size=4)
    assert ranked(utilities, np.random.default_rng(5).random) == np.argsort(noisy)[::-1].tolist()


def test_ratings_lie_around_the_middle_and_move_with_the_utility() -> None:
    data = {"questions": [{"kind": "rate", "key": "rating", "scales": [{**SCALE, "cannot_say": True}]}]}
    given = answers(data, [1.0, 0.0], 3000, per_logit=0.15, noise=0.1, cannot_say=0.2)
    values = {
        letter: [int(str(fields[f"q.match.{letter}"])) for fields in given if fields[f"q.match.{letter}"] != "none"]
        for letter in "AB"
    }
    assert mean(values["B"]) == pytest.approx(4, abs=0.06)
    assert mean(values["A"]) - mean(values["B"]) == pytest.approx(0.15 * 6, abs=0.08)
    assert len(values["A"]) / 3000 == pytest.approx(0.8, abs=0.03)


def test_an_attention_trial_gets_the_value_that_it_asks_for() -> None:
    instrument = instrument_from(PRESETS["match_and_quality"])
    (fields,) = answers(PRESETS["match_and_quality"], [0, 0, 0, 0], 1)
    asked = answer_as_expected(instrument, fields, {"scale": "match", "value": 3})
    assert {asked[f"q.match.{letter}"] for letter in "ABCD"} == {"3"}
    assert {name: asked[name] for name in asked if "quality" in name} == {
        name: fields[name] for name in fields if "quality" in name
    }

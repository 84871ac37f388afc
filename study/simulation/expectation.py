"""What chosen utilities let expect of each question of an instrument, over many people and clips.

Drawn with the very functions by which simulated people answer, so that rounding, the ends of scales and ties are in it.
Pure functions of plain values: a page can show the expectation before anybody is simulated.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from study.design import LETTERS
from study.instruments.content import TIE
from study.instruments.questions import Choose, Instrument, Pair, Pick, Rate
from study.simulation.answering import RANK_NAMES, Fields, Habits, answer_trial, draw_scale_use, normal

DRAWS = 6_000  # of one trial each: a mean rating on 1–7 has a standard error of 0.02


@dataclass
class Expected:
    """What to expect of one question or scale, in its own unit: points of a trial, or steps of the scale.

    `means`: by condition. `contrasts`: by name, the high level minus the others, as the analysis scales them; of pairs
    those with one image of each side. `pairs`: mean difference of two conditions where both have a number, "a b".
    `shares`: of each category, by condition.
    """

    kind: str
    means: dict[str, float] = field(default_factory=dict)
    contrasts: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, float] = field(default_factory=dict)
    shares: dict[str, dict[str, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}


def expected_answers(
    instrument: Instrument,
    worths: Mapping[str, Mapping[str, float]],
    *,
    person_sd: float,
    clip_sd: float,
    habits: Habits,
    points: Sequence[float] = (),
    contrasts: Mapping[str, Sequence[str]] = {},
) -> dict[str, Expected]:
    """Return what to expect of each question that compares images, from `DRAWS` drawn trials.

    Args:
        worths: the utility of each condition, by question or scale.
        points: of each rank of the question that chooses.
        contrasts: by name, the conditions at the high level of a factor.
    """
    conditions = list(next(iter(worths.values())))
    centred = {key: _centred(own) for key, own in worths.items()}
    rng = random.Random(20261130)
    draw, sd = rng.random, math.hypot(person_sd, clip_sd)
    sums: dict[str, _Sums] = defaultdict(lambda: _Sums(conditions, contrasts))
    for _draw in range(DRAWS):
        shown = rng.sample(conditions, 2) if instrument.pair else conditions
        own = {condition: sd * normal(draw) for condition in shown}

        def utilities_of(key: str, own: Mapping[str, float] = own) -> list[float]:
            return [centred[key][condition] + taste for condition, taste in own.items()]

        fields = answer_trial(instrument, utilities_of, draw_scale_use(habits, draw), habits, draw)
        for key, values in numbers_given(instrument, fields, len(shown), points):
            sums[key].add(dict(zip(shown, values, strict=True)))
        for key, options in _categories_given(instrument, fields, len(shown)):
            sums[key].count(dict(zip(shown, options, strict=True)))
    return {key: sums[key].expected(kind, scaled=kind == "choose") for key, kind in _kinds(instrument) if key in sums}


def numbers_given(
    instrument: Instrument, fields: Fields, images: int, points: Sequence[float]
) -> Iterator[tuple[str, list[float | None]]]:
    """Yield the numbers that a trial's answers give to the images by position, of each question or scale.

    A choice gives points to its ranks, a pair 1, ½ or 0, a rating its value; None: “cannot say”, or not asked.
    """
    letters = LETTERS[:images]
    for question in instrument.questions:
        if isinstance(question, Choose):
            of_letter = {str(fields.get(name)): point for name, point in zip(RANK_NAMES, points, strict=False)}
            yield question.key, [of_letter.get(letter, 0.0) for letter in letters]
        elif isinstance(question, Pair):
            winner = fields["first"]
            yield question.key, [0.5 if winner == TIE else float(winner == letter) for letter in letters]
        elif isinstance(question, Rate) and question.of != "music":
            for scale in question.scales:
                values = [str(fields.get(f"q.{scale.key}.{letter}", "")) for letter in letters]
                yield scale.key, [float(value) if value.isdecimal() else None for value in values]


def _categories_given(instrument: Instrument, fields: Fields, images: int) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the categories picked for each image by position, of each question that asks for them."""
    for question in instrument.questions:
        if isinstance(question, Pick) and question.of == "images":
            given = [fields.get(f"q.{question.key}.{letter}", []) for letter in LETTERS[:images]]
            yield question.key, [[value] if isinstance(value, str) else value for value in given]


def _kinds(instrument: Instrument) -> Iterator[tuple[str, str]]:
    for question in instrument.questions:
        keys = [scale.key for scale in question.scales] if isinstance(question, Rate) else [question.key]
        yield from ((key, question.kind) for key in keys)


def _centred(worths: Mapping[str, float]) -> dict[str, float]:
    mean = math.fsum(worths.values()) / len(worths)
    return {key: worth - mean for key, worth in worths.items()}


class _Sums:
    """Sums over trials of one question."""

    def __init__(self, conditions: Sequence[str], contrasts: Mapping[str, Sequence[str]]) -> None:
        self.conditions, self.high = conditions, {name: set(high) for name, high in contrasts.items()}
        self.means: dict[str, list[float]] = defaultdict(list)
        self.contrasts: dict[str, list[float]] = defaultdict(list)
        self.pairs: dict[str, list[float]] = defaultdict(list)
        self.shares: dict[str, dict[str, int]] = {key: defaultdict(int) for key in conditions}
        self.images: dict[str, int] = defaultdict(int)

    def add(self, values: Mapping[str, float | None]) -> None:
        given = {key: value for key, value in values.items() if value is not None}
        for key, value in given.items():
            self.means[key].append(value)
        for name, high in self.high.items():
            sides = [[value for key, value in given.items() if (key in high) is side] for side in (True, False)]
            if all(sides):
                self.contrasts[name].append(_mean(sides[0]) - _mean(sides[1]))
        for a, b in combinations(self.conditions, 2):
            if a in given and b in given:
                self.pairs[f"{a} {b}"].append(given[a] - given[b])

    def count(self, picked: Mapping[str, Sequence[str]]) -> None:
        for key, options in picked.items():
            self.images[key] += 1
            for option in options:
                self.shares[key][option] += 1

    def expected(self, kind: str, *, scaled: bool) -> Expected:
        factor = len(self.conditions) / 2 if scaled else 1.0
        return Expected(
            kind,
            {key: _mean(self.means[key]) for key in self.conditions if key in self.means},
            {name: factor * _mean(values) for name, values in self.contrasts.items()},
            {pair: _mean(values) for pair, values in self.pairs.items()},
            {
                key: {option: number / self.images[key] for option, number in sorted(counts.items())}
                for key, counts in self.shares.items()
                if counts
            },
        )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)

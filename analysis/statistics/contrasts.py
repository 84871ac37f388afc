"""Contrasts between conditions: of the factors, within a level of another factor, and of pairs.

Images that were not shown say nothing: a contrast compares mean points of the shown images of its groups, and a ballot
that shows no image of a group does not enter it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.statistics.ballots import Answers, Ballots

PRESET_NAMES = {"redefined": "redefined_minus_original", "sentence": "sentence_minus_tags"}
PRESET_LEVELS = {"redefined": ("redefined", "original"), "sentence": ("sentence", "tags")}


@dataclass(frozen=True)
class FactorContrast:
    """A contrast of condition means: `coefficients` (K,) sum to 0; `order` is 1 for a factor, 2 for an interaction.

    `groups`: each group's weight and its conditions (K,), of which the contrast takes the mean.
    """

    name: str
    groups: tuple[tuple[float, np.ndarray], ...]
    order: int

    @property
    def coefficients(self) -> np.ndarray:
        return _coefficients(self.groups)


@dataclass(frozen=True)
class PointsContrast:
    """A contrast of points: Σ weight · mean points of the group's shown images, over `groups` as in FactorContrast."""

    name: str
    groups: tuple[tuple[float, np.ndarray], ...]

    @property
    def coefficients(self) -> np.ndarray:
        """Coefficients (K,) on the points of a ballot that showed all images."""
        return _coefficients(self.groups)

    def of_two_images(self) -> PointsContrast:
        """The same contrast for trials that show two images: its groups above 0 against those below.

        An interaction is then the mean of both its differences of differences, if all pairs were shown equally often.
        """
        if len(self.groups) <= 2:
            return self
        sides = []
        for sign in (1.0, -1.0):
            mine = [(weight, members) for weight, members in self.groups if weight * sign > 0]
            sides.append((sum(weight for weight, _ in mine), np.any([members for _, members in mine], axis=0)))
        return PointsContrast(self.name, tuple(sides))

    @property
    def is_even(self) -> bool:
        """Whether the two sides have equally many conditions."""
        sizes = {sign: sum(int(m.sum()) for w, m in self.groups if np.sign(w) == sign) for sign in (-1, 1)}
        return sizes[-1] == sizes[1]

    def of_answers(self, answers: Answers, weights: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """The contrast's value of each distinct answer (U,), and which answers enter it (U,)."""
        return self.of_numbers(answers.points(weights), answers.shown)

    def of_numbers(self, numbers: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The contrast's value of each row of numbers (N, K), and which rows enter it; both (N,).

        `shown` (N, K): which numbers exist; the others must be 0.
        """
        value, enters = np.zeros(len(numbers)), np.ones(len(numbers), dtype=bool)
        for weight, members in self.groups:
            seen = shown[:, members].sum(axis=1)
            enters &= seen > 0
            value += weight * numbers[:, members].sum(axis=1) / np.maximum(seen, 1)
        return np.where(enters, value, 0.0), enters

    def limits(self, answers: Answers, weights: tuple[float, float]) -> tuple[float, float]:
        """The smallest and the largest value that a ballot can have, with or without a second choice."""
        if not answers.shown.all():
            largest = max(abs(weight) for weight, _ in self.groups) * weights[0]
            return -largest, largest
        chosen = self.coefficients
        first, second = np.meshgrid(weights[0] * chosen, np.append(weights[1] * chosen, 0.0), indexing="ij")
        possible = (first + second)[~np.eye(len(chosen), len(chosen) + 1, dtype=bool)]
        return float(min(possible.min(), 0.0)), float(max(possible.max(), 0.0))


def _coefficients(groups: tuple[tuple[float, np.ndarray], ...]) -> np.ndarray:
    return sum((weight * members / members.sum() for weight, members in groups), np.zeros(len(groups[0][1])))


def factor_contrasts(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> list[FactorContrast]:
    """The contrasts of each factor and of the interactions of pairs of factors.

    A factor is the mean at its high level minus the mean at its low level, which in the 2 × 2 is the ±½ coding. An
    interaction is a difference of differences of cell means, in the 2 × 2 (θ2 − θ1) − (θ4 − θ3); it is left out if
    a cell is empty.
    """
    is_high = _high_levels(factors, conditions)
    found = [FactorContrast(name, ((1.0, high), (-1.0, ~high)), 1) for name, high in is_high.items()]
    pairs = list(combinations(is_high, 2))
    for a, b in pairs:
        cells = _cells(is_high[a], is_high[b])
        if all(cell.any() for cell in cells):
            name = "interaction" if len(pairs) == 1 else f"interaction_{a}_{b}"
            found.append(FactorContrast(name, tuple(zip((1.0, -1.0, -1.0, 1.0), cells, strict=True)), 2))
    return found


def _high_levels(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: np.array([c in members for c in conditions]) for name, members in factors.items()}


def _cells(a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    return [a & b, a & ~b, ~a & b, ~a & ~b]


def points_contrasts(
    factors: Mapping[str, Sequence[str]], conditions: Sequence[str], *, per_trial: bool = True
) -> list[PointsContrast]:
    """`factor_contrasts` on points.

    `per_trial`: scaled so that with as many high as low conditions a factor is the points of the high images minus
    those of the low ones. Otherwise it is a difference of means, as of ratings.
    """
    return [
        PointsContrast(
            PRESET_NAMES.get(contrast.name, f"{contrast.name}_minus_rest") if contrast.order == 1 else contrast.name,
            tuple(
                (weight * len(conditions) / 2**contrast.order if per_trial else weight, members)
                for weight, members in contrast.groups
            ),
        )
        for contrast in factor_contrasts(factors, conditions)
    ]


def simple_contrasts(
    factors: Mapping[str, Sequence[str]], conditions: Sequence[str], *, per_trial: bool = True
) -> list[tuple[str, str, PointsContrast]]:
    """The first factor within each level of the second: its name, the level's name, the contrast. Two factors only.

    In a 2 × 2 of four conditions it is the points of one image minus those of another. `per_trial` as in
    `points_contrasts`.
    """
    if len(factors) != 2:
        return []
    (first, second), is_high = tuple(factors), _high_levels(factors, conditions)
    a, b = is_high[first], is_high[second]
    if not all(cell.any() for cell in _cells(a, b)):
        return []
    scale, levels = len(conditions) / 4 if per_trial else 1.0, PRESET_LEVELS.get(second, (second, f"not {second}"))
    return [
        (first, level, PointsContrast(f"{first} within {level}", ((scale, a & within), (-scale, ~a & within))))
        for level, within in zip(levels, (b, ~b), strict=True)
    ]


def pair_contrasts(k: int) -> list[tuple[int, int, PointsContrast]]:
    """All pairs a < b of K conditions: points of a minus points of b, on ballots that showed both."""
    one = np.eye(k, dtype=bool)
    return [(a, b, PointsContrast(f"{a} − {b}", ((1.0, one[a]), (-1.0, one[b])))) for a, b in combinations(range(k), 2)]


def participant_means(
    ballots: Ballots, of_answer: np.ndarray, enters: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean per participant of a value of each answer, over their ballots that enter, and who has such a ballot.

    `of_answer` and `enters`: (U,) or (U, m); both results (P,) or (P, m). The mean of nobody's ballots is 0.
    """
    counts = ballots.answer_counts
    if enters is None or enters.all():
        sizes = counts.sum(axis=1) if of_answer.ndim == 1 else counts.sum(axis=1)[:, None]
    else:
        of_answer = of_answer * enters
        sizes = counts @ enters
    sums = counts @ of_answer
    return sums / np.maximum(sizes, 1), np.broadcast_to(sizes > 0, sums.shape)


def mean_shown(ballots: Ballots, weights: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Participants' mean points per showing of each condition, and whether they saw it; both (P, K)."""
    return participant_means(ballots, ballots.answers.points(weights), ballots.answers.shown)


def mean_centred(ballots: Ballots, weights: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """As `mean_shown`, of points minus the ballot's mean over its shown images: sets of any size can be compared."""
    points, shown = ballots.answers.points(weights), ballots.answers.shown
    centre = points.sum(axis=1, keepdims=True) / np.maximum(shown.sum(axis=1, keepdims=True), 1)
    return participant_means(ballots, points - centre, shown)

"""Error rates of pairs with ties: points and Bradley–Terry worths, for new clips, with strong effects."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from analysis.statistics.ballots import PRESET
from analysis.statistics.bradley_terry import fit_pairs
from analysis.statistics.contrast_tests import Cells, cells_of
from analysis.statistics.contrasts import points_contrasts
from analysis.statistics.crossed_design import CrossedMean
from analysis.statistics.distributions import t_quantile
from analysis.statistics.pairs import Pairs, pairs_of
from analysis.statistics.worth_fit import influence_values
from benchmarks.proof_checks import Check, generator, one_sided

PEOPLE, CLIPS, K = 30, 6, 4
SD_PEOPLE, SD_CLIPS = 0.8, 0.7
LOG_NU = math.log(0.7)  # a quarter of the comparisons of equally good images are ties
NO_EFFECT, EFFECT = np.zeros(K), np.array([0.7, 0.9, 0.0, 0.0])
REDEFINED = points_contrasts({"redefined": PRESET[:2]}, PRESET, per_trial=False)[0]
WORTHS = np.array([0.5, 0.5, -0.5, -0.5])
FRESH = 400_000  # people and clips for the true values, each of which answers all pairs once


def pairs_with_ties(mu: np.ndarray, people: int, clips: int, rng: np.random.Generator, *, fresh: bool = False) -> Pairs:
    """Everybody compares all pairs of each clip, by Davidson's model; `fresh`: each person has a clip of their own."""
    a, b = np.array(pairs_of(K)).T
    clip_effects = SD_CLIPS * rng.standard_normal((people if fresh else 1, clips, K))
    theta = mu + SD_PEOPLE * rng.standard_normal((people, 1, K)) + clip_effects
    utility = np.stack([theta[..., a], theta[..., b], (theta[..., a] + theta[..., b]) / 2 + LOG_NU], axis=-1)
    chosen = (utility + rng.gumbel(size=utility.shape)).argmax(axis=-1)
    person, clip, pair = (x.ravel() for x in np.mgrid[0:people, 0:clips, 0 : len(a)])
    return Pairs(
        conditions=PRESET,
        participants=range(people),
        clips=range(clips),
        participant=person.astype(np.int32),
        clip=clip.astype(np.int32),
        left=a[pair].astype(np.int8),
        right=b[pair].astype(np.int8),
        chosen=chosen.ravel().astype(np.int8),
    )


def _points(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """The contrast of points on each comparison, and which comparisons enter it."""
    values = pairs.to_values()
    return REDEFINED.of_numbers(values.filled, values.given)


def _within(found: CrossedMean | None, estimate: float, truth: float) -> bool:
    assert found is not None
    return abs(estimate - truth) <= t_quantile(0.975, found.df) * math.sqrt(found.variance)


def pair_checks(sets: int, fresh_people: int = FRESH) -> Iterator[Check]:
    """Level of the points' primary test, coverage of it and of the worths' interval for new clips."""
    fresh = pairs_with_ties(EFFECT, fresh_people, 1, generator(50), fresh=True)
    y, enters = _points(fresh)
    true_points, true_worth = float(y[enters].mean()), float(fit_pairs(fresh).log_worth @ WORTHS)
    any_pairs = pairs_with_ties(NO_EFFECT, PEOPLE, CLIPS, generator(51))
    entering = _points(any_pairs)[1]
    of_points, of_worths = cells_of(any_pairs, entering), cells_of(any_pairs)
    rejected = points = worths = 0
    for i in range(sets):
        study = pairs_with_ties(NO_EFFECT, PEOPLE, CLIPS, generator(52, i))
        rejected += not _covers_points(study, entering, of_points, 0.0)
        study = pairs_with_ties(EFFECT, PEOPLE, CLIPS, generator(53, i))
        points += _covers_points(study, entering, of_points, true_points)
        fit = fit_pairs(study)
        influence = of_worths.sums(influence_values(fit, fit.on_parameters(WORTHS)))
        found = of_worths.design.mean(influence * of_worths.design.n)
        worths += _within(found, float(fit.log_worth @ WORTHS), true_worth)
    least = 0.95 - one_sided(0.95, sets)
    yield Check("pairs with ties, primary level", sets, rejected / sets, 0.0, 0.05 + one_sided(0.05, sets))
    yield Check("pairs with ties, primary coverage, new clips", sets, points / sets, min(least, 0.937), 1.0)
    yield Check("pairs with ties, Bradley–Terry coverage, new clips", sets, worths / sets, min(least, 0.937), 1.0)


def _covers_points(study: Pairs, entering: np.ndarray, cells: Cells, truth: float) -> bool:
    found = cells.design.mean(cells.means(_points(study)[0][entering]))
    assert found is not None
    return _within(found, found.mean, truth)

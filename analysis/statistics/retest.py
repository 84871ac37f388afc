"""Test–retest: what people answer when the same images of a clip come a second time, unannounced.

The first repeat is compared with the first trial of the same images; a third showing says nothing more here. Shares and
means are of all that came twice, their intervals are over people's own means, for these clips.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.coded_trials import CodedTrials
from analysis.statistics.design_results import TestRetest
from analysis.statistics.distributions import t_quantile
from analysis.statistics.pair_results import PairRetest
from analysis.statistics.pairs import TIE, Pairs
from analysis.statistics.ranks import share_interval
from analysis.statistics.ratings import intraclass
from analysis.statistics.results import Interval
from analysis.statistics.value_results import RatingRetest
from analysis.statistics.values import Values


def shown_twice(trials: CodedTrials) -> tuple[np.ndarray, np.ndarray] | None:
    """The rows of first trials that came again and of their first repeats, both (M,); None without repeats."""
    if trials.repeat is None or not trials.is_repeat.any():
        return None
    images = trials.same_images()
    ranked = np.lexsort((trials.repeat, images))
    same = np.flatnonzero(images[ranked[1:]] == images[ranked[:-1]])
    earlier, later = ranked[same], ranked[same + 1]
    keep = ~trials.is_repeat[earlier]
    return earlier[keep], later[keep]


def _people_means(person: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Each person's mean of the values (M,); shape (people,)."""
    person = np.unique(person, return_inverse=True)[1]
    return np.bincount(person, weights=values) / np.bincount(person)


def _interval(means: np.ndarray, lowest: float, highest: float) -> Interval | None:
    """The t interval of people's means, cut to what is possible; None for one person."""
    if len(means) < 2:
        return None
    half = t_quantile(0.975, len(means) - 1) * float(means.std(ddof=1)) / math.sqrt(len(means))
    return max(lowest, float(means.mean()) - half), min(highest, float(means.mean()) + half)


def retest_reliability(ballots: Ballots) -> TestRetest | None:
    """Whether the same images were chosen again; None without repeats."""
    found = shown_twice(ballots)
    if found is None:
        return None
    earlier, later = found
    agree = (ballots.first[earlier] == ballots.first[later]).astype(float)
    both = agree * (ballots.second[earlier] == ballots.second[later])
    means = _people_means(ballots.participant[earlier], agree)
    margins = [np.bincount(ballots.first[x] + 1, minlength=ballots.k + 1) / len(x) for x in (earlier, later)]
    chance = float(margins[0] @ margins[1])
    kappa = (float(agree.mean()) - chance) / (1 - chance) if chance < 1 - 1e-12 else None
    return TestRetest(
        pairs=len(earlier),
        participants=len(means),
        same_first=float(agree.mean()),
        ci95=_interval(means, 0.0, 1.0),
        same_both=float(both.mean()),
        kappa=kappa,
    )


def retest_of_pairs(pairs: Pairs) -> PairRetest | None:
    """Whether the same image of a pair, or again neither, was chosen; whichever stood left. None without repeats."""
    found = shown_twice(pairs)
    if found is None:
        return None
    before, after = (pairs.result[rows] for rows in found)
    same = before == after
    one_tie = ~same & ((before == TIE) | (after == TIE))
    means = _people_means(pairs.participant[found[0]], same.astype(float))
    return PairRetest(
        pairs=len(same),
        participants=len(means),
        same=float(same.mean()),
        ci95=share_interval(means, t_quantile(0.975, len(means) - 1)) if len(means) > 1 else None,
        both_ties=float((same & (before == TIE)).mean()),
        one_tie=float(one_tie.mean()),
        other_image=float((~same & ~one_tie).mean()),
    )


def retest_of_ratings(values: Values) -> RatingRetest | None:
    """How far the two numbers of an image lie apart; None without an image that one person gave two.

    `icc_single` is ICC(2,1) of Shrout and Fleiss (1979), absolute agreement, with the person's images as units and the
    two times as raters: differences between people and between images both count as true ones.
    """
    found = shown_twice(values)
    if found is None:
        return None
    earlier, later = found
    twice = values.given[earlier] & values.given[later]
    if not twice.any():
        return None
    before, after = values.values[earlier][twice], values.values[later][twice]
    person = values.participant[earlier][np.nonzero(twice)[0]]
    apart = np.abs(after - before)
    means = _people_means(person, apart)
    units, occasion = np.tile(np.arange(len(before)), 2), np.repeat([0, 1], len(before))
    single, _average = intraclass(occasion, units, np.concatenate([before, after]))
    return RatingRetest(
        images=len(before),
        participants=len(means),
        mean_absolute_difference=float(apart.mean()),
        # Without any spread an interval of no width would be a false certainty.
        ci95=_interval(means, 0.0, values.highest - values.lowest) if means.std() > 1e-12 else None,
        same=float((apart == 0).mean()),
        shift=float((after - before).mean()),
        icc_single=single,
    )

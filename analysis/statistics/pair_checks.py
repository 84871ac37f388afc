"""What pairs say beside worths: who beat whom, circular triads, and whether the left image is preferred."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from analysis.statistics.bradley_terry import group_pairs
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.pair_results import SideBias, Transitivity, WinMatrix
from analysis.statistics.pairs import LEFT, RIGHT, TIE, Pairs, pairs_of, wins_and_ties
from analysis.statistics.ranks import share_interval
from analysis.statistics.worth_fit import groups_compared

CHANCE = 0.25  # two of the eight results of three pairs are circular


def win_matrix(pairs: Pairs) -> WinMatrix:
    """Wins and ties of each pair, the pairs that nobody compared, and which conditions are linked."""
    wins, ties = wins_and_ties(pairs)
    compared = wins + wins.T + ties
    grouped = group_pairs(pairs)
    _, leader = groups_compared(grouped.stages, grouped.total, pairs.k)
    names = np.array(pairs.conditions, dtype=object)
    return WinMatrix(
        wins=wins,
        ties=ties,
        never_compared=tuple((names[a], names[b]) for a, b in pairs_of(pairs.k) if not compared[a, b]),
        groups=tuple(tuple(names[leader == group]) for group in dict.fromkeys(leader.tolist())),
    )


def transitivity(pairs: Pairs) -> Transitivity | None:
    """The share of circular triads (Kendall and Babington Smith 1940), by people, against ¼ of answers at random.

    A triad is three images of which one person compared all three pairs on one clip, in one round of repeats. One with
    a tie counts neither as circular nor as not. None with two conditions, and without a triad that has no tie.
    """
    number = {pair: i for i, pair in enumerate(pairs_of(pairs.k))}
    rounds, first, row = np.unique(pairs.round, return_index=True, return_inverse=True)
    results = np.full((len(rounds), len(number)), -1, dtype=np.int8)
    results[row, pairs.pair] = pairs.result
    decided, circular = np.zeros((2, len(rounds)))
    with_tie = 0
    for a, b, c in combinations(range(pairs.k), 3):
        triad = results[:, [number[a, b], number[b, c], number[a, c]]]
        complete, tied = (triad >= 0).all(axis=1), (triad == TIE).any(axis=1)
        with_tie += int((complete & tied).sum())
        decided += complete & ~tied
        # a above b above c above a, or the other way round.
        circular += ((triad == [0, 0, 1]).all(axis=1)) | ((triad == [1, 1, 0]).all(axis=1))
    people = pairs.participant[first]
    of_person = np.bincount(people, weights=decided, minlength=pairs.p)
    answered = of_person > 0
    if not answered.any():
        return None
    shares = np.bincount(people, weights=circular, minlength=pairs.p)[answered] / of_person[answered]
    df = max(len(shares) - 1, 1)
    se = float(shares.std(ddof=1)) / math.sqrt(len(shares)) if len(shares) > 1 else 0.0
    share = float(shares.mean())
    return Transitivity(
        triads=int(decided.sum()),
        circular=int(circular.sum()),
        with_tie=with_tie,
        share=share,
        ci95=share_interval(shares, t_quantile(0.975, df)),
        p=two_sided_t((share - CHANCE) / se, df) if se > 0 else None,
        participants=len(shares),
        chance=CHANCE,
    )


def side_bias(pairs: Pairs) -> SideBias | None:
    """How much more often the left image is chosen than the right one, by people, for these clips.

    x = 1, 0 or −1 of a comparison (left, tie, right) is the bias plus the effect of its pair, with the sign of the side
    on which the pair's first image stood: least squares, errors clustered by person, t(P − 1). If each person has each
    pair on both sides equally often, it is the t test of people's mean x. None for one participant, and if each pair
    always stood the same way round, for then the bias cannot be told from the images.
    """
    if pairs.p < 2:
        return None
    x = np.array([1.0, -1.0, 0.0])[pairs.chosen]
    side = np.where(pairs.left < pairs.right, 1.0, -1.0)
    size = np.maximum(np.bincount(pairs.pair), 1)
    mean_side = np.bincount(pairs.pair, weights=side) / size
    weight = 1.0 - side * mean_side[pairs.pair]  # what is left of 1 after the regression on the pairs' effects
    total = float(weight.sum())
    if total < 1e-9 * pairs.n:
        return None
    estimate = float(weight @ x) / total
    effect = np.bincount(pairs.pair, weights=side * (x - estimate)) / size
    residual = weight * (x - estimate - side * effect[pairs.pair])
    sums = np.bincount(pairs.participant, weights=residual, minlength=pairs.p)
    df = pairs.p - 1.0
    se = math.sqrt(pairs.p / df * float(sums @ sums)) / total
    half = t_quantile(0.975, df) * se
    spread = se > 1e-12
    return SideBias(
        left=int((pairs.chosen == LEFT).sum()),
        right=int((pairs.chosen == RIGHT).sum()),
        ties=int((pairs.chosen == TIE).sum()),
        estimate=estimate,
        se=se,
        df=df,
        t=estimate / se if spread else None,
        p=two_sided_t(estimate / se, df) if spread else (1.0 if abs(estimate) < 1e-12 else None),
        ci95=(max(estimate - half, -1.0), min(estimate + half, 1.0)),
    )

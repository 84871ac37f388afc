"""Bradley–Terry worths of pairs, with ties by Davidson's model.

P(i beats j) = w_i / D and P(tie) = ν √(w_i w_j) / D with D = w_i + w_j + ν √(w_i w_j) (Bradley and Terry 1952;
Davidson 1970). It is a choice from three alternatives, of which the tie has the utility (θ_i + θ_j) / 2 + log ν, so the
fit and its errors are those of Plackett–Luce. Without ties among the answers ν is 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from analysis.statistics.choices import GroupedOutcomes, OutcomeStages, group_codes
from analysis.statistics.contrast_tests import Cells, cells_of
from analysis.statistics.errors import DesignError
from analysis.statistics.pair_results import BradleyTerry, TieParameter
from analysis.statistics.pairs import TIE, Pairs, pairs_of
from analysis.statistics.plackett_luce import WorthErrors, factorial_effects, worths_against
from analysis.statistics.results import Interval
from analysis.statistics.worth_fit import WorthFit, fit_grouped

RESULTS = 3  # of a pair: the first wins, the second wins, tie


def group_pairs(pairs: Pairs) -> GroupedOutcomes:
    """Count the outcomes of the comparisons, in all and per participant."""
    with_ties = bool((pairs.chosen == TIE).any())
    codes = pairs.pair * RESULTS + pairs.result
    return group_codes(codes, pairs.participant, pairs.p, lambda occur: pair_stages(occur, pairs.k, with_ties))


@lru_cache(maxsize=256)
def pair_stages(codes: tuple[int, ...], k: int, with_ties: bool) -> OutcomeStages:
    """The one stage of each distinct outcome: the number of its pair · 3 + its result."""
    pairs = pairs_of(k)
    alternatives = k + len(pairs) * with_ties
    sets = np.zeros((len(pairs), alternatives), dtype=bool)
    design = np.zeros((alternatives, k + 1))
    design[:k, :k] = np.eye(k)
    for number, (a, b) in enumerate(pairs):
        sets[number, [a, b]] = True
        if with_ties:
            sets[number, k + number] = True
            design[k + number, [a, b, k]] = 0.5, 0.5, 1.0
    to_chosen = np.zeros((len(codes), len(pairs)))
    to_wins = np.zeros((len(codes), alternatives))
    beats, ties = np.zeros((2, len(codes), k, k))
    for row, code in enumerate(codes):
        number, result = divmod(code, RESULTS)
        a, b = pairs[number]
        to_chosen[row, number] = 1
        to_wins[row, (a, b, k + number)[result]] = 1
        if result == TIE:
            ties[row, [a, b], [b, a]] = 1
        else:
            beats[row, (a, b)[result], (b, a)[result]] = 1
    return OutcomeStages(
        np.array(codes, dtype=np.int64),
        sets,
        to_chosen,
        to_wins,
        beats,
        ties if with_ties else None,
        design if with_ties else None,
    )


def fit_pairs(pairs: Pairs) -> WorthFit | None:
    """The worths, by maximum likelihood, or Jeffreys-penalised if separated; None if the pairs do not link all."""
    return fit_grouped(pairs, group_pairs(pairs))


def bradley_terry(
    pairs: Pairs,
    reference: str,
    factors: Mapping[str, Sequence[str]] | None = None,
    cells: Cells | None = None,
    errors: WorthErrors | None = None,
) -> BradleyTerry | None:
    """The worths of all conditions against `reference`; None if the comparisons do not link all conditions.

    Errors as of Plackett–Luce: clustered by participant; intervals for these clips by the jackknife over people, for
    new ones by the crossed formula on the influence of each person's answers to a clip.
    """
    if reference not in pairs.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(pairs.conditions)}).")
    if errors is None:
        fit = fit_pairs(pairs)
        if fit is None:
            return None
        errors = WorthErrors(fit, cells if cells is not None else cells_of(pairs))
    return BradleyTerry(
        worths=worths_against(reference, errors),
        ties=_tie_parameter(errors),
        factorial=factorial_effects(errors, factors or {}, pairs.conditions),
    )


def _tie_parameter(errors: WorthErrors) -> TieParameter | None:
    fit = errors.fit
    if fit.stages.design is None:
        return None
    found = errors.of(np.eye(len(fit.theta))[-1])
    return TieParameter(
        nu=math.exp(found.estimate),
        log_nu=found.estimate,
        se=found.se if found.se_robust is None else found.se_robust,
        ci95=_exponential(found.ci95),
        ci95_new_clips=_exponential(found.ci95_new_clips),
    )


def _exponential(interval: Interval | None) -> Interval | None:
    """The interval of ν from that of log ν; None beyond what numbers hold."""
    return None if interval is None or interval[1] > 700 else (math.exp(interval[0]), math.exp(interval[1]))

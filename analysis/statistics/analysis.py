"""The whole analysis: from coded ballots and a plan to one result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.statistics import results
from analysis.statistics.alternatives import irrelevant_alternatives
from analysis.statistics.ballots import (
    Ballots,
    check_ballots,
    check_conditions,
    check_factors,
    check_weights,
    default_reference,
)
from analysis.statistics.cautions import cautions
from analysis.statistics.contrasts import Cells, cells_of, contrast_tests, points_contrasts
from analysis.statistics.design_checks import (
    agreement,
    drop_out,
    fatigue,
    mean_shown,
    position_balance,
    position_bias,
    retest_reliability,
)
from analysis.statistics.errors import DesignError
from analysis.statistics.permutation import permutation_by_clip, permutation_over_clips
from analysis.statistics.plackett_luce import (
    WorthErrors,
    factorial_effects,
    fit_worths,
    plackett_luce,
)
from analysis.statistics.plan_and_result import AnalysisPlan, AnalysisResult
from analysis.statistics.random_effects import random_effects
from analysis.statistics.ranks import friedman, pairwise, skillings_mack
from analysis.statistics.scores import clip_table, scores
from analysis.statistics.sensitivity import (
    leave_one_clip_out,
    leave_one_participant_out,
    other_ballots,
    weight_line,
)
from analysis.statistics.sequential import e_process, order_of_start, participant_differences

MOST_DRAWS = 1_000_000
RANDOM_EFFECTS_UP_TO = 3_000  # ballots; beyond, the fit takes longer than all else together


def analyse(
    ballots: Ballots,
    plan: AnalysisPlan | None = None,
    *,
    n_excluded: int = 0,
    with_excluded: Ballots | None = None,
) -> AnalysisResult:
    """Compute every statistic that applies to these ballots under this plan.

    `n_excluded`: how many ballots were excluded before. `with_excluded`: the ballots with the excluded ones, for the
    sensitivity. If the plan is sequential, the participants' codes give their order of start (`order_of_start`).
    Raises BallotsError or DesignError; the message says how to correct the input.
    """
    plan = plan or AnalysisPlan()
    check_conditions(ballots.conditions)
    check_ballots(ballots)
    weights = check_weights(plan.weights)
    factors = check_factors(plan.factors, ballots.conditions)
    reference = plan.reference or default_reference(ballots.conditions, factors)
    if reference not in ballots.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(ballots.conditions)}).")
    if plan.seed < 0:
        raise DesignError(f"seed {plan.seed} must not be negative.")
    if not 100 <= plan.draws <= MOST_DRAWS:
        raise DesignError(f"{plan.draws} bootstrap draws: take at least 100 and at most {MOST_DRAWS:,}.")
    n_repeats = int(ballots.is_repeat.sum())
    with_repeats = ballots
    if plan.repeats == "first" and n_repeats:
        ballots = ballots.select(~ballots.is_repeat)

    contrasts = points_contrasts(factors, ballots.conditions)
    primary = contrasts[0][1] if contrasts else None
    cells = cells_of(ballots)
    new, these = contrast_tests(ballots, cells, weights, contrasts)
    means, seen = mean_shown(ballots, weights)
    some_unseen = not bool(seen.all())
    ranked = None if some_unseen else friedman(means)
    fit = fit_worths(ballots)
    errors = None if fit is None else WorthErrors(fit, cells)
    permutations = plan.permutations or plan.draws
    few_ballots = ballots.n <= RANDOM_EFFECTS_UP_TO
    high = next(iter(factors.values()), None)
    incomplete = ballots.shown is not None

    result = AnalysisResult(
        n_participants=ballots.p,
        n_clips=ballots.c,
        n_ballots=ballots.n,
        n_none_fits=int((ballots.first < 0).sum()),
        n_without_second=int(((ballots.second < 0) & (ballots.first >= 0)).sum()),
        n_excluded=n_excluded,
        n_repeats=n_repeats,
        weights=weights,
        conditions=ballots.conditions,
        clips=tuple(ballots.clips),
        factors=factors,
        plan=plan,
        primary=new[0] if new else None,
        secondary=tuple(new[1:]),
        these_clips=tuple(these),
        scores=scores(ballots, weights, plan.draws, plan.seed),
        by_clip=clip_table(ballots, weights),
        friedman=None if ranked is None else ranked[0],
        kendall_w=None if ranked is None else ranked[1],
        skillings_mack=skillings_mack(means, seen) if some_unseen else None,
        permutation=None if incomplete else permutation_over_clips(ballots, weights, permutations, _generator(plan, 1)),
        permutation_by_clip=()
        if incomplete
        else permutation_by_clip(ballots, weights, permutations, _generator(plan, 2)),
        pairwise=pairwise(ballots, weights),
        plackett_luce=None if errors is None else plackett_luce(ballots, reference, errors=errors),
        factorial=() if errors is None else factorial_effects(errors, factors, ballots.conditions),
        irrelevant_alternatives=None if fit is None else irrelevant_alternatives(fit, ballots, high, reference),
        # A separated condition has no finite worth to search for.
        random_effects=random_effects(ballots, reference)
        if plan.random_effects and few_ballots and fit is not None and not fit.penalised
        else None,
        position_bias=position_bias(ballots),
        position_balance=position_balance(ballots),
        fatigue=fatigue(ballots),
        test_retest=retest_reliability(with_repeats),
        agreement=agreement(ballots),
        drop_out=drop_out(ballots),
        sensitivity=_sensitivity(ballots, weights, primary, cells, with_excluded),
        sequential=_sequential(ballots, plan, weights, primary),
    )
    return replace(result, warnings=tuple(cautions(result, jackknife_exact=errors is None or errors.exact)))


def _generator(plan: AnalysisPlan, number: int) -> np.random.Generator:
    """A generator for each test, so that adding a test does not change the others."""
    return np.random.default_rng([plan.seed, number])


def _sensitivity(
    ballots: Ballots,
    weights: tuple[float, float],
    primary: np.ndarray | None,
    cells: Cells,
    with_excluded: Ballots | None,
) -> results.Sensitivity:
    exclusions: tuple[results.LeftOut, ...] = ()
    if with_excluded is not None and with_excluded.n > ballots.n:
        exclusions = (other_ballots("with the excluded ballots", with_excluded, weights, primary),)
    return results.Sensitivity(
        weights=weight_line(ballots, weights, primary),
        clips=leave_one_clip_out(ballots, weights, primary, cells),
        participants=leave_one_participant_out(ballots, weights, primary, cells),
        exclusions=exclusions,
    )


def _sequential(
    ballots: Ballots, plan: AnalysisPlan, weights: tuple[float, float], primary: np.ndarray | None
) -> results.Sequential | None:
    if not plan.sequential or primary is None:
        return None
    differences = participant_differences(ballots, primary, weights, plan.clips_per_participant)
    return e_process(differences[order_of_start(ballots.participants)], plan.alpha)

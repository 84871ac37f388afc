"""The whole analysis: from coded ballots and a plan to one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.statistics import design_results, results
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
from analysis.statistics.contrast_tests import ContrastTester, cells_of, contrast_tests, simple_effects
from analysis.statistics.contrasts import PointsContrast, mean_centred, points_contrasts, simple_contrasts
from analysis.statistics.design_checks import (
    agreement,
    drop_out,
    exposure,
    fatigue,
    position_balance,
    position_bias,
)
from analysis.statistics.errors import DesignError
from analysis.statistics.missing_seconds import missing_seconds
from analysis.statistics.moderators import moderator_effects
from analysis.statistics.multiplicity import holm
from analysis.statistics.permutation import permutation_by_clip, permutation_over_clips
from analysis.statistics.plackett_luce import (
    WorthErrors,
    factorial_effects,
    plackett_luce,
)
from analysis.statistics.plan_and_result import AnalysisPlan, AnalysisResult, MainNumbers
from analysis.statistics.prediction import predict
from analysis.statistics.random_effects import fit_random_effects, random_effects
from analysis.statistics.ranks import friedman, pairwise, skillings_mack
from analysis.statistics.retest import retest_reliability
from analysis.statistics.scores import clip_table, scores
from analysis.statistics.sensitivity import (
    leave_one_clip_out,
    leave_one_participant_out,
    other_ballots,
    weight_line,
    without_known_pieces,
)
from analysis.statistics.sequential import e_process, order_of_start, participant_differences
from analysis.statistics.smallest_difference import check_smallest, compare_with_smallest
from analysis.statistics.worth_fit import fit_worths

MOST_DRAWS = 1_000_000
RANDOM_EFFECTS_UP_TO = 3_000  # ballots; beyond, the fit takes longer than all else together


SECOND_CHOICES = ("required", "optional")
NOT_ASKED = "not asked"


def analyse(
    ballots: Ballots,
    plan: AnalysisPlan | None = None,
    *,
    n_excluded: int = 0,
    with_excluded: Ballots | None = None,
    moderators: Mapping[str, Sequence[str]] | None = None,
    n_known: int | None = None,
    without_known: Ballots | None = None,
) -> AnalysisResult:
    """Compute every statistic that applies to these ballots under this plan.

    `n_excluded`: how many ballots were excluded before. `with_excluded`: the ballots with the excluded ones, for the
    sensitivity. If the plan is sequential, the participants' codes give their order of start (`order_of_start`).
    `moderators`: name → each participant's group (P,), "" if it is not known. `n_known`: how many of the ballots are on
    pieces that people knew, None if they were not asked; `without_known`: the other ballots, None if there are none.
    Raises BallotsError or DesignError; the message says how to correct the input.
    """
    plan = plan or AnalysisPlan()
    tests = _main_tests(ballots, plan)
    tester, primary, primary_weights = tests.tester, tests.primary, tests.primary_weights
    new, these, factors, reference = tests.new, tests.these, tests.factors, tests.reference
    with_repeats, ballots, cells, weights = ballots, tester.ballots, tester.cells, tester.weights
    if ballots.n < with_repeats.n:
        without_known = None if without_known is None else without_known.select(~without_known.is_repeat)
    centred, seen = mean_centred(ballots, weights)
    some_unseen = not bool(seen.all())
    ranked = None if some_unseen else friedman(centred / weights[0])
    fit = fit_worths(ballots)
    errors = None if fit is None else WorthErrors(fit, cells)
    permutations = plan.permutations or plan.draws
    high = next(iter(factors.values()), None)
    incomplete = ballots.shown is not None
    # A separated condition has no finite worth to search for.
    few_ballots = ballots.n <= RANDOM_EFFECTS_UP_TO and fit is not None and not fit.penalised
    tastes = fit_random_effects(ballots) if plan.random_effects and few_ballots else None
    predicts = tastes is not None and tastes.converged and cells.speak_of_new_clips
    position = position_bias(ballots)
    trend = fatigue(ballots)
    alternatives = None if fit is None else irrelevant_alternatives(fit, ballots, high, reference)
    missing = missing_seconds(tester, primary, first_choices_alone=plan.second_choice == "optional")

    result = AnalysisResult(
        n_participants=ballots.p,
        n_clips=ballots.c,
        n_ballots=ballots.n,
        n_none_fits=int((ballots.first < 0).sum()),
        n_without_second=0
        if plan.second_choice == NOT_ASKED
        else int(((ballots.second < 0) & (ballots.first >= 0)).sum()),
        n_excluded=n_excluded,
        n_repeats=int(with_repeats.is_repeat.sum()),
        weights=weights,
        conditions=ballots.conditions,
        clips=tuple(ballots.clips),
        factors=factors,
        plan=plan,
        primary=new[0] if new else None,
        secondary=tuple(test for test in new[1:] if test is not None),
        these_clips=tuple(test for test in these if test is not None),
        simple_effects=simple_effects(tester, simple_contrasts(factors, ballots.conditions)),
        smallest=compare_with_smallest(new[0], plan.smallest, plan.alpha)
        if plan.smallest is not None and new and new[0] is not None
        else None,
        missing_seconds=missing,
        prediction=predict(tastes, _on_utilities(primary), _generator(plan, 3)) if tastes and predicts else None,
        moderators=moderator_effects(tester, primary, primary_weights, moderators) if primary and moderators else (),
        exposure=exposure(ballots),
        effective_clips=cells.design.effective_columns,
        design_checks=_design_checks(position, trend, alternatives, missing),
        scores=scores(ballots, weights, plan.draws, plan.seed),
        by_clip=clip_table(ballots, weights),
        friedman=None if ranked is None else ranked[0],
        kendall_w=None if ranked is None else ranked[1],
        skillings_mack=skillings_mack(centred / weights[0], seen) if some_unseen else None,
        permutation=None if incomplete else permutation_over_clips(ballots, weights, permutations, _generator(plan, 1)),
        permutation_by_clip=()
        if incomplete
        else permutation_by_clip(ballots, weights, permutations, _generator(plan, 2)),
        pairwise=pairwise(tester),
        plackett_luce=None if errors is None else plackett_luce(ballots, reference, errors=errors),
        factorial=() if errors is None else factorial_effects(errors, factors, ballots.conditions),
        irrelevant_alternatives=alternatives,
        random_effects=None if tastes is None else random_effects(tastes, ballots.conditions, reference),
        position_bias=position,
        position_balance=position_balance(ballots),
        fatigue=trend,
        test_retest=retest_reliability(with_repeats),
        agreement=agreement(ballots),
        drop_out=drop_out(ballots, plan.clips_per_participant),
        sensitivity=_sensitivity(
            tester,
            primary,
            primary_weights,
            with_excluded,
            None
            if n_known is None
            else without_known_pieces(n_known, without_known, weights, primary, primary_weights),
        ),
        sequential=_sequential(ballots, plan, weights, primary),
    )
    found = cautions(
        result,
        jackknife_exact=errors is None or errors.exact,
        moderators_wanted=bool(moderators),
    )
    return replace(result, warnings=tuple(found))


def main_numbers(ballots: Ballots, plan: AnalysisPlan) -> MainNumbers:
    """Compute of `analyse` only the primary contrast, the scores and the e-process.

    The numbers are the same; they take a fraction of its time.
    Raises BallotsError or DesignError, as `analyse` does.
    """
    tests = _main_tests(ballots, plan)
    kept, weights = tests.tester.ballots, tests.tester.weights
    return MainNumbers(
        n_participants=kept.p,
        n_clips=kept.c,
        n_ballots=kept.n,
        conditions=kept.conditions,
        primary=tests.new[0] if tests.new else None,
        scores=scores(kept, weights, plan.draws, plan.seed),
        sequential=_sequential(kept, plan, weights, tests.primary),
    )


@dataclass(frozen=True)
class _MainTests:
    """The checked plan, the ballots that it takes, and the tests of the contrasts, as `contrast_tests` returns them."""

    factors: dict[str, tuple[str, ...]]
    reference: str
    tester: ContrastTester
    primary: PointsContrast | None
    primary_weights: tuple[float, float]
    new: list[results.ContrastTest | None]
    these: list[results.ContrastTest | None]


def _main_tests(ballots: Ballots, plan: AnalysisPlan) -> _MainTests:
    """Check ballots and plan, and test the contrasts."""
    check_conditions(ballots.conditions)
    check_ballots(ballots)
    weights = check_weights(plan.weights)
    factors = check_factors(plan.factors, ballots.conditions)
    reference = plan.reference or default_reference(ballots.conditions, factors)
    _check_plan(plan, ballots, reference)
    if plan.repeats == "first" and ballots.is_repeat.any():
        ballots = ballots.select(~ballots.is_repeat)
    contrasts = points_contrasts(factors, ballots.conditions)
    primary = contrasts[0] if contrasts else None
    # Second choices that are missing for a reason would tilt the primary test.
    primary_weights = (weights[0], 0.0) if plan.second_choice == "optional" else weights
    if primary is not None:
        check_smallest(plan.smallest, primary.limits(ballots.answers, primary_weights))
    elif plan.smallest is not None:
        raise DesignError("a smallest difference needs a primary contrast; name the factors.")
    tester = ContrastTester(ballots, cells_of(ballots), weights)
    new, these = contrast_tests(tester, contrasts, primary_weights)
    return _MainTests(factors, reference, tester, primary, primary_weights, new, these)


def _check_plan(plan: AnalysisPlan, ballots: Ballots, reference: str) -> None:
    if reference not in ballots.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(ballots.conditions)}).")
    if plan.seed < 0:
        raise DesignError(f"seed {plan.seed} must not be negative.")
    if not 100 <= plan.draws <= MOST_DRAWS:
        raise DesignError(f"{plan.draws} bootstrap draws: take at least 100 and at most {MOST_DRAWS:,}.")
    if not 0 < plan.alpha < 0.5:
        raise DesignError(f"alpha {plan.alpha:g} must lie between 0 and 0.5.")
    if plan.clips_per_participant is not None and plan.clips_per_participant < 1:
        raise DesignError(f"{plan.clips_per_participant} clips a participant: at least one is needed.")
    if plan.second_choice not in (*SECOND_CHOICES, NOT_ASKED):
        raise DesignError(f"second choices are {' or '.join(SECOND_CHOICES)}, not '{plan.second_choice}'.")


def _on_utilities(primary: PointsContrast | None) -> np.ndarray | None:
    return None if primary is None else primary.coefficients


def _design_checks(
    position: design_results.PositionBias | None,
    trend: design_results.Fatigue | None,
    alternatives: results.IrrelevantAlternatives | None,
    missing: design_results.MissingSeconds | None,
) -> tuple[design_results.DesignCheck, ...]:
    """The checks that have a p value, with Holm's adjustment over them."""
    p_values: dict[str, float | None] = {}
    if position is not None:
        p_values["position"] = position.p
    if trend is not None:
        p_values["fatigue"] = trend.p
    if alternatives is not None:
        p_values["second_choices_share"] = alternatives.p_share
        p_values["second_choices"] = None if alternatives.test is None else alternatives.test.p
    if missing is not None:
        p_values["missing_seconds"] = None if missing.test is None else missing.test.p
    known = {name: p for name, p in p_values.items() if p is not None}
    adjusted = holm(list(known.values()))
    return tuple(
        design_results.DesignCheck(name=name, p=p, p_holm=p_holm)
        for (name, p), p_holm in zip(known.items(), adjusted, strict=True)
    )


def _generator(plan: AnalysisPlan, number: int) -> np.random.Generator:
    """A generator for each test, so that adding a test does not change the others."""
    return np.random.default_rng([plan.seed, number])


def _sensitivity(
    tester: ContrastTester,
    primary: PointsContrast | None,
    primary_weights: tuple[float, float],
    with_excluded: Ballots | None,
    known: results.KnownPieces | None,
) -> results.Sensitivity:
    ballots, weights = tester.ballots, tester.weights
    exclusions: tuple[results.LeftOut, ...] = ()
    if with_excluded is not None and with_excluded.n > ballots.n:
        exclusions = (other_ballots("with the excluded ballots", with_excluded, weights, primary, primary_weights),)
    return results.Sensitivity(
        weights=weight_line(ballots, weights, primary),
        clips=leave_one_clip_out(tester, primary, primary_weights),
        participants=leave_one_participant_out(tester, primary, primary_weights),
        exclusions=exclusions,
        known_pieces=known,
    )


def _sequential(
    ballots: Ballots, plan: AnalysisPlan, weights: tuple[float, float], primary: PointsContrast | None
) -> results.Sequential | None:
    if not plan.sequential or primary is None:
        return None
    differences = participant_differences(ballots, primary, weights, plan.clips_per_participant)
    return e_process(differences[order_of_start(ballots.participants)], plan.alpha)

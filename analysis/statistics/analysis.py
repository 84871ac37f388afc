"""From coded ballots and a plan to one result, and from the result to the public JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.statistics import results as r
from analysis.statistics.alternatives import irrelevant_alternatives
from analysis.statistics.ballots import (
    Ballots,
    check_ballots,
    check_conditions,
    check_factors,
    check_weights,
    default_reference,
)
from analysis.statistics.contrasts import Cells, cells_of, contrast_tests, contrast_weights
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

RANDOM_EFFECTS_UP_TO = 3_000  # ballots; beyond, the fit takes longer than all else together
ADVISED_CLIPS = 12


@dataclass(frozen=True)
class AnalysisPlan:
    """What was fixed before the ballots were seen.

    `factors`: name → conditions at its high level; the first factor is the primary contrast. `reference` and
    `factors` None: the preset's where the conditions are the preset's, otherwise none. `sequential`: only
    where the plan says so; `clips_per_participant`: planned ones, where not all. `repeats`: "all" counts every ballot, "first" only a person's first of each clip.
    """

    weights: tuple[float, float] = (3.0, 1.0)
    factors: Mapping[str, tuple[str, ...]] | None = None
    reference: str | None = None
    alpha: float = 0.05
    draws: int = 10_000
    permutations: int | None = None
    seed: int = 0
    repeats: str = "all"
    sequential: bool = False
    clips_per_participant: int | None = None
    random_effects: bool = True


@dataclass(frozen=True)
class AnalysisResult:
    """Everything one analysis says. Blocks that do not apply are None (tuples: empty)."""

    n_participants: int
    n_clips: int
    n_ballots: int
    n_none_fits: int
    n_without_second: int
    n_excluded: int
    n_repeats: int
    weights: tuple[float, float]
    conditions: tuple[str, ...]
    clips: tuple[str, ...]
    factors: Mapping[str, tuple[str, ...]]
    plan: AnalysisPlan
    primary: r.ContrastTest | None
    secondary: tuple[r.ContrastTest, ...]
    these_clips: tuple[r.ContrastTest, ...]  # the same contrasts, for these clips
    scores: r.Scores
    by_clip: r.ClipTable
    friedman: r.TestResult | None
    kendall_w: float | None
    skillings_mack: r.TestResult | None
    permutation: r.Permutation | None
    permutation_by_clip: tuple[r.Permutation | None, ...]
    pairwise: tuple[r.PairComparison, ...]
    plackett_luce: r.PlackettLuce | None
    factorial: tuple[r.FactorEffect, ...]
    irrelevant_alternatives: r.IrrelevantAlternatives | None
    random_effects: r.RandomEffects | None
    position_bias: r.PositionBias | None
    position_balance: r.PositionBalance | None
    fatigue: r.Fatigue | None
    test_retest: r.TestRetest | None
    agreement: r.Agreement | None
    drop_out: r.DropOut
    sensitivity: r.Sensitivity | None
    sequential: r.Sequential | None
    warnings: tuple[r.Caution, ...] = field(default=())


def analyse(
    ballots: Ballots,
    plan: AnalysisPlan | None = None,
    *,
    n_excluded: int = 0,
    with_excluded: Ballots | None = None,
) -> AnalysisResult:
    """Every statistic that applies to these ballots under this plan.

    `with_excluded`: the same ballots with the excluded ones kept, for the sensitivity. Where the plan is
    sequential, the participants' codes tell their order of start (`order_of_start`). Raises BallotsError or
    DesignError with a message that says how to mend.
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
    if plan.draws < 100:
        raise DesignError(f"{plan.draws} bootstrap draws are too few; take at least 100.")
    n_repeats = int(ballots.is_repeat.sum())
    everything = ballots
    if plan.repeats == "first" and n_repeats:
        ballots = ballots.select(~ballots.is_repeat)

    contrasts = contrast_weights(factors, ballots.conditions)
    main = contrasts[0][1] if contrasts else None
    cells = cells_of(ballots)
    new, these = contrast_tests(ballots, cells, weights, contrasts)
    means, seen = mean_shown(ballots, weights)
    partial = not bool(seen.all())
    ranked = None if partial else friedman(means)
    fit = fit_worths(ballots)
    errors = None if fit is None else WorthErrors(fit, cells)
    permutations = plan.permutations or plan.draws
    small = ballots.n <= RANDOM_EFFECTS_UP_TO
    high = next(iter(factors.values()), None)
    incomplete = ballots.shown is not None

    partly = AnalysisResult(
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
        skillings_mack=skillings_mack(means, seen) if partial else None,
        permutation=None if incomplete else permutation_over_clips(ballots, weights, permutations, _generator(plan, 1)),
        permutation_by_clip=()
        if incomplete
        else permutation_by_clip(ballots, weights, permutations, _generator(plan, 2)),
        pairwise=pairwise(ballots, weights),
        plackett_luce=None if errors is None else plackett_luce(ballots, reference, errors=errors),
        factorial=() if errors is None else factorial_effects(errors, factors, ballots.conditions),
        irrelevant_alternatives=None if fit is None else irrelevant_alternatives(fit, ballots, high, reference),
        # Without a finite worth there is no best point to search for.
        random_effects=random_effects(ballots, reference)
        if plan.random_effects and small and fit is not None and not fit.penalised
        else None,
        position_bias=position_bias(ballots),
        position_balance=position_balance(ballots),
        fatigue=fatigue(ballots),
        test_retest=retest_reliability(everything),
        agreement=agreement(ballots),
        drop_out=drop_out(ballots),
        sensitivity=_sensitivity(ballots, weights, main, cells, with_excluded),
        sequential=_sequential(ballots, plan, weights, main),
    )
    return _with_warnings(partly, errors)


def _generator(plan: AnalysisPlan, number: int) -> np.random.Generator:
    """One generator per test, so that adding a test changes no other."""
    return np.random.default_rng([plan.seed, number])


def _sensitivity(
    ballots: Ballots,
    weights: tuple[float, float],
    main: np.ndarray | None,
    cells: Cells,
    with_excluded: Ballots | None,
) -> r.Sensitivity:
    kept = None
    if with_excluded is not None and with_excluded.n > ballots.n:
        kept = other_ballots("with the excluded ballots", with_excluded, weights, main)
    return r.Sensitivity(
        weight_line(ballots, weights, main),
        leave_one_clip_out(ballots, weights, main, cells),
        leave_one_participant_out(ballots, weights, main, cells),
        () if kept is None else (kept,),
    )


def _sequential(
    ballots: Ballots, plan: AnalysisPlan, weights: tuple[float, float], main: np.ndarray | None
) -> r.Sequential | None:
    if not plan.sequential or main is None:
        return None
    differences = participant_differences(ballots, main, weights, plan.clips_per_participant)
    return e_process(differences[order_of_start(ballots.participants)], plan.alpha)


def _with_warnings(result: AnalysisResult, errors: WorthErrors | None) -> AnalysisResult:
    return replace(result, warnings=tuple(_cautions(result, errors)))


def _cautions(result: AnalysisResult, errors: WorthErrors | None) -> Iterator[r.Caution]:
    """What the reader must know about these ballots, most weighty first."""
    if result.n_participants == 1:
        yield r.Caution(
            "one_participant",
            "There is one participant: no interval or test can speak for other people. Ask more people.",
        )
    if result.n_clips == 1:
        yield r.Caution(
            "one_clip",
            f"There is one clip: nothing can be said about new clips. Add clips, at least {ADVISED_CLIPS} are advised.",
        )
    elif result.n_clips < ADVISED_CLIPS:
        yield r.Caution(
            "few_clips",
            f"There are {result.n_clips} clips; at least {ADVISED_CLIPS} are advised before speaking of new "
            f"clips. A sign-flip test over {result.n_clips} clips cannot go below p = 2/{2**result.n_clips}.",
        )
    if result.factors and result.primary is None and min(result.n_participants, result.n_clips) > 1:
        yield r.Caution("no_primary", "The primary test needs participants who answered several common clips.")
    if result.primary is not None and result.primary.p is None:
        yield r.Caution(
            "no_spread",
            "Every ballot shows the same difference: there is no spread to test against, so no p value is given.",
        )
    if result.friedman is None and result.skillings_mack is None and result.n_participants > 1:
        yield r.Caution(
            "all_ties", "All conditions tie for every participant: rank and permutation tests do not apply."
        )
    yield from _worth_cautions(result, errors)
    if result.n_none_fits:
        yield r.Caution(
            "none_fits",
            f"On {result.n_none_fits} of {result.n_ballots} ballots none of the images fitted; they count as "
            "ballots that give no points.",
        )
    if result.n_without_second:
        yield r.Caution(
            "no_second",
            f"{result.n_without_second} of {result.n_ballots} ballots have no second choice.",
        )
    if result.n_repeats and result.plan.repeats == "all":
        yield r.Caution(
            "repeats",
            f"{result.n_repeats} ballots repeat a clip for the same person; they count in points and worths, and "
            "in the tests for new clips they are averaged with the trial they repeat.",
        )
    if result.n_excluded:
        yield r.Caution("excluded", f"{result.n_excluded} ballots are excluded from everything here.")
    if result.drop_out.missing_ballots:
        yield r.Caution(
            "missing",
            f"{result.drop_out.missing_ballots} of {result.n_participants * result.n_clips} ballots are missing; "
            "the test for new clips allows for that, if they are missing for reasons other than the images.",
        )
    if result.plan.sequential and result.sequential is not None and result.sequential.stopped_at:
        yield r.Caution(
            "stopped_early",
            f"The plan's e-process stopped at participant {result.sequential.stopped_at}: ordinary p values are "
            "not valid after an early stop.",
        )


def _worth_cautions(result: AnalysisResult, errors: WorthErrors | None) -> Iterator[r.Caution]:
    fit = result.plackett_luce
    if fit is None:
        yield r.Caution(
            "no_worths",
            "The choices do not compare all conditions with each other, so Plackett–Luce worths do not exist.",
        )
        return
    if fit.penalised:
        names = ", ".join(fit.separated)
        yield r.Caution(
            "separated",
            f"Nobody, or everybody, preferred {names} to the rest: its worth has no finite estimate. The worths "
            "shown are penalised (Firth, Jeffreys) with profile intervals and no robust errors.",
        )
        for bound in fit.bounds:
            yield r.Caution("bound", bound.text)
    if not fit.converged:
        yield r.Caution("not_converged", "The Plackett–Luce fit did not converge; do not use its worths.")
    if errors is not None and not errors.exact:
        yield r.Caution(
            "jackknife_step",
            "Without one participant the worths would be separated; for that participant the jackknife uses one "
            "Newton step.",
        )


def to_json(result: AnalysisResult) -> dict[str, Any]:
    """The public JSON as plain Python values; see docs/statistics.md for its keys."""
    from analysis.tables.result_json import as_json

    return as_json(result)

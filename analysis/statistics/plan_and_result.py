"""What an analysis is given beside the ballots (the plan) and what it returns (the result)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.statistics import design_results, results


@dataclass(frozen=True)
class AnalysisPlan:
    """What was fixed before the ballots were seen.

    Attributes:
        weights: points of a first and a second choice.
        factors: name → conditions at its high level; the first factor is the primary contrast. None: the preset's
            factors if the conditions are the preset's, otherwise no factors.
        reference: the condition with log worth 0. None: see `default_reference`.
        alpha: level of the e-process.
        draws: bootstrap samples.
        permutations: draws of a permutation test; None: as many as `draws`.
        repeats: "all" counts every ballot, "first" only a participant's first ballot on each clip.
        sequential: whether the plan lets the study stop early.
        clips_per_participant: planned clips of each participant; None: not known (the e-process then takes all
            clips, the drop-out as many as the most answered by one person).
        second_choice: "required", or "optional": then the primary test uses first choices alone, since seconds are
            missing for a reason; or "not asked": then none is missing.
        smallest: the smallest difference worth having, in the units of the primary contrast (points per ballot).
        random_effects: whether to fit the random-effects model.
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
    second_choice: str = "required"
    smallest: float | None = None


@dataclass(frozen=True)
class AnalysisResult:
    """All statistics of one analysis. Blocks that do not apply are None (tuples: empty)."""

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
    primary: results.ContrastTest | None
    secondary: tuple[results.ContrastTest, ...]
    these_clips: tuple[results.ContrastTest, ...]  # the same contrasts for these clips
    simple_effects: tuple[results.SimpleEffect, ...]
    smallest: results.Smallest | None
    missing_seconds: design_results.MissingSeconds | None
    prediction: results.Prediction | None
    moderators: tuple[design_results.Moderator, ...]
    exposure: design_results.Exposure | None
    effective_clips: float
    design_checks: tuple[design_results.DesignCheck, ...]
    scores: results.Scores
    by_clip: results.ClipTable
    friedman: results.TestResult | None
    kendall_w: float | None
    skillings_mack: results.TestResult | None
    permutation: results.Permutation | None
    permutation_by_clip: tuple[results.Permutation | None, ...]
    pairwise: tuple[results.PairComparison, ...]
    plackett_luce: results.PlackettLuce | None
    factorial: tuple[results.FactorEffect, ...]
    irrelevant_alternatives: results.IrrelevantAlternatives | None
    random_effects: results.RandomEffects | None
    position_bias: design_results.PositionBias | None
    position_balance: design_results.PositionBalance | None
    fatigue: design_results.Fatigue | None
    test_retest: design_results.TestRetest | None
    agreement: design_results.Agreement | None
    drop_out: design_results.DropOut
    sensitivity: results.Sensitivity | None
    sequential: results.Sequential | None
    warnings: tuple[results.Caution, ...] = field(default=())


@dataclass(frozen=True)
class MainNumbers:
    """The part of an `AnalysisResult` that is shown of people who are analysed apart."""

    n_participants: int
    n_clips: int
    n_ballots: int
    conditions: tuple[str, ...]
    primary: results.ContrastTest | None
    scores: results.Scores
    sequential: results.Sequential | None

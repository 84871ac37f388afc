"""The result of one question of an instrument: what applies to its kind, the rest is None or empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.statistics.design_results import Moderator, TestRetest
from analysis.statistics.pair_results import PairRetest, SideBias, TieParameter, Transitivity, WinMatrix
from analysis.statistics.results import (
    Caution,
    ContrastTest,
    FactorEffect,
    PairComparison,
    PlackettLuce,
    SimpleEffect,
    Smallest,
    TestResult,
)
from analysis.statistics.value_results import (
    CannotSay,
    Categories,
    Distribution,
    Plane,
    RatingAgreement,
    RatingRetest,
    ScaleUse,
    TextCounts,
    TrialNumbers,
    ValuesByClip,
    ValuesByPosition,
    ValueScores,
)


@dataclass(frozen=True, kw_only=True)
class QuestionResult:
    """All statistics of one question.

    `kind`: as the instrument names it, "rate" or "pick" say. `primary` to `smallest` are contrasts of the numbers given
    to images, in the units of the scale. `p_holm` of `primary` is over the primary contrasts of all questions; None if
    there is one question, or if the plan names this one.

    `points`: of the ranks. `worths` and `factorial`: of pairs by Bradley and Terry, of ranks by Plackett and Luce.
    `ties`, `wins`, `transitivity`: of pairs. `friedman` and `kendall_w` on people's mean points; `skillings_mack`
    instead, if some people did not see all conditions.

    `test_retest`: of hidden repeats, also if the plan counts first trials alone.

    `plane`: of this scale and another. `categories`, `numbers`, `texts`: described only.
    """

    name: str
    kind: str
    n_participants: int
    n_trials: int
    n_clips: int = 0
    n_repeats: int = 0
    effective_clips: float = 0.0
    conditions: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lowest: float | None = None
    highest: float | None = None
    steps: int | None = None
    primary: ContrastTest | None = None
    secondary: tuple[ContrastTest, ...] = ()
    these_clips: tuple[ContrastTest, ...] = ()
    simple_effects: tuple[SimpleEffect, ...] = ()
    smallest: Smallest | None = None
    scores: ValueScores | None = None
    by_clip: ValuesByClip | None = None
    pairwise: tuple[PairComparison, ...] = ()
    moderators: tuple[Moderator, ...] = ()
    cannot_say: CannotSay | None = None
    distribution: Distribution | None = None
    agreement: RatingAgreement | None = None
    scale_use: ScaleUse | None = None
    test_retest: RatingRetest | PairRetest | TestRetest | None = None
    position_bias: ValuesByPosition | SideBias | None = None
    points: tuple[float, ...] | None = None
    worths: PlackettLuce | None = None
    factorial: tuple[FactorEffect, ...] = ()
    ties: TieParameter | None = None
    wins: WinMatrix | None = None
    transitivity: Transitivity | None = None
    friedman: TestResult | None = None
    kendall_w: float | None = None
    skillings_mack: TestResult | None = None
    plane: Plane | None = None
    categories: Categories | None = None
    numbers: TrialNumbers | None = None
    texts: TextCounts | None = None
    warnings: tuple[Caution, ...] = ()

"""The results of all statistics, as frozen dataclasses built by keyword.

A tuple with a value per condition is in the order of the study's conditions, one with a value per clip in the order
of its clips. A number that does not exist is None, never NaN or infinity. `population` names the question that an
interval or a p value answers: `THESE_CLIPS` (would other people say the same of these images?) or `NEW_CLIPS` (would
it hold for music that is not in the study?).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

THESE_CLIPS = "these clips"
NEW_CLIPS = "new clips"

Interval = tuple[float, float]
Floats = tuple[float, ...]


@dataclass(frozen=True)
class Caution:
    """A warning for the reader: `code` is stable, `text` is an English sentence."""

    code: str
    text: str


@dataclass(frozen=True)
class TestResult:
    """A test; `df` is None if the reference distribution has none."""

    __test__ = False  # pytest must not collect it

    statistic: float
    df: float | None
    p: float
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class ContrastTest:
    """A difference of points per ballot. `t` and `p` are None without spread.

    `limits`: the least and the most that a ballot can show. `left_out`: ballots that showed no image of one side.
    """

    contrast: str
    estimate: float
    se: float
    df: float
    t: float | None
    p: float | None
    ci95: Interval
    population: str
    p_holm: float | None = None
    limits: Interval | None = None
    left_out: int = 0
    var_participants: float | None = None
    var_clips: float | None = None
    var_residual: float | None = None


@dataclass(frozen=True, kw_only=True)
class SimpleEffect:
    """A factor within one level of another, for new clips."""

    factor: str
    within: str
    test: ContrastTest


@dataclass(frozen=True, kw_only=True)
class Smallest:
    """The primary contrast against the smallest difference worth having, `value`, for new clips.

    `verdict`: "at least that large" (the 1 − α interval lies beyond it), "excluded" (the 1 − 2α interval lies within
    ± value) or "undecided". `interval` is the 1 − 2α interval.
    """

    value: float
    verdict: str
    interval: Interval
    population: str = NEW_CLIPS


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval; None if one person gave all of it."""

    estimate: float
    ci95: Interval | None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the random-effects model predicts for a new person and a new clip.

    `first`: the chance that each condition is chosen first. `share_of_clips`: the share of new clips in which the high
    side of the primary contrast is liked better on average; None without factors. Intervals from `draws` parametric
    draws of the fitted parameters.
    """

    first: tuple[Estimate, ...]
    share_of_clips: Estimate | None
    sd_participants: Estimate
    sd_clips: Estimate
    draws: int
    population: str = NEW_CLIPS


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Weighted scores per condition; `ci95` of `mean_points` is for these clips.

    `mean_points`: mean over participants of a participant's mean points per showing of the condition.
    """

    points: Floats
    mean_points: Floats
    se: Floats
    ci95: tuple[Interval, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    interval_method: tuple[str, ...]  # "studentized bootstrap" or "t", per condition
    draws: int
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class ClipTable:
    """Points, choices and showings of each clip, shape (clips, conditions), and its number of ballots (clips,)."""

    points: np.ndarray
    first: np.ndarray
    second: np.ndarray
    shown: np.ndarray
    ballots: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Superiority:
    """Probability that a ballot puts `a` above `b`; a tie (neither is chosen) counts one half."""

    estimate: float
    ci95: Interval
    ci95_simultaneous: Interval
    above: int
    below: int
    tied: int
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class Wilcoxon:
    """R's V on participants' differences; `n` is the number of differences that are not zero."""

    statistic: float
    p: float
    n: int
    exact: bool
    p_holm: float | None = None


@dataclass(frozen=True, kw_only=True)
class PairComparison:
    """`difference` is mean points of `a` − mean points of `b`, on ballots that showed both.

    `new_clips`: the same difference per ballot for new clips; None with too few clips.
    """

    a: str
    b: str
    difference: float
    ci95: Interval
    ci95_simultaneous: Interval
    wilcoxon: Wilcoxon
    superiority: Superiority
    new_clips: ContrastTest | None = None
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class Permutation:
    """A permutation test; `null` is the null hypothesis in words."""

    statistic: float
    p: float
    draws: int
    null: str
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class QuasiVariances:
    """Firth and de Menezes (2004). `largest_relative_error` is over all simple contrasts' standard errors."""

    values: Floats
    largest_relative_error: float


@dataclass(frozen=True, kw_only=True)
class PeopleBound:
    """One-sided 95 % bound in people for a condition that nobody, or everybody, chose."""

    condition: str
    ever_chosen: int
    participants: int
    upper_share: float
    text: str


@dataclass(frozen=True, kw_only=True)
class PlackettLuce:
    """Worths from top-2 partial rankings.

    `log_worth` is 0 at `reference`; `worth` sums to 1. `se` from the inverse information, `se_robust` the
    participant-clustered sandwich, `se_jackknife` from deleting one participant at a time. `ci95` is for
    these clips, `ci95_new_clips` for new ones. The entries of the reference are 0 and (0, 0). If the graph of wins
    is not strongly connected, the fit is Jeffreys-penalised (`penalised`), `ci95` is the profile-penalised interval,
    robust and jackknife errors are None, and `separated` names the conditions.
    """

    reference: str
    log_worth: Floats
    se: Floats
    se_robust: Floats | None
    se_jackknife: Floats | None
    ci95: tuple[Interval, ...] | None
    se_new_clips: Floats | None
    ci95_new_clips: tuple[Interval, ...] | None
    worth: Floats
    loglik: float
    converged: bool
    iterations: int
    penalised: bool
    separated: tuple[str, ...]
    bounds: tuple[PeopleBound, ...]
    quasi_variances: QuasiVariances | None
    covariance: np.ndarray
    n_choices: int
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class FactorEffect:
    """An effect on the log-worth scale, a population value of the fitted model (see docs/statistics.md)."""

    name: str
    estimate: float
    se_robust: float | None
    ci95: Interval | None
    p: float | None
    ci95_new_clips: Interval | None
    p_new_clips: float | None
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class IrrelevantAlternatives:
    """Do second choices follow from the same worths as first choices?

    `observed_share` and `expected_share`: second choices from the same side of the first factor as the first choice
    (None without factors). `test`: first-choice-only fit against the full one, Hausman's form with clustered
    errors. `first_only_log_worth` is None if the first choices alone are separated.
    """

    observed_share: float | None = None
    expected_share: float | None = None
    difference_se: float | None = None
    p_share: float | None = None
    first_only_log_worth: Floats | None = None
    test: TestResult | None = None


@dataclass(frozen=True, kw_only=True)
class RandomEffects:
    """Plackett–Luce with random participant × condition and clip × condition effects (Laplace)."""

    log_worth: Floats
    se: Floats
    sd_participants: float
    sd_clips: float
    loglik: float
    converged: bool
    reference: str


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """The ratio w2/w1 at which the order of `a` and `b` changes; `above` has more points at smaller ratios."""

    ratio: float
    a: str
    b: str
    above: str


@dataclass(frozen=True, kw_only=True)
class WeightLine:
    """Mean points in units of w1 are `first + ratio * second`, exactly, for a ratio w2/w1 in [0, 1]."""

    ratio: float
    first: Floats
    second: Floats
    crossings: tuple[Crossing, ...]
    contrast_first: float | None = None
    contrast_second: float | None = None
    contrast_crossing: float | None = None


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """The primary contrast (for new clips) without one clip or participant, or from other ballots."""

    name: str
    estimate: float | None = None
    p: float | None = None
    ci95: Interval | None = None
    order: tuple[str, ...]  # conditions by mean points, best first


@dataclass(frozen=True, kw_only=True)
class LeftOutEach:
    """Each of `units` clips or participants left out in turn.

    `same_best`: in how many of them the condition with the most points stays the same. `answers`: all of them if they
    are few, otherwise those with the lowest and the highest estimate.
    """

    units: int
    same_best: int
    answers: tuple[LeftOut, ...]


@dataclass(frozen=True, kw_only=True)
class KnownPieces(LeftOut):
    """The answer without the ballots on pieces that people knew; `ballots`: how many these are.

    Without an estimate if no ballot is left or none is left out.
    """

    ballots: int


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """`clips` and `participants` are None if there are too few to leave one out.

    `known_pieces` is None if nobody was asked.
    """

    weights: WeightLine
    clips: LeftOutEach | None
    participants: LeftOutEach | None
    exclusions: tuple[LeftOut, ...]
    known_pieces: KnownPieces | None = None


@dataclass(frozen=True, kw_only=True)
class Sequential:
    """E-process over participants in order of start. While the study is sealed, only `decision` may be shown."""

    decision: str  # "stop" or "go on"
    n: int
    stopped_at: int | None
    e_values: Floats
    threshold: float
    confidence_sequence: Interval
    population: str = THESE_CLIPS

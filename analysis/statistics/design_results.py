"""The results of checks of the design and of the people, as `results` has those about the conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.results import THESE_CLIPS, ContrastTest, Floats, Interval


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """On how many ballots each condition was shown; `unequal` if the most and the least differ by over 5 %."""

    shown: tuple[int, ...]
    unequal: bool


@dataclass(frozen=True, kw_only=True)
class PositionBalance:
    """How often each condition was shown at each position, shape (conditions, positions)."""

    counts: np.ndarray
    largest_imbalance: float


@dataclass(frozen=True, kw_only=True)
class PositionBias:
    """First choices by position against the positions offered, by people: Hotelling's T² as F."""

    statistic: float
    df: int
    df_error: int
    p: float
    observed: tuple[int, ...]
    expected: Floats


@dataclass(frozen=True, kw_only=True)
class HotellingTest:
    """Hotelling's T² as F with `df` and `df_error`."""

    statistic: float
    df: int
    df_error: int
    p: float
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class DesignCheck:
    """A check of the design; `p_holm` is adjusted over all checks, and decides whether to ask for care."""

    name: str
    p: float
    p_holm: float


@dataclass(frozen=True, kw_only=True)
class Fatigue:
    """Change over the trials: slopes per trial within participants, by t over participants."""

    trials: tuple[int, ...]
    ballots: tuple[int, ...]
    consensus: Floats  # mean over ballots of the overall share of the condition put first
    slope: float
    se: float
    df: float
    p: float | None


@dataclass(frozen=True, kw_only=True)
class TestRetest:
    """Repeated trials of one clip by one person."""

    __test__ = False

    pairs: int
    participants: int
    same_first: float
    ci95: Interval | None
    same_both: float
    kappa: float | None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement between people: nominal Krippendorff's α with clips as units, and Kendall's W per clip.

    `kendall_w_chance`: what `kendall_w_mean` is on average if people agree no more than by chance.
    """

    alpha_first: float | None
    alpha_second: float | None
    kendall_w_by_clip: tuple[float | None, ...]
    kendall_w_mean: float | None
    kendall_w_chance: float | None


@dataclass(frozen=True, kw_only=True)
class DropOut:
    """`reached[t]` participants cast at least t + 1 ballots.

    `due`: first answers that were due by the participants' plans, `given` of which were given; `complete` participants
    gave all of theirs. `assumed`: the plans are not known, and everybody was due as many as the most answered by one.
    """

    ballots: tuple[int, ...]
    reached: tuple[int, ...]
    complete: int
    due: int
    given: int
    assumed: bool

    @property
    def missing_ballots(self) -> int:
        return self.due - self.given


@dataclass(frozen=True, kw_only=True)
class MatchControl:
    """Share of trials in which this clip's own images were chosen, against one half."""

    trials: int
    participants: int
    share: float
    ci95: Interval | None
    p: float | None
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class MissingSeconds:
    """Ballots with a first but no second choice, by the condition of the first choice.

    `test`: whether people leave out the second more often after some conditions than after others. `bounds`: the
    primary contrast, weighted, with every missing second given to the low side, then to the high side. `weighted`: the
    primary contrast with seconds, if the plan's primary test uses first choices alone.
    """

    missing: int
    firsts: tuple[int, ...]
    missing_after: tuple[int, ...]
    test: HotellingTest | None
    bounds: tuple[ContrastTest, ContrastTest] | None
    weighted: ContrastTest | None


@dataclass(frozen=True, kw_only=True)
class ModeratorGroup:
    """The primary contrast within one group of people.

    `participants` is None if it may not be told (`disclosure`), `ci95` if the group has no spread.
    """

    group: str
    participants: int | None
    estimate: float
    ci95: Interval | None


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """The primary contrast by groups of people, and Welch's test that it is the same in all groups.

    `too_small`: people in groups of fewer than five, None if that may not be told (`disclosure`); `unknown`: people
    without an answer. Both are left out.
    """

    name: str
    groups: tuple[ModeratorGroup, ...]
    statistic: float | None
    df: float | None
    df_error: float | None
    p: float | None
    too_small: int | None
    unknown: int
    population: str = THESE_CLIPS

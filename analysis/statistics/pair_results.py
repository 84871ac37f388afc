"""Results of pairs of images, as frozen dataclasses built by keyword (see `results.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.results import THESE_CLIPS, FactorEffect, Interval, PlackettLuce


@dataclass(frozen=True, kw_only=True)
class TieParameter:
    """Davidson's ν: two equally good images tie with the chance ν / (2 + ν). Errors are of `log_nu`."""

    nu: float
    log_nu: float
    se: float
    ci95: Interval | None  # of ν, these clips
    ci95_new_clips: Interval | None


@dataclass(frozen=True, kw_only=True)
class BradleyTerry:
    """Worths from pairs: `worths` as of Plackett–Luce with two images a choice; `ties` is None if there were none."""

    worths: PlackettLuce
    ties: TieParameter | None
    factorial: tuple[FactorEffect, ...]


@dataclass(frozen=True, kw_only=True)
class WinMatrix:
    """`wins[i, j]`: comparisons that i won against j; `ties[i, j]`: that were ties. Both (K, K).

    `never_compared`: pairs of conditions that stood in no comparison. `groups`: conditions that comparisons link,
    directly or by way of others; without one group of all there are no worths.
    """

    wins: np.ndarray
    ties: np.ndarray
    never_compared: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Transitivity:
    """Triads of images that a person compared in all three pairs on a clip, and how many of them are circular.

    `circular` of `triads` without a tie contradict themselves (a above b, b above c, c above a); `with_tie` others hold
    a tie and say neither. `share` is the mean of people's shares, `chance` that of people who answer at random, `p` the
    t test over people of the difference.
    """

    triads: int
    circular: int
    with_tie: int
    share: float
    ci95: Interval
    p: float | None
    participants: int
    chance: float = 0.25
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class PairRetest:
    """Pairs that came twice to one person: shares of the same answer, `both_ties` of it, and of other answers.

    `one_tie`: a tie one of the two times; `other_image`: the other image the second time. With `same` they add up to 1.
    """

    pairs: int
    participants: int
    same: float
    ci95: Interval | None  # of `same`
    both_ties: float
    one_tie: float
    other_image: float
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class SideBias:
    """How often the left image was chosen more than the right one, as a share of the comparisons, −1 to 1.

    The effects of the images are taken out, so that a condition that stood left more often is no bias.
    """

    left: int
    right: int
    ties: int
    estimate: float
    se: float
    df: float
    t: float | None
    p: float | None
    ci95: Interval
    population: str = THESE_CLIPS

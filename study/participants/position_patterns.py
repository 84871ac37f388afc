"""How unlikely a person's positions are by chance: straight lines, also with deviations, and cycles such as ABAB.

Positions of the conditions are drawn anew for each trial, so somebody who judges the images chooses positions as if by
lot, whatever they like. Only main trials count: an attention trial names the positions to choose.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

# A flag needs a pattern that chance gives to at most one person in 64: four 1sts at one of four positions.
RARE = 64
MOST_ODDS = 1_000_000


@dataclass(frozen=True)
class Pattern:
    """The least likely pattern: `matches` of `of` choices follow it, by chance at most once in `odds` people.

    Attributes:
        period: after how many trials the positions repeat; 1 is a straight line.
        both: whether the 1st and the 2nd choice follow it, or the 1st alone.
    """

    odds: int
    period: int
    matches: int
    of: int
    both: bool


def tail(successes: int, trials: int, chance: float) -> float:
    """P(X ≥ successes) of a binomial variable."""
    return sum(comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(max(successes, 0), trials + 1))


def least_likely_pattern(choices: Sequence[tuple[int, int | None]], images: int) -> Pattern | None:
    """The least likely of all patterns of these choices; None for fewer than two.

    Args:
        choices: the positions of 1st and 2nd choice by trial, in the order of the trials; None for no 2nd.
        images: how many images each trial shows.

    A straight line is judged by the most frequent symbol, among S equally likely ones P ≤ S · P(Bin(n, 1/S) ≥ m); a
    cycle of period d, of at least two rounds, by how many choices are as those d trials before, Bin(n − d, 1/S), times
    the number of periods (Bonferroni). A symbol is the position of the 1st choice, or the positions of both.
    """
    n = len(choices)
    if n < 2 or images < 2:
        return None
    found: list[tuple[float, int, int, int, bool]] = []
    series: list[tuple[list[object], int]] = [([first for first, _second in choices], images)]
    if images > 2 and all(second is not None for _first, second in choices):
        series.append((list(choices), images * (images - 1)))
    for symbols, kinds in series:
        both = len(found) > 0
        most = Counter(symbols).most_common(1)[0][1]
        found.append((min(1.0, kinds * tail(most, n, 1 / kinds)), 1, most, n, both))
        periods = range(2, min(images, n // 2) + 1)
        for period in periods:
            same = sum(symbols[place] == symbols[place - period] for place in range(period, n))
            chance = min(1.0, len(periods) * tail(same, n - period, 1 / kinds))
            found.append((chance, period, same, n - period, both))
    chance, period, matches, of, both = min(found)
    return Pattern(min(MOST_ODDS, int(1 / chance + 1e-9)), period, matches, of, both)

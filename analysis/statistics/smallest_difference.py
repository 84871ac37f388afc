"""The smallest difference worth having: is the contrast at least that large, or is any such difference excluded?"""

from __future__ import annotations

import math

from analysis.statistics.distributions import t_quantile
from analysis.statistics.errors import DesignError
from analysis.statistics.results import ContrastTest, Smallest


def check_smallest(value: float | None, limits: tuple[float, float]) -> None:
    """Raise DesignError unless `value` is None or within what a ballot can show."""
    if value is None:
        return
    largest = max(abs(limit) for limit in limits)
    if not (math.isfinite(value) and 0 < value <= largest):
        raise DesignError(
            f"the smallest difference worth having, {value:g}, must be above 0 and at most {largest:g} points, "
            "the most that an answer can show."
        )


def compare_with_smallest(test: ContrastTest, value: float, alpha: float) -> Smallest:
    """Compare the contrast with ± `value`.

    "excluded": the 1 − 2α interval lies within ± value (two one-sided tests, Schuirmann 1987). "at least that large":
    the 1 − α interval lies wholly beyond it. Otherwise, and without any spread to test against, "undecided".
    """
    wide, narrow = (t_quantile(1 - tail, test.df) * test.se for tail in (alpha / 2, alpha))
    verdict = "undecided"
    if test.se == 0:
        verdict = "undecided"
    elif abs(test.estimate) - wide >= value:
        verdict = "at least that large"
    elif abs(test.estimate) + narrow <= value:
        verdict = "excluded"
    return Smallest(
        value=value,
        verdict=verdict,
        interval=(test.estimate - narrow, test.estimate + narrow),
        population=test.population,
    )

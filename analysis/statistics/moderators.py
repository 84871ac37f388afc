"""Moderators: is the primary contrast the same in groups of people that the plan names?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.statistics.contrast_tests import Tester, these_clips_test
from analysis.statistics.contrasts import PointsContrast
from analysis.statistics.design_results import Moderator, ModeratorGroup
from analysis.statistics.disclosure import SMALLEST_GROUP, hidden_groups
from analysis.statistics.distributions import f_tail
from analysis.statistics.errors import DesignError


def moderator_effects(
    tester: Tester,
    contrast: PointsContrast,
    weights: tuple[float, float] | None,
    moderators: Mapping[str, Sequence[str]],
) -> tuple[Moderator, ...]:
    """The contrast within groups of people, and Welch's test of the difference between groups, for these clips.

    `moderators`: name → each participant's group (P,), "" if it is not known. People without a ballot that enters the
    contrast and groups of fewer than five are left out; the number of people is not told of those groups whose number
    would give away the size of such a group (`hidden_groups`).
    """
    means, present, _ = tester.person_means(contrast, weights)
    return tuple(_effect(name, groups, means, present) for name, groups in moderators.items())


def _effect(name: str, groups: Sequence[str], means: np.ndarray, present: np.ndarray) -> Moderator:
    if len(groups) != len(means):
        raise DesignError(f"moderator '{name}' has {len(groups)} values for {len(means)} participants; give each one.")
    labels = np.array([str(group).strip() for group in groups], dtype=object)
    sizes = Counter(labels[present])
    unknown = sizes.pop("", 0)
    hidden = hidden_groups(sizes)
    kept = sorted(label for label, size in sizes.items() if size >= SMALLEST_GROUP)
    left = sum(size for size in sizes.values() if size < SMALLEST_GROUP)
    values = [means[present & (labels == label)] for label in kept]
    statistic, df, df_error, p = welch(values)
    return Moderator(
        name=name,
        groups=tuple(
            _group(label, column, name, told=label not in hidden) for label, column in zip(kept, values, strict=True)
        ),
        statistic=statistic,
        df=df,
        df_error=df_error,
        p=p,
        too_small=None if hidden & set(kept) else left,
        unknown=unknown,
    )


def _group(label: str, values: np.ndarray, name: str, *, told: bool) -> ModeratorGroup:
    test = these_clips_test(values, name)
    return ModeratorGroup(
        group=label,
        participants=len(values) if told else None,
        estimate=float(values.mean()),
        ci95=None if test is None else test.ci95,
    )


def welch(groups: Sequence[np.ndarray]) -> tuple[float | None, float | None, float | None, float | None]:
    """Welch's (1951) F, its degrees of freedom and p; None each for fewer than two groups or a group without spread.

    With two groups F is the square of Welch's t.
    """
    k = len(groups)
    if k < 2 or any(len(group) < 2 or float(np.ptp(group)) <= 1e-12 for group in groups):
        return None, None, None, None
    sizes = np.array([len(group) for group in groups], dtype=float)
    means = np.array([group.mean() for group in groups])
    weights = sizes / np.array([group.var(ddof=1) for group in groups])
    total = weights.sum()
    between = float(weights @ (means - weights @ means / total) ** 2) / (k - 1)
    lack = float(((1 - weights / total) ** 2 / (sizes - 1)).sum())
    statistic = between / (1 + 2 * (k - 2) / (k**2 - 1) * lack)
    df_error = (k**2 - 1) / (3 * lack)
    p = f_tail(statistic, k - 1, df_error)
    return (statistic, float(k - 1), df_error, p) if math.isfinite(statistic) else (None, None, None, None)

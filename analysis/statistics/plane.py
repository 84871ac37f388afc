"""Two scales at once, as valence and arousal: the mean point of each condition and its ellipse, for these clips."""

from __future__ import annotations

import numpy as np

from analysis.statistics.distributions import f_quantile
from analysis.statistics.errors import DesignError
from analysis.statistics.results import Floats
from analysis.statistics.value_results import Plane
from analysis.statistics.value_tests import people_means
from analysis.statistics.values import Values


def plane(names: tuple[str, str], across: Values, up: Values) -> Plane:
    """The mean point of each condition over people's means, with Hotelling's (1931) 95 % ellipse of that mean.

    A person's mean is over the images with a number on both scales. The two must be of the same trials.
    """
    same = across.conditions == up.conditions and tuple(across.participants) == tuple(up.participants)
    same = same and tuple(across.clips) == tuple(up.clips) and across.n == up.n
    if not (same and (across.participant == up.participant).all() and (across.clip == up.clip).all()):
        raise DesignError(f"the scales '{names[0]}' and '{names[1]}' must be rated in the same trials, in one order.")
    both = across.given & up.given
    x, present = people_means(across, across.filled, both)
    y, _ = people_means(up, up.filled, both)
    people: list[int] = []
    centres: list[tuple[float, float] | None] = []
    covariances: list[tuple[Floats, Floats] | None] = []
    radii: list[float | None] = []
    for column in range(across.k):
        here = present[:, column]
        points = np.stack([x[here, column], y[here, column]], axis=1)
        p = len(points)
        people.append(p)
        centre = points.mean(axis=0) if p else None
        centres.append(None if centre is None else (float(centre[0]), float(centre[1])))
        if p < 3:
            covariances.append(None)
            radii.append(None)
            continue
        across_row, up_row = (np.cov(points, rowvar=False) / p).tolist()
        covariances.append((tuple(across_row), tuple(up_row)))
        radii.append(2 * (p - 1) / (p - 2) * f_quantile(0.95, 2, p - 2))
    return Plane(
        scales=names,
        participants=tuple(people),
        centre=tuple(centres),
        covariance=tuple(covariances),
        radius2=tuple(radii),
    )

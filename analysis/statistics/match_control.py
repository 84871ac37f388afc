"""Match control: do people choose an image of the clip that they heard rather than one of another clip?"""

from __future__ import annotations

import math

import numpy as np

from analysis.statistics.design_results import MatchControl
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.results import Interval


def match_control(participant: np.ndarray, own: np.ndarray) -> MatchControl | None:
    """Share of trials in which the clip's own image was chosen, tested against ½ by t over participants.

    `participant` (N,): codes; `own` (N,): whether the clip's own image was chosen. None without trials.
    """
    if not len(own):
        return None
    people, person = np.unique(participant, return_inverse=True)
    shares = np.bincount(person, weights=own.astype(float)) / np.bincount(person)
    share = float(shares.mean())
    interval, p = _interval_and_p(shares)
    return MatchControl(trials=len(own), participants=len(people), share=share, ci95=interval, p=p)


def _interval_and_p(shares: np.ndarray) -> tuple[Interval | None, float | None]:
    people, share = len(shares), float(shares.mean())
    if people < 2:
        return None, None
    se = float(shares.std(ddof=1)) / math.sqrt(people)
    if se == 0:
        # All people have the same share: the exact binomial test in people, if it is 0 or 1.
        bound = 0.025 ** (1 / people)
        interval = {0.0: (0.0, 1 - bound), 1.0: (bound, 1.0)}.get(share)
        return interval, float(2 * 0.5**people) if share in (0.0, 1.0) else None
    half = t_quantile(0.975, people - 1) * se
    return (max(0.0, share - half), min(1.0, share + half)), two_sided_t((share - 0.5) / se, people - 1)

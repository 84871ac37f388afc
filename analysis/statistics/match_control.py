"""Match control: do people choose the images of this clip over those of another one?"""

from __future__ import annotations

import math

import numpy as np

from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.results import MatchControl


def match_control(participant: np.ndarray, own: np.ndarray) -> MatchControl | None:
    """Share of trials (N,) in which this clip's own image was chosen, against ½, by t over participants.

    `participant`: codes, `own`: true where the choice was one of this clip's images. None without trials.
    """
    if not len(own):
        return None
    people, person = np.unique(participant, return_inverse=True)
    shares = np.bincount(person, weights=own.astype(float)) / np.bincount(person)
    share = float(shares.mean())
    if len(people) < 2:
        return MatchControl(len(own), len(people), share, None, None)
    se = float(shares.std(ddof=1)) / math.sqrt(len(people))
    if se == 0:
        # All alike: the exact binomial test in people, as far as they lean one way.
        p = float(2 * 0.5 ** len(people)) if share in (0.0, 1.0) else None
        bound = 0.025 ** (1 / len(people))
        interval = {0.0: (0.0, 1 - bound), 1.0: (bound, 1.0)}.get(share)
        return MatchControl(len(own), len(people), share, interval, p)
    half = t_quantile(0.975, len(people) - 1) * se
    p = two_sided_t((share - 0.5) / se, len(people) - 1)
    return MatchControl(len(own), len(people), share, (max(0.0, share - half), min(1.0, share + half)), p)

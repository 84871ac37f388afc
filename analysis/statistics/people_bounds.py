"""Bounds in people for conditions that nobody, or everybody, chose."""

from __future__ import annotations

import numpy as np

from analysis.statistics.results import PeopleBound
from analysis.statistics.worth_fit import WorthFit


def people_bounds(fit: WorthFit) -> list[PeopleBound]:
    """Bounds 1 − 0.05^(1/P) for separated conditions that nobody chose or that everybody chose first.

    P: the people who saw the condition.
    """
    ballots, bounds = fit.ballots, []
    beaten = np.tensordot(fit.counts, fit.outcomes.beats, axes=1)  # (P, K, K)
    for i in fit.separated:
        name = ballots.conditions[i]
        people = ballots.p if ballots.shown is None else len(np.unique(ballots.participant[ballots.shown[:, i]]))
        upper = 1 - 0.05 ** (1 / people)
        chosen = int((beaten[:, i, :].sum(axis=1) > 0).sum())
        below = int((beaten[:, :, i].sum(axis=1) > 0).sum())
        if chosen == 0:
            text = (
                f"0 of {people} participants ever chose {name}, so at most {100 * upper:.1f} % of such "
                "people would (one-sided 95 %)."
            )
        elif below == 0:
            text = (
                f"0 of {people} participants ever put anything above {name}, so at most {100 * upper:.1f} % "
                "of such people would (one-sided 95 %)."
            )
        else:
            continue
        bounds.append(
            PeopleBound(condition=name, ever_chosen=chosen, participants=people, upper_share=float(upper), text=text)
        )
    return bounds

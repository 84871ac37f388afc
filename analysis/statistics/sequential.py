"""The e-process: a test after every participant that may stop early and keeps its error rate (these clips only).

E_n is the mean over 199 bets λ in [−0.99, 0.99] of Π (1 + λ D_i), a martingale under mean 0 for D in [−1, 1]
(Waudby-Smith and Ramdas 2024). By Ville's inequality it reaches 1/α with probability at most α.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.contrasts import PointsContrast
from analysis.statistics.errors import DesignError
from analysis.statistics.results import Sequential

BETS = np.linspace(-0.99, 0.99, 199)
GRID = np.linspace(-0.999, 0.999, 1999)


def participant_differences(
    ballots: Ballots, contrast: PointsContrast, weights: tuple[float, float], clips: int | None = None
) -> np.ndarray:
    """D per participant in [−1, 1], shape (P,): sum over clips of the contrast's points / their limit / clips.

    The limit is w1 + w2 where all images are shown. A clip without an answer, or that showed no image of one side,
    counts as no difference, so that leaving early cannot move D away from 0. `clips`: planned clips per participant;
    None: all clips of the ballots.

    Raises:
        DesignError: the two sides have unequally many conditions: under no effect D would not be 0 on average.
    """
    if not contrast.is_even:
        raise DesignError(
            "the rule for an early stop compares sides with equally many conditions; "
            "do without an early stop, or choose another first factor."
        )
    value, _ = contrast.of_answers(ballots.answers, weights)
    y = (value / contrast.limits(ballots.answers, weights)[1])[ballots.answers.index]
    first = ~ballots.is_repeat
    sums = np.bincount(ballots.participant[first], weights=y[first], minlength=ballots.p)
    return np.clip(sums / (clips or ballots.c), -1.0, 1.0)


def order_of_start(codes: Sequence[str]) -> np.ndarray:
    """Indices of the participants in order of start (P,): by the number that ends their codes, r9999 before r10000.

    Codes without a number are sorted as text.
    """

    def by_number(index: int) -> tuple[str, int, str]:
        code = codes[index]
        stem = code.rstrip("0123456789")
        digits = code[len(stem) :].lstrip("0")
        return stem, len(digits), digits

    return np.array(sorted(range(len(codes)), key=by_number), dtype=np.intp)


def ready_prefix(finished: Sequence[bool], dropped: Sequence[bool]) -> int:
    """How many participants, in order of start, enter: all before the first who may still be answering."""
    for count, (done, gone) in enumerate(zip(finished, dropped, strict=True)):
        if not (done or gone):
            return count
    return len(finished)


def log_e_values(differences: np.ndarray) -> np.ndarray:
    """log E_n after each participant; `differences` has shape (…, n), people in order of start."""
    with np.errstate(divide="ignore"):
        logs = np.cumsum(np.log1p(differences[..., None] * BETS), axis=-2)
    top = logs.max(axis=-1, keepdims=True)
    return np.log(np.exp(logs - top).mean(axis=-1)) + top[..., 0]


def decide(differences: np.ndarray, alpha: float = 0.05) -> str:
    """ "stop" as soon as E_n has reached 1/α, else "go on"; all that may be shown while a study is sealed."""
    if not len(differences):
        return "go on"
    return "stop" if bool((log_e_values(differences) >= -np.log(alpha)).any()) else "go on"


def e_process(differences: np.ndarray, alpha: float = 0.05) -> Sequential:
    """Run the e-process over D (n,) in order of start and invert it for the confidence sequence.

    For a candidate mean m the bets are scaled so that 1 + λ (D − m) stays positive; at m = 0 they are the bets
    of the test. The running intersection is reported; `threshold` is 1/α.
    """
    d = np.asarray(differences, dtype=float)
    if not 0 < alpha < 1:
        raise DesignError(f"alpha {alpha:g} must lie between 0 and 1.")
    if d.ndim != 1 or (len(d) and (not np.isfinite(d).all() or np.abs(d).max() > 1 + 1e-12)):
        raise DesignError("differences for the e-process must be numbers between −1 and 1, one a participant.")
    if not len(d):
        return Sequential(
            decision="go on", n=0, stopped_at=None, e_values=(), threshold=1 / alpha, confidence_sequence=(-1.0, 1.0)
        )
    logs = log_e_values(d)
    reached = np.flatnonzero(logs >= -np.log(alpha))
    stopped = int(reached[0]) + 1 if len(reached) else None
    return Sequential(
        decision="stop" if stopped else "go on",
        n=len(d),
        stopped_at=stopped,
        e_values=tuple(float(x) for x in np.exp(np.minimum(logs, 700.0))),
        threshold=1 / alpha,
        confidence_sequence=_confidence_sequence(d if stopped is None else d[:stopped], alpha),
    )


def _confidence_sequence(d: np.ndarray, alpha: float) -> tuple[float, float]:
    scale = np.where(BETS > 0, 1 / (1 + GRID[:, None]), 1 / (1 - GRID[:, None]))  # (M, bets)
    bets = BETS * scale
    logs = np.zeros_like(bets)
    alive = np.ones(len(GRID), dtype=bool)
    for value in d:
        logs += np.log1p(bets * (value - GRID[:, None]))
        top = logs.max(axis=1)
        e = np.log(np.exp(logs - top[:, None]).mean(axis=1)) + top
        alive &= e < -np.log(alpha)
    kept = GRID[alive]
    if not len(kept):
        mean = float(d.mean())
        return mean, mean
    step = GRID[1] - GRID[0]
    return float(max(kept[0] - step, -1.0)), float(min(kept[-1] + step, 1.0))

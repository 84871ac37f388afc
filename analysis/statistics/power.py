"""Power of the primary test by simulation, before a study: how many people, and how many clips?

u_ijk = μ_k + a_ik + c_jk + Gumbel noise, the best two are chosen. The standard deviations of a and c are given, and
the effect as the share of head-to-head choices that a redefined image wins over an original one, averaged over people
and clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.statistics.distributions import t_tail
from analysis.statistics.errors import DesignError

VALUES_AT_ONCE = 4_000_000
MOST_SPREAD = 10.0  # on the utility scale: beyond, no effect can be seen, nor be solved for
MOST_VALUES_OF_A_STUDY = 40_000_000
MOST_VALUES = 4_000_000_000  # some minutes


@dataclass(frozen=True, kw_only=True)
class PowerCell:
    """Power of one design."""

    participants: int
    clips: int
    power: float
    monte_carlo_se: float


@dataclass(frozen=True, kw_only=True)
class Power:
    """`cells[0]` is the design asked for, the others have more people or clips. `effect`: the assumptions in words."""

    head_to_head: float
    sd_participants: float
    sd_clips: float
    weights: tuple[float, float]
    alpha: float
    simulations: int
    seed: int
    cells: tuple[PowerCell, ...]
    advice: str
    effect: str


def head_to_head(mu: float, sd_participants: float, sd_clips: float) -> float:
    """Share of choices between two images that differ by mu on average, over people and clips (Gauss–Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    spread = math.sqrt(2 * (sd_participants**2 + sd_clips**2))
    return float(weights @ (1 / (1 + np.exp(-(mu + spread * nodes)))) / weights.sum())


def utility_difference(share: float, sd_participants: float, sd_clips: float) -> float:
    """The average difference in utility that gives this head-to-head share."""
    if not 0.01 <= share <= 0.99:
        raise DesignError(f"a head-to-head share of {share:g} must lie between 0.01 and 0.99.")

    def gap(mu: float) -> float:
        return head_to_head(mu, sd_participants, sd_clips) - share

    return float(optimize.brentq(gap, -60.0, 60.0))


def simulate_choices(
    mu: np.ndarray,
    participants: int,
    clips: int,
    sd_participants: float,
    sd_clips: float,
    studies: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """First and second choices of simulated studies, each of shape (studies, P, C)."""
    k = len(mu)
    utility = rng.gumbel(size=(studies, participants, clips, k)).astype(np.float32)
    utility += mu.astype(np.float32)
    if sd_participants:
        utility += sd_participants * rng.standard_normal((studies, participants, 1, k), dtype=np.float32)
    if sd_clips:
        utility += sd_clips * rng.standard_normal((studies, 1, clips, k), dtype=np.float32)
    first = utility.argmax(axis=-1)
    np.put_along_axis(utility, first[..., None], -np.inf, axis=-1)
    return first.astype(np.int8), utility.argmax(axis=-1).astype(np.int8)


def crossed_p_values(y: np.ndarray) -> np.ndarray:
    """p of the primary test for complete tables y (studies, P, C); the closed form of `CrossedDesign.mean`."""
    _, p, c = y.shape
    n = p * c
    mean = y.mean(axis=(1, 2))
    rows, columns = y.mean(axis=2), y.mean(axis=1)
    ss_rows = c * ((rows - mean[:, None]) ** 2).sum(axis=1)
    ss_columns = p * ((columns - mean[:, None]) ** 2).sum(axis=1)
    total = ((y - mean[:, None, None]) ** 2).sum(axis=(1, 2))
    ms_rows, ms_columns = ss_rows / (p - 1), ss_columns / (c - 1)
    residual = np.maximum(total - ss_rows - ss_columns, 0) / ((p - 1) * (c - 1))
    scale = np.maximum.reduce([ms_rows + ms_columns - residual, ms_rows, ms_columns])
    spread = ms_rows**2 / (p - 1) + ms_columns**2 / (c - 1) + residual**2 / ((p - 1) * (c - 1))
    flat = scale <= 1e-12
    df = np.maximum(c - 1.0, scale**2 / np.where(flat, 1.0, spread))
    t = np.abs(mean) / np.sqrt(np.where(flat, 1.0, scale) / n)
    return np.where(flat, np.where(np.abs(mean) < 1e-12, 1.0, 0.0), 2 * t_tail(t, df))


def power_of_design(
    participants: int,
    clips: int,
    *,
    mu: np.ndarray,
    contrast: np.ndarray,
    weights: tuple[float, float],
    sd_participants: float,
    sd_clips: float,
    alpha: float,
    simulations: int,
    rng: np.random.Generator,
) -> PowerCell:
    """Share of simulated studies in which the primary test rejects, with its Monte Carlo error."""
    size = participants * clips * len(mu)
    chunk = max(1, min(simulations, VALUES_AT_ONCE // size))
    gained = weights[0] * contrast, weights[1] * contrast
    rejected = 0
    for start in range(0, simulations, chunk):
        studies = min(chunk, simulations - start)
        first, second = simulate_choices(mu, participants, clips, sd_participants, sd_clips, studies, rng)
        rejected += int((crossed_p_values(gained[0][first] + gained[1][second]) < alpha).sum())
    share = rejected / simulations
    error = math.sqrt(max(share * (1 - share), 0.25 / simulations) / simulations)
    return PowerCell(participants=participants, clips=clips, power=share, monte_carlo_se=error)


def check_effect(share: float, sd_participants: float, sd_clips: float, alpha: float) -> None:
    """Raise DesignError for an effect, spreads or a level that no study can have."""
    if not 0.01 <= share <= 0.99:
        raise DesignError(f"a head-to-head share of {share:g} must lie between 0.01 and 0.99.")
    for name, spread in (("people", sd_participants), ("clips", sd_clips)):
        if not 0 <= spread <= MOST_SPREAD:
            raise DesignError(f"the spread between {name}, {spread:g}, must lie between 0 and {MOST_SPREAD:g}.")
    if not 0 < alpha < 1:
        raise DesignError(f"alpha {alpha:g} must lie between 0 and 1, as 0.05 does.")


def _check_design(participants: int, clips: int, conditions: int, simulations: int) -> None:
    """Raise DesignError for a design that cannot be tested, or whose simulation would take too long."""
    if participants < 2 or clips < 2:
        raise DesignError(
            f"{participants} participants and {clips} clips: the test for new clips needs at least two of each."
        )
    if simulations < 100:
        raise DesignError(f"{simulations} simulations are too few; take at least 100.")
    values = participants * clips * conditions
    if 10 * values > MOST_VALUES_OF_A_STUDY or values * (simulations + 18 * max(200, simulations // 4)) > MOST_VALUES:
        raise DesignError(
            f"{participants} participants × {clips} clips in {simulations} simulations are too many to simulate; ask "
            "for fewer people, clips or simulations."
        )


def power(
    participants: int,
    clips: int,
    share: float,
    *,
    sd_participants: float = 0.8,
    sd_clips: float = 0.7,
    weights: tuple[float, float] = (3.0, 1.0),
    conditions: int = 4,
    high: Sequence[int] = (0, 1),
    low: Sequence[int] | None = None,
    alpha: float = 0.05,
    simulations: int = 2_000,
    seed: int = 0,
    target: float = 0.8,
) -> Power:
    """Power of P × C, of twice the people, of ten times the people, of twice and four times the clips.

    `share`: head-to-head share of the images of the high side against those of the low side (`high`, `low`: their
    numbers; None: all others are low).
    """
    _check_design(participants, clips, conditions, simulations)
    if seed < 0:
        raise DesignError(f"seed {seed} must not be negative.")
    check_effect(share, sd_participants, sd_clips, alpha)
    is_high = np.isin(np.arange(conditions), list(high))
    is_low = ~is_high if low is None else np.isin(np.arange(conditions), list(low))
    mu = (is_high / 2 - is_low / 2) * utility_difference(share, sd_participants, sd_clips)
    contrast = (is_high / is_high.sum() - is_low / is_low.sum()) * (is_high.sum() + is_low.sum()) / 2
    designs = [
        (participants, clips),
        (2 * participants, clips),
        (10 * participants, clips),
        (participants, 2 * clips),
        (participants, 4 * clips),
    ]
    rng = np.random.default_rng(seed)
    cells = tuple(
        power_of_design(
            p,
            c,
            mu=mu,
            contrast=contrast,
            weights=weights,
            sd_participants=sd_participants,
            sd_clips=sd_clips,
            alpha=alpha,
            simulations=max(200, simulations // 4) if i else simulations,
            rng=rng,
        )
        for i, (p, c) in enumerate(designs)
    )
    effect = (
        f"an image of the high side (a redefined one, say) wins {100 * share:.0f} of 100 head-to-head choices against "
        "one of the low side; "
        f"tastes differ between people by SD {sd_participants:g} and between clips by SD {sd_clips:g} "
        "on the utility scale"
    )
    return Power(
        head_to_head=share,
        sd_participants=sd_participants,
        sd_clips=sd_clips,
        weights=weights,
        alpha=alpha,
        simulations=simulations,
        seed=seed,
        cells=cells,
        advice=advice(cells, target),
        effect=effect,
    )


def advice(cells: Sequence[PowerCell], target: float = 0.8) -> str:
    """One or two sentences: is the design enough, and if not, are people or clips lacking?"""
    design, more_people, most_people, more_clips, _most_clips = cells
    error = f"± {1.96 * design.monte_carlo_se:.2f} from the simulation"
    start = f"{design.participants} participants × {design.clips} clips have power {design.power:.2f} ({error})."
    if design.power >= target:
        return f"{start} That reaches {target:g}."
    gain_people, gain_clips = more_people.power - design.power, more_clips.power - design.power
    noise = 2 * math.hypot(more_people.monte_carlo_se, more_clips.monte_carlo_se)
    if gain_clips > gain_people + noise:
        return (
            f"{start} More clips: {more_clips.clips} clips give {more_clips.power:.2f}, while even "
            f"{most_people.participants} participants with {most_people.clips} clips give {most_people.power:.2f}."
        )
    if gain_people > gain_clips + noise:
        return f"{start} More people: {more_people.participants} participants give {more_people.power:.2f}."
    return (
        f"{start} More of both: {more_people.participants} participants give {more_people.power:.2f}, "
        f"{more_clips.clips} clips give {more_clips.power:.2f}."
    )

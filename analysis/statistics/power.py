"""Power of the primary test by simulation, before a study: how many people, and how many clips?

What is asked, the effect and the spreads are in an `AssumedStudy`: choices, pairs or ratings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.assumed_studies import AssumedStudy
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.distributions import t_tail, two_sided_t
from analysis.statistics.errors import DesignError

VALUES_AT_ONCE = 4_000_000
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

    alpha: float
    simulations: int
    seed: int
    cells: tuple[PowerCell, ...]
    advice: str
    effect: str


def crossed_p_values(y: np.ndarray) -> np.ndarray:
    """p of the primary test for complete tables y (studies, P, C, n); the closed form of `CrossedDesign.mean`."""
    _, p, c, each = y.shape
    n = p * c * each
    mean = y.mean(axis=(1, 2, 3))
    rows, columns = y.mean(axis=(2, 3)), y.mean(axis=(1, 3))
    ss_rows = c * each * ((rows - mean[:, None]) ** 2).sum(axis=1)
    ss_columns = p * each * ((columns - mean[:, None]) ** 2).sum(axis=1)
    total = ((y - mean[:, None, None, None]) ** 2).sum(axis=(1, 2, 3))
    ms_rows, ms_columns = ss_rows / (p - 1), ss_columns / (c - 1)
    df_residual = n - p - c + 1
    residual = np.maximum(total - ss_rows - ss_columns, 0) / df_residual
    scale = np.maximum.reduce([ms_rows + ms_columns - residual, ms_rows, ms_columns])
    spread = ms_rows**2 / (p - 1) + ms_columns**2 / (c - 1) + residual**2 / df_residual
    flat = scale <= 1e-12
    df = np.maximum(c - 1.0, scale**2 / np.where(flat, 1.0, spread))
    t = np.abs(mean) / np.sqrt(np.where(flat, 1.0, scale) / n)
    return np.where(flat, np.where(np.abs(mean) < 1e-12, 1.0, 0.0), 2 * t_tail(t, df))


def simulated_power(
    assumed: AssumedStudy, participants: int, clips: int, simulations: int, rng: np.random.Generator
) -> PowerCell:
    """Share of simulated studies in which the primary test rejects, with its Monte Carlo error.

    Clips in rotation, pairs in rotation and drop-out need FEWEST_CLIPS clips, or DesignError.
    """
    rejected = (
        _rejected_complete(assumed, participants, clips, simulations, rng)
        if assumed.is_complete(clips)
        else _rejected_incomplete(assumed, participants, clips, simulations, rng)
    )
    share = rejected / simulations
    error = math.sqrt(max(share * (1 - share), 0.25 / simulations) / simulations)
    return PowerCell(participants=participants, clips=clips, power=share, monte_carlo_se=error)


def _rejected_complete(
    assumed: AssumedStudy, participants: int, clips: int, simulations: int, rng: np.random.Generator
) -> int:
    size = participants * clips * assumed.values_of_an_answer
    chunk = max(1, min(simulations, VALUES_AT_ONCE // size))
    rejected = 0
    for start in range(0, simulations, chunk):
        studies = min(chunk, simulations - start)
        y = assumed.complete_tables(participants, clips, studies, rng)
        rejected += int((crossed_p_values(y) < assumed.alpha).sum())
    return rejected


def _rejected_incomplete(
    assumed: AssumedStudy, participants: int, clips: int, simulations: int, rng: np.random.Generator
) -> int:
    check_design(participants, clips)
    rejected, design, answers = 0, None, None
    for _ in range(simulations):
        if design is None or answers is None or assumed.drop_out:
            seen = _who_saw_what(participants, clips, assumed.clips_judged(clips), assumed.drop_out, rng)
            answers = assumed.answers_given(seen)
            design = CrossedDesign(answers.person, answers.clip)
        crossed = design.mean(assumed.contrasts(answers, (participants, clips), rng))
        if crossed is not None and crossed.variance > 0:
            rejected += two_sided_t(crossed.mean / math.sqrt(crossed.variance), crossed.df) < assumed.alpha
    return rejected


def _who_saw_what(participants: int, clips: int, answers: int, drop_out: float, rng: np.random.Generator) -> np.ndarray:
    """Which person answered which clip (P, C): each starts at another clip, some leave at a random place."""
    place = np.arange(answers)
    given = np.full(participants, answers)
    gone = rng.permutation(participants)[: round(drop_out * participants)]
    given[gone] = rng.integers(0, answers + 1, len(gone))
    seen = np.zeros((participants, clips), dtype=bool)
    start = (np.arange(participants) * answers) % clips
    person, step = np.nonzero(place < given[:, None])
    seen[person, (start[person] + step) % clips] = True
    return seen


def check_design(participants: int, clips: int) -> None:
    """Raise DesignError for a design in which nothing is tested for new clips, or that is too large."""
    if participants < 2 or clips < FEWEST_CLIPS:
        raise DesignError(
            f"{participants} participants and {clips} clips: the test for new clips needs at least 2 people and "
            f"{FEWEST_CLIPS} clips."
        )
    if participants * clips > 1_000_000:
        raise DesignError(f"{participants} × {clips} is more than a million answers; ask for fewer.")


def _check_size(participants: int, clips: int, values_of_an_answer: int, simulations: int) -> None:
    """Raise DesignError for a design that cannot be tested, or whose simulation would take too long."""
    if participants < 2 or clips < 2:
        raise DesignError(
            f"{participants} participants and {clips} clips: the test for new clips needs at least two of each."
        )
    if simulations < 100:
        raise DesignError(f"{simulations} simulations are too few; take at least 100.")
    values = participants * clips * values_of_an_answer
    if 10 * values > MOST_VALUES_OF_A_STUDY or values * (simulations + 18 * max(200, simulations // 4)) > MOST_VALUES:
        raise DesignError(
            f"{participants} participants × {clips} clips in {simulations} simulations are too many to simulate; ask "
            "for fewer people, clips or simulations."
        )


def power_of_plan(
    assumed: AssumedStudy,
    participants: int,
    clips: int,
    *,
    target: float = 0.8,
    simulations: int = 2_000,
    seed: int = 0,
) -> Power:
    """Power of P × C, of twice the people, of ten times the people, of twice and four times the clips.

    With fewer than FEWEST_CLIPS clips it raises DesignError only if the design is incomplete.
    """
    assumed.check()
    check_target(target)
    _check_size(participants, clips, assumed.values_of_an_answer, simulations)
    if seed < 0:
        raise DesignError(f"seed {seed} must not be negative.")
    designs = [
        (participants, clips),
        (2 * participants, clips),
        (10 * participants, clips),
        (participants, 2 * clips),
        (participants, 4 * clips),
    ]
    if assumed.is_complete(4 * clips):
        rng = np.random.default_rng(seed)
        numbers = [simulations] + 4 * [max(200, simulations // 4)]
    else:  # each study is simulated by itself, which takes longer
        simulations = max(200, simulations // 5)
        rng = np.random.default_rng([seed, 2])
        numbers = 5 * [simulations]
    cells = tuple(
        simulated_power(assumed, *design, number, rng) for design, number in zip(designs, numbers, strict=True)
    )
    return Power(
        alpha=assumed.alpha,
        simulations=simulations,
        seed=seed,
        cells=cells,
        advice=advice(cells, target),
        effect=assumed.in_words(),
    )


def check_target(target: float) -> None:
    """Raise DesignError for a power that no study can be planned for."""
    if not 0.05 < target < 1:
        raise DesignError(f"a power of {target:g} must lie between 0.05 and 1.")


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

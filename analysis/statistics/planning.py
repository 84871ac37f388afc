"""Planning backwards: the fewest people for each number of clips, and the smallest effect that a design finds.

The variance components of the contrast come from one large simulated study; the power of any design follows from them
by the noncentral t of the primary test (`crossed_design`), with the expected mean squares in place of the observed
ones. A simulation of the recommended design checks it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from analysis.statistics.assumed_studies import AssumedStudy
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.distributions import t_quantile
from analysis.statistics.errors import DesignError
from analysis.statistics.power import PowerCell, check_design, check_target, simulated_power

CLIP_NUMBERS = (5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60, 80, 120, 200)
MOST_PEOPLE = 2_000
TABLES, SIDE = 24, 60  # of the simulated study from which the components come: 24 tables of 60 × 60


@dataclass(frozen=True, kw_only=True)
class Components:
    """Mean of the contrast and its variances between people, between clips, and within cells."""

    mean: float
    participants: float
    clips: float
    residual: float


@dataclass(frozen=True, kw_only=True)
class PlannedDesign:
    """A design: `answers` a person gives, `ballots` in all after drop-out, `power` by the noncentral t."""

    participants: int
    clips: int
    answers: int
    ballots: int
    power: float


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """The fewest people for each number of clips that reach `target`; None where no number of people does.

    `recommended`: the fewest clips that need at most half again as many people as any other number of clips.
    `checked`: its power by simulation.
    """

    target: float
    designs: tuple[tuple[int, PlannedDesign | None], ...]
    recommended: PlannedDesign | None
    checked: PowerCell | None


def components(assumed: AssumedStudy, rng: np.random.Generator) -> Components:
    """The components of the contrast under the assumptions, from 24 simulated tables of 60 people × 60 clips."""
    y = assumed.complete_tables(SIDE, SIDE, TABLES, rng)
    cell = y.shape[3]
    known = assumed.mean_contrast
    rows, columns, each = y.mean(axis=(2, 3)), y.mean(axis=(1, 3)), y.mean(axis=(1, 2, 3))
    ms_rows = SIDE * cell * float(rows.var(axis=1, ddof=1).mean())
    ms_columns = SIDE * cell * float(columns.var(axis=1, ddof=1).mean())
    left = y - rows[:, :, None, None] - columns[:, None, :, None] + each[:, None, None, None]
    residual = float((left**2).sum()) / (TABLES * (SIDE * SIDE * cell - 2 * SIDE + 1))
    return Components(
        mean=float(y.mean()) if known is None else known,
        participants=max(0.0, (ms_rows - residual) / (SIDE * cell)),
        clips=max(0.0, (ms_columns - residual) / (SIDE * cell)),
        residual=residual,
    )


def expected_power(assumed: AssumedStudy, found: Components, participants: int, clips: int) -> PlannedDesign:
    """Power of the primary test with the expected mean squares, by the noncentral t."""
    answers = assumed.clips_judged(clips)
    judged = answers * (1 - assumed.drop_out / 2)
    each = judged * assumed.entering_per_clip
    entering = participants * each
    ms_rows = found.residual + each * found.participants
    ms_columns = found.residual + entering / clips * found.clips
    scale = max(ms_rows + ms_columns - found.residual, ms_rows, ms_columns)
    left = max(entering - participants - clips + 1, 1.0)
    spread = ms_rows**2 / (participants - 1) + ms_columns**2 / (clips - 1) + found.residual**2 / left
    df = max(clips - 1.0, scale**2 / spread)
    shift = abs(found.mean) / math.sqrt(scale / entering)
    critical = t_quantile(1 - assumed.alpha / 2, df)
    power = 1.0 - float(special.nctdtr(df, shift, critical)) + float(special.nctdtr(df, shift, -critical))
    if not math.isfinite(power):  # SciPy gives nan for a shift far beyond the critical value
        power = 1.0
    return PlannedDesign(
        participants=participants,
        clips=clips,
        answers=answers * assumed.trials_per_clip,
        ballots=round(participants * judged * assumed.trials_per_clip),
        power=min(max(power, 0.0), 1.0),
    )


def plan_study(
    assumed: AssumedStudy, *, target: float = 0.8, seed: int = 0, simulations: int = 400, clips: Sequence[int] = ()
) -> StudyPlan:
    """The fewest people for each number of clips (`clips`, or 5 to 200) that reach the power `target`."""
    assumed.check()
    check_target(target)
    numbers = tuple(sorted(set(clips))) or CLIP_NUMBERS
    if min(numbers) < FEWEST_CLIPS:
        raise DesignError(f"with fewer than {FEWEST_CLIPS} clips nothing is tested for new clips; plan more.")
    found = components(assumed, np.random.default_rng([seed, 0]))
    designs = tuple((number, _fewest_people(assumed, found, number, target)) for number in numbers)
    reached = [design for _, design in designs if design is not None]
    fewest = min((design.participants for design in reached), default=0)
    best = next((design for design in reached if design.participants <= 1.5 * fewest), None)
    checked = None
    if best is not None:
        rng = np.random.default_rng([seed, 1])
        checked = simulated_power(assumed, best.participants, best.clips, simulations, rng)
    return StudyPlan(target=target, designs=designs, recommended=best, checked=checked)


def _fewest_people(assumed: AssumedStudy, found: Components, clips: int, target: float) -> PlannedDesign | None:
    # Fewer people than this would leave clips without an answer.
    fewest = max(3, math.ceil(clips / assumed.clips_judged(clips)))
    if expected_power(assumed, found, MOST_PEOPLE, clips).power < target:
        return None
    low, high = fewest - 1, MOST_PEOPLE
    while high - low > 1:
        middle = (low + high) // 2
        if expected_power(assumed, found, middle, clips).power >= target:
            high = middle
        else:
            low = middle
    return expected_power(assumed, found, high, clips)


def smallest_effect(
    assumed: AssumedStudy, participants: int, clips: int, *, target: float = 0.8, seed: int = 0
) -> float | None:
    """The effect, in the unit of the kind, that the design finds with power `target`; None if none is large enough."""
    assumed.check()
    check_design(participants, clips)

    def lack(effect: float) -> float:
        like = assumed.with_effect(effect)
        # The same draws for each effect, so that the power grows smoothly with it.
        found = components(like, np.random.default_rng([seed, 0]))
        return expected_power(like, found, participants, clips).power - target

    sought = assumed.effects
    if lack(sought.most) < 0:
        return None
    if lack(sought.least) > 0:
        return sought.least
    return float(optimize.brentq(lack, sought.least, sought.most, xtol=sought.tolerance))

"""Planning backwards: the fewest people for each number of clips, and the smallest effect that a design finds.

The variance components of the contrast come from one large simulated study; the power of any design follows from them
by the noncentral t of the primary test (`crossed_design`), with the expected mean squares in place of the observed
ones. A simulation of the recommended design checks it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from analysis.statistics.ballots import check_weights
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.power import (
    Power,
    PowerCell,
    advice,
    check_effect,
    head_to_head,
    power,
    power_of_design,
    simulate_choices,
    utility_difference,
)

CLIP_NUMBERS = (5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60, 80, 120, 200)
MOST_PEOPLE = 2_000
TABLES, SIDE = 24, 60  # of the simulated study from which the components come: 24 tables of 60 × 60


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What is assumed about a study that does not exist yet.

    Attributes:
        share: head-to-head choices that an image of the high side wins over one of the low side.
        sd_participants, sd_clips: spreads of tastes on the utility scale.
        weights: points of a first and a second choice.
        conditions: number of conditions K.
        high, low: numbers of the conditions on the two sides; the others are in the middle.
        clips_per_participant: clips that a person judges; None: all.
        drop_out: share of people who leave, halfway on average.
        alpha: level of the test.
    """

    share: float = 0.59
    sd_participants: float = 0.8
    sd_clips: float = 0.7
    weights: tuple[float, float] = (3.0, 1.0)
    conditions: int = 4
    high: tuple[int, ...] = (0, 1)
    low: tuple[int, ...] = (2, 3)
    clips_per_participant: int | None = None
    drop_out: float = 0.0
    alpha: float = 0.05

    def check(self) -> None:
        """Raise DesignError unless the assumptions describe a study."""
        check_effect(self.share, self.sd_participants, self.sd_clips, self.alpha)
        check_weights(self.weights)
        if not 2 <= self.conditions <= 6:
            raise DesignError(f"{self.conditions} conditions: a study has 2 to 6.")
        sides = (*self.high, *self.low)
        if not self.high or not self.low or len(set(sides)) < len(sides):
            raise DesignError("the two sides must each name a condition, and none twice.")
        if not all(0 <= number < self.conditions for number in sides):
            raise DesignError(f"the sides must name conditions 1 to {self.conditions}.")
        if not 0 <= self.drop_out < 1:
            raise DesignError(f"a drop-out of {self.drop_out:g} must lie between 0 and 1, as a share of people.")
        if self.clips_per_participant is not None and self.clips_per_participant < 1:
            raise DesignError(f"{self.clips_per_participant} clips a person: at least one is needed.")

    @property
    def mu(self) -> np.ndarray:
        """Average utilities, shape (K,)."""
        half = utility_difference(self.share, self.sd_participants, self.sd_clips) / 2
        mu = np.zeros(self.conditions)
        mu[list(self.high)], mu[list(self.low)] = half, -half
        return mu

    @property
    def coefficients(self) -> np.ndarray:
        """The contrast on points, shape (K,); with as many high as low conditions their plain difference."""
        coefficients = np.zeros(self.conditions)
        scale = (len(self.high) + len(self.low)) / 2
        coefficients[list(self.high)] = scale / len(self.high)
        coefficients[list(self.low)] = -scale / len(self.low)
        return coefficients


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


def components(assumed: Assumptions, rng: np.random.Generator) -> Components:
    """The components of the contrast under the assumptions, from 24 simulated tables of 60 people × 60 clips."""
    first, second = simulate_choices(assumed.mu, SIDE, SIDE, assumed.sd_participants, assumed.sd_clips, TABLES, rng)
    gains = assumed.coefficients
    y = assumed.weights[0] * gains[first] + assumed.weights[1] * gains[second]
    mean = float(y.mean())
    rows, columns, each = y.mean(axis=2), y.mean(axis=1), y.mean(axis=(1, 2))
    ms_rows = SIDE * float(rows.var(axis=1, ddof=1).mean())
    ms_columns = SIDE * float(columns.var(axis=1, ddof=1).mean())
    left = y - rows[:, :, None] - columns[:, None, :] + each[:, None, None]
    residual = float((left**2).sum()) / (TABLES * (SIDE - 1) ** 2)
    return Components(
        mean=mean,
        participants=max(0.0, (ms_rows - residual) / SIDE),
        clips=max(0.0, (ms_columns - residual) / SIDE),
        residual=residual,
    )


def _answers(assumed: Assumptions, clips: int) -> int:
    return min(clips, assumed.clips_per_participant or clips)


def expected_power(assumed: Assumptions, found: Components, participants: int, clips: int) -> PlannedDesign:
    """Power of the primary test with the expected mean squares, by the noncentral t."""
    answers = _answers(assumed, clips)
    each = answers * (1 - assumed.drop_out / 2)
    ballots = participants * each
    ms_rows = found.residual + each * found.participants
    ms_columns = found.residual + ballots / clips * found.clips
    scale = max(ms_rows + ms_columns - found.residual, ms_rows, ms_columns)
    left = max(ballots - participants - clips + 1, 1.0)
    spread = ms_rows**2 / (participants - 1) + ms_columns**2 / (clips - 1) + found.residual**2 / left
    df = max(clips - 1.0, scale**2 / spread)
    shift = abs(found.mean) / math.sqrt(scale / ballots)
    critical = t_quantile(1 - assumed.alpha / 2, df)
    power = 1.0 - float(special.nctdtr(df, shift, critical)) + float(special.nctdtr(df, shift, -critical))
    if not math.isfinite(power):  # SciPy gives nan for a shift far beyond the critical value
        power = 1.0
    return PlannedDesign(
        participants=participants,
        clips=clips,
        answers=answers,
        ballots=round(ballots),
        power=min(max(power, 0.0), 1.0),
    )


def plan_study(
    assumed: Assumptions, *, target: float = 0.8, seed: int = 0, simulations: int = 400, clips: Sequence[int] = ()
) -> StudyPlan:
    """The fewest people for each number of clips (`clips`, or 5 to 200) that reach the power `target`."""
    assumed.check()
    if not 0.05 < target < 1:
        raise DesignError(f"a power of {target:g} must lie between 0.05 and 1.")
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


def _fewest_people(assumed: Assumptions, found: Components, clips: int, target: float) -> PlannedDesign | None:
    # Fewer people than this would leave clips without an answer.
    fewest = max(3, math.ceil(clips / _answers(assumed, clips)))
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
    assumed: Assumptions, participants: int, clips: int, *, target: float = 0.8, seed: int = 0
) -> float | None:
    """The head-to-head share above ½ that the design finds with power `target`; None if not even 0.99 is found."""
    assumed.check()
    _check_design(participants, clips)

    def lack(share: float) -> float:
        like = replace(assumed, share=share)
        # The same draws for each share, so that the power grows smoothly with it.
        found = components(like, np.random.default_rng([seed, 0]))
        return expected_power(like, found, participants, clips).power - target

    if lack(0.99) < 0:
        return None
    if lack(0.501) > 0:
        return 0.501
    return float(optimize.brentq(lack, 0.501, 0.99, xtol=5e-4))


def _check_design(participants: int, clips: int) -> None:
    if participants < 2 or clips < FEWEST_CLIPS:
        raise DesignError(
            f"{participants} participants and {clips} clips: the test for new clips needs at least 2 people and "
            f"{FEWEST_CLIPS} clips."
        )
    if participants * clips > 1_000_000:
        raise DesignError(f"{participants} × {clips} is more than a million answers; ask for fewer.")


def power_of_plan(
    assumed: Assumptions, participants: int, clips: int, *, target: float = 0.8, simulations: int = 2_000, seed: int = 0
) -> Power:
    """`power` under these assumptions, also where people judge some of the clips, or leave.

    With fewer than FEWEST_CLIPS clips it raises DesignError only if the design is incomplete.
    """
    assumed.check()
    if not 0.05 < target < 1:
        raise DesignError(f"a power of {target:g} must lie between 0.05 and 1.")
    found = power(
        participants,
        clips,
        assumed.share,
        sd_participants=assumed.sd_participants,
        sd_clips=assumed.sd_clips,
        weights=assumed.weights,
        conditions=assumed.conditions,
        high=assumed.high,
        low=assumed.low,
        alpha=assumed.alpha,
        simulations=simulations,
        seed=seed,
        target=target,
    )
    if _answers(assumed, 4 * clips) == 4 * clips and assumed.drop_out == 0:
        return found
    rng = np.random.default_rng([seed, 2])
    cells = tuple(
        simulated_power(assumed, cell.participants, cell.clips, max(200, simulations // 5), rng) for cell in found.cells
    )
    return replace(found, cells=cells, advice=advice(cells, target), simulations=max(200, simulations // 5))


def simulated_power(
    assumed: Assumptions, participants: int, clips: int, simulations: int, rng: np.random.Generator
) -> PowerCell:
    """Share of simulated studies in which the primary test rejects, with clips in rotation and drop-out."""
    _check_design(participants, clips)
    answers = _answers(assumed, clips)
    if answers == clips and assumed.drop_out == 0:
        return power_of_design(
            participants,
            clips,
            mu=assumed.mu,
            contrast=assumed.coefficients,
            weights=assumed.weights,
            sd_participants=assumed.sd_participants,
            sd_clips=assumed.sd_clips,
            alpha=assumed.alpha,
            simulations=simulations,
            rng=rng,
        )
    mu, rejected, design = assumed.mu, 0, None
    for _ in range(simulations):
        if design is None or assumed.drop_out:
            person, clip = np.nonzero(_who_saw_what(participants, clips, answers, assumed.drop_out, rng))
            design = CrossedDesign(person, clip)
        crossed = design.mean(_simulated_contrast(assumed, mu, design, (participants, clips), rng))
        if crossed is not None and crossed.variance > 0:
            rejected += two_sided_t(crossed.mean / math.sqrt(crossed.variance), crossed.df) < assumed.alpha
    share = rejected / simulations
    error = math.sqrt(max(share * (1 - share), 0.25 / simulations) / simulations)
    return PowerCell(participants=participants, clips=clips, power=share, monte_carlo_se=error)


def _simulated_contrast(
    assumed: Assumptions, mu: np.ndarray, design: CrossedDesign, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """The contrast on each ballot of one simulated study, shape (N,); `size`: people and clips."""
    k = assumed.conditions
    people = assumed.sd_participants * rng.standard_normal((size[0], k))
    clips = assumed.sd_clips * rng.standard_normal((size[1], k))
    utility = mu + people[design.row] + clips[design.column] + rng.gumbel(size=(design.n, k))
    best = np.argsort(-utility, axis=1)[:, :2]
    gains = assumed.coefficients[best]
    return assumed.weights[0] * gains[:, 0] + assumed.weights[1] * gains[:, 1]


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


def effect_in_words(assumed: Assumptions) -> str:
    """The assumptions as a sentence without a full stop."""
    return (
        f"an image of the high side wins {100 * assumed.share:.0f} of 100 head-to-head choices against one of the low "
        f"side; tastes differ between people by SD {assumed.sd_participants:g} and between clips by SD "
        f"{assumed.sd_clips:g} on the utility scale"
    )


def share_of_effect(difference: float, sd_participants: float, sd_clips: float) -> float:
    """The head-to-head share of an average utility difference, as from a finished study's random effects."""
    return head_to_head(difference, sd_participants, sd_clips)

"""Error rates of ratings: seven steps, people and clips with strong effects of their own, and "cannot say"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from analysis.statistics.ballots import PRESET
from analysis.statistics.contrasts import points_contrasts
from analysis.statistics.results import Interval
from analysis.statistics.value_tests import ValuesTester, value_scores
from analysis.statistics.values import Values
from benchmarks.proof_checks import Check, generator, one_sided

PEOPLE, CLIPS, K, STEPS = 30, 6, 4, 7
SD_PEOPLE, SD_CLIPS, SD_ANSWER = 0.8, 0.7, 1.0
NO_EFFECT, EFFECT = np.zeros(K), np.array([0.8, 1.2, 0.0, 0.0])
REDEFINED = points_contrasts({"redefined": PRESET[:2]}, PRESET, per_trial=False)[0]
LEAST_COVERAGE = 0.937


def rated(mu: np.ndarray, rng: np.random.Generator, clips: np.ndarray | None = None, unsaid: float = 0.0) -> Values:
    """One study of 30 people × 6 clips × 4 images; `clips` (C, K): given clip effects, None: drawn.

    `unsaid`: how often a person cannot say, of the first two conditions only.
    """
    effects = SD_CLIPS * rng.standard_normal((CLIPS, K)) if clips is None else clips
    latent = (
        4
        + mu
        + SD_PEOPLE * rng.standard_normal((PEOPLE, 1, K))
        + effects
        + SD_ANSWER * rng.standard_normal((PEOPLE, CLIPS, K))
    )
    table = np.clip(np.rint(latent), 1, STEPS).reshape(-1, K)
    table[rng.random(table.shape) < unsaid * (REDEFINED.coefficients > 0)] = np.nan
    return Values(
        conditions=PRESET,
        participants=tuple(f"p{i}" for i in range(PEOPLE)),
        clips=tuple(f"c{j}" for j in range(CLIPS)),
        participant=np.repeat(np.arange(PEOPLE, dtype=np.int32), CLIPS),
        clip=np.tile(np.arange(CLIPS, dtype=np.int32), PEOPLE),
        values=table,
        lowest=1,
        highest=STEPS,
    )


def true_means(centre: np.ndarray, sd: float) -> np.ndarray:
    """Exact means of latent normal answers with these centres, rounded to the steps."""
    borders = np.arange(1, STEPS) + 0.5  # the mean is 1 plus the chances to lie above each border
    return 1 + stats.norm.sf(borders, centre[..., None], sd).sum(axis=-1)


def p_and_interval(values: Values) -> tuple[float, Interval]:
    test = ValuesTester(values).new_clips(REDEFINED)
    assert test is not None
    assert test.p is not None
    return test.p, test.ci95


def level(sets: int) -> Iterator[Check]:
    for number, (name, unsaid) in enumerate((("", 0.0), (", a third cannot say of one side", 1 / 3))):
        studies = (rated(NO_EFFECT, generator(50 + number, i), unsaid=unsaid) for i in range(sets))
        rejected = sum(p_and_interval(study)[0] < 0.05 for study in studies)
        yield Check(f"ratings, primary level{name}", sets, rejected / sets, 0.0, 0.05 + one_sided(0.05, sets))


def coverage(sets: int) -> Iterator[Check]:
    """Of the primary contrast for new clips, and of a condition's mean for these clips."""
    spread = float(np.sqrt(SD_PEOPLE**2 + SD_CLIPS**2 + SD_ANSWER**2))
    truth = float(true_means(4 + EFFECT, spread) @ REDEFINED.coefficients)
    fixed = SD_CLIPS * generator(52).standard_normal((CLIPS, K))
    mean = float(true_means(4 + EFFECT + fixed, float(np.hypot(SD_PEOPLE, SD_ANSWER))).mean(axis=0)[0])
    new = these = 0
    for i in range(sets):
        low, high = p_and_interval(rated(EFFECT, generator(53, i)))[1]
        new += low <= truth <= high
        interval = value_scores(rated(EFFECT, generator(54, i), clips=fixed), 1_000, i).ci95[0]
        assert interval is not None
        these += interval[0] <= mean <= interval[1]
    least = min(LEAST_COVERAGE, 0.95 - one_sided(0.95, sets))
    yield Check("ratings, primary coverage, new clips", sets, new / sets, least, 1.0)
    yield Check("ratings, coverage of a mean, these clips", sets, these / sets, least, 1.0)


def control_cannot_say_is_lowest(sets: int) -> Check:
    """The control: "cannot say" counted as the lowest number, as if a person had judged."""
    rejected = 0
    for i in range(sets):
        values = rated(NO_EFFECT, generator(51, i), unsaid=1 / 3)
        values.values[np.isnan(values.values)] = 1
        rejected += p_and_interval(values)[0] < 0.05
    return Check(
        "“cannot say” of one side counted as the lowest number", sets, rejected / sets, 0.25, 1.0, control=True
    )

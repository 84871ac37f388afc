"""Coverage of the intervals over several studies: true effects that differ, errors that differ by a factor of 3."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.statistics.meta_analysis import meta_analysis
from benchmarks.proof_checks import Check, generator, one_sided

MEAN, TAU = 0.5, 0.4
ERRORS = (0.15, 0.45)  # the smallest and the largest standard error
# The interval of Higgins, Thompson and Spiegelhalter takes τ² as known, and falls short of 95 % of new studies with
# four to twenty (Partlett and Riley 2017): 0.90 is what it holds here, and what docs/comparing.md says.
PREDICTED = 0.9


def studies(k: int, tau: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors of k studies, whose true effects have the mean MEAN and the SD `tau`."""
    errors = rng.uniform(*ERRORS, size=k)
    return MEAN + tau * rng.standard_normal(k) + errors * rng.standard_normal(k), errors


def _covers(interval: tuple[float, float] | None, value: float) -> bool:
    assert interval is not None
    return interval[0] <= value <= interval[1]


def meta_checks(sets: int, sizes: tuple[int, ...] = (3, 5, 10)) -> Iterator[Check]:
    """Coverage of the mean's interval, of τ²'s and of the prediction interval (of a new study's true effect)."""
    least = 0.95 - one_sided(0.95, sets)
    for k in sizes:
        mean = tau2 = new = 0
        for i in range(sets):
            rng = generator(70, k, i)
            found = meta_analysis(*studies(k, TAU, rng), leave_one_out=False)
            mean += _covers(found.mean.ci95, MEAN)
            tau2 += _covers(found.heterogeneity.tau2_ci95, TAU**2)
            new += _covers(found.prediction, MEAN + TAU * float(rng.standard_normal()))
        yield Check(f"mean of {k} studies (Knapp–Hartung), coverage", sets, mean / sets, least, 1.0)
        yield Check(f"τ² of {k} studies (Q-profile), coverage", sets, tau2 / sets, least, 1.0)
        lowest = PREDICTED - one_sided(PREDICTED, sets)
        yield Check(f"prediction from {k} studies, coverage", sets, new / sets, lowest, 1.0)


def alike_checks(sets: int, sizes: tuple[int, ...] = (3, 10)) -> Iterator[Check]:
    """Coverage of the mean's interval and of τ² = 0, if all studies have one true effect."""
    least = 0.95 - one_sided(0.95, sets)
    for k in sizes:
        mean = tau2 = 0
        for i in range(sets):
            found = meta_analysis(*studies(k, 0.0, generator(71, k, i)), leave_one_out=False)
            mean += _covers(found.mean.ci95, MEAN)
            tau2 += found.heterogeneity.tau2_ci95[0] == 0.0
        yield Check(f"mean of {k} alike studies, coverage", sets, mean / sets, least, 1.0)
        yield Check(f"τ² = 0 of {k} alike studies is in its interval", sets, tau2 / sets, least, 1.0)


def control_fixed_effect(sets: int, k: int = 10) -> Check:
    """The fixed effect's interval, asked about the mean of studies that differ."""
    hits = sum(
        _covers(meta_analysis(*studies(k, TAU, generator(72, i)), "fixed", leave_one_out=False).mean.ci95, MEAN)
        for i in range(sets)
    )
    return Check(f"fixed effect of {k} studies that differ, coverage", sets, hits / sets, 0.0, 0.8, True)


def control_normal_interval(sets: int, k: int = 3) -> Check:
    """The normal interval of the random effects, of few studies."""
    hits = 0
    for i in range(sets):
        found = meta_analysis(*studies(k, TAU, generator(73, i)), leave_one_out=False).random
        assert found is not None
        hits += _covers(found.ci95, MEAN)
    return Check(f"normal interval of {k} studies, coverage", sets, hits / sets, 0.0, 0.92, True)

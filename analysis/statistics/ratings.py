"""Ratings as answers: their distribution, the agreement between people, and how people use the scale."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from analysis.statistics.distributions import midranks
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.results import Floats
from analysis.statistics.value_results import Distribution, RatingAgreement, ScaleUse
from analysis.statistics.values import Values

MOST_STEPS = 10  # up to as many, a scale counts as ordered categories
BINS = 10  # of a slider
LEAST_FOR_ONE_NUMBER = 10  # with fewer numbers of a person it says nothing that all are the same


def check_steps(values: Values, steps: int | None) -> None:
    """Raise unless every number is one of the steps; `steps` None: a slider, any number of the scale."""
    if steps is None:
        return
    if steps < 2 or values.highest - values.lowest != steps - 1:
        raise DesignError(f"{steps} steps do not fit a scale from {values.lowest:g} to {values.highest:g}.")
    between = values.given & (np.rint(values.values - values.lowest) != values.values - values.lowest)
    if between.any():
        row, column = (int(x[0]) for x in np.nonzero(between))
        raise BallotsError(
            f"{values.values[row, column]:g} lies between two steps of the scale from {values.lowest:g} to "
            f"{values.highest:g}; correct it, or leave it empty.",
            row,
        )


def bins_of(lowest: float, highest: float, steps: int | None) -> tuple[tuple[float, float], ...]:
    """A bin for each step of the scale, or ten equal ones of a slider (None)."""
    if steps is not None:
        return tuple((lowest + i, lowest + i) for i in range(steps))
    edges = [lowest + i * (highest - lowest) / BINS for i in range(BINS)] + [highest]
    return tuple(pairwise(edges))


def distribution(values: Values, steps: int | None) -> Distribution:
    """How many answers lie in each bin, per condition; `steps` of the scale, None for a slider."""
    bins = bins_of(values.lowest, values.highest, steps)
    counts = np.zeros((values.k, len(bins)), dtype=int)
    for row, column, here in zip(counts, values.values.T, values.given.T, strict=True):
        row[:] = np.bincount(bin_of(column[here], values.lowest, values.highest, steps), minlength=len(bins))
    return Distribution(bins=bins, counts=counts)


def bin_of(numbers: np.ndarray, lowest: float, highest: float, steps: int | None) -> np.ndarray:
    """The bin of each number, shape (N,)."""
    if steps is not None:
        return np.rint(numbers - lowest).astype(np.intp)
    return np.minimum((numbers - lowest) * BINS / (highest - lowest), BINS - 1).astype(np.intp)


def interval_alpha(units: np.ndarray, values: np.ndarray) -> float | None:
    """Krippendorff's (2004) α for interval data: values (N,) given to units (N,); None without variation.

    On the `midranks` of the values that are paired it is α for ordinal data: the ordinal difference of two values
    is the difference of their midranks.
    """
    size = np.bincount(units)
    n = float(size.sum())
    if n == 0:
        return None
    values = values - values.mean()  # changes no difference, but improves their precision
    squares = np.bincount(units, weights=values**2)
    sums = np.bincount(units, weights=values)
    expected = n * float(squares.sum()) - float(sums.sum()) ** 2
    if expected <= 1e-12 * n:
        return None
    within = (size * squares - sums**2)[size > 0] / np.maximum(size[size > 0] - 1, 1)
    return float(1 - (n - 1) * float(within.sum()) / expected)


def paired(units: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of units that have at least two, and their units numbered from 0."""
    kept = np.bincount(units)[units] >= 2
    return np.unique(units[kept], return_inverse=True)[1], values[kept]


def rating_agreement(values: Values, steps: int | None) -> RatingAgreement | None:
    """Krippendorff's α and intraclass correlations of people on images; None for one person.

    Units are the images (clip × condition), raters the people; repeats are left out, so that nobody agrees with
    themselves.
    """
    if values.p < 2:
        return None
    first = values.given & ~values.is_repeat[:, None]
    row, condition = np.nonzero(first)
    image = values.clip[row].astype(np.int64) * values.k + condition
    numbers, person = values.values[first], values.participant[row]
    units, compared = paired(image, numbers)
    single, average = intraclass(person, image, numbers) if values.part is None else (None, None)
    return RatingAgreement(
        alpha_interval=interval_alpha(units, compared),
        alpha_ordinal=interval_alpha(units, midranks(compared))
        if steps is not None and steps <= MOST_STEPS and len(compared)
        else None,
        icc_single=single,
        icc_average=average,
        images=len(np.unique(image)),
        participants=len(np.unique(person)),
    )


def intraclass(person: np.ndarray, image: np.ndarray, numbers: np.ndarray) -> tuple[float | None, float | None]:
    """ICC(2,1) and ICC(2,k) of Shrout and Fleiss (1979), two-way random effects, absolute agreement; all (N,).

    None unless each of at least two people gave one number to each of at least two images, and for numbers that are
    all the same.
    """
    people, person = np.unique(person, return_inverse=True)
    images, image = np.unique(image, return_inverse=True)
    k, n = len(people), len(images)
    if k < 2 or n < 2 or len(numbers) != n * k or len(np.unique(image * k + person)) != n * k:
        return None, None
    table = np.empty((n, k))
    table[image, person] = numbers
    centred = table - table.mean()
    between_images = k * float((centred.mean(axis=1) ** 2).sum()) / (n - 1)
    between_people = n * float((centred.mean(axis=0) ** 2).sum()) / (k - 1)
    rest = centred - centred.mean(axis=1, keepdims=True) - centred.mean(axis=0)
    residual = float((rest**2).sum()) / ((n - 1) * (k - 1))
    people_and_error = k * residual + k * (between_people - residual) / n
    single = between_images - residual + people_and_error
    average = between_images + (between_people - residual) / n
    if single <= 1e-12 or average <= 1e-12:
        return None, None
    return (between_images - residual) / single, (between_images - residual) / average


def scale_use(values: Values) -> ScaleUse:
    """How people use the scale: mean, spread, and the share of the number that they gave most often."""
    numbers = values.values[values.given]
    person = np.repeat(values.participant, values.given.sum(axis=1))
    size = np.bincount(person, minlength=values.p)
    rated = size > 0
    mean = np.bincount(person, weights=numbers, minlength=values.p)[rated] / size[rated]
    off = numbers - (np.bincount(person, weights=numbers, minlength=values.p) / np.maximum(size, 1))[person]
    spread = np.bincount(person, weights=off**2, minlength=values.p)
    several = size > 1
    distinct, code = np.unique(numbers, return_inverse=True)
    used, counts = np.unique(person.astype(np.int64) * max(len(distinct), 1) + code, return_counts=True)
    most = np.zeros(values.p)
    np.maximum.at(most, used // max(len(distinct), 1), counts)
    same = most[rated] / size[rated]
    return ScaleUse(
        participants=int(rated.sum()),
        mean=_five(mean),
        sd=_five(np.sqrt(spread[several] / (size[several] - 1))),
        same=_five(same),
        one_number=int(((same == 1.0) & (size[rated] >= LEAST_FOR_ONE_NUMBER)).sum()),
        least=LEAST_FOR_ONE_NUMBER,
    )


def _five(numbers: np.ndarray) -> Floats:
    """The smallest, the quartiles and the largest; none without numbers."""
    return tuple(float(x) for x in np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1])) if len(numbers) else ()

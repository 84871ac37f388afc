"""The results of statistics of ratings and of other answers than choices, as `results` has those of choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.design_results import HotellingTest
from analysis.statistics.results import THESE_CLIPS, Estimate, Floats, Interval, TestResult

Numbers = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class ValueScores:
    """Numbers given to images, per condition; `ci95` of `mean` is for these clips. None without any number.

    `answers`: how many numbers; `cannot_say`: shown images of which people could not say. `mean`: mean over
    participants of a participant's mean, `se` its standard error; `sd`: of all the numbers.
    """

    answers: tuple[int, ...]
    cannot_say: tuple[int, ...]
    mean: Numbers
    sd: Numbers
    se: Numbers
    ci95: tuple[Interval | None, ...]
    interval_method: tuple[str | None, ...]
    draws: int
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class ValuesByClip:
    """Mean number of each clip and condition, None without any; and how many there are, shape (clips, conditions)."""

    mean: tuple[Numbers, ...]
    answers: np.ndarray


@dataclass(frozen=True, kw_only=True)
class CannotSay:
    """How often people could not say, of how many images they were asked, both per condition.

    `test`: whether that differs between conditions; None if it is the same for everybody.
    """

    counts: tuple[int, ...]
    asked: tuple[int, ...]
    test: TestResult | None


@dataclass(frozen=True, kw_only=True)
class ValuesByPosition:
    """Mean difference of a number from its condition's mean, by position; for people who rated at all positions.

    `test`: Hotelling's T² over people, that the position makes no difference.
    """

    mean: Floats
    participants: int
    test: HotellingTest
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How many answers lie in each bin; `counts` has the shape (conditions, bins), or (1, bins) for the music.

    A bin is a step of the scale (both ends are that number), or a part of a slider with its lower end; the last part
    has its upper end too.
    """

    bins: tuple[Interval, ...]
    counts: np.ndarray


@dataclass(frozen=True, kw_only=True)
class RatingAgreement:
    """Agreement between people on images (clip × condition), from first trials.

    Krippendorff's α: 1 if people agree, 0 on average if they agree no more than by chance; it is low too if all images
    are nearly alike, whatever people do. `alpha_ordinal` only with up to ten steps. Shrout and Fleiss (1979), only if
    everybody rated the same images: `icc_single` (ICC(2,1)) of one person, `icc_average` (ICC(2,k)) of the mean of
    all `participants`.
    """

    alpha_interval: float | None
    alpha_ordinal: float | None
    icc_single: float | None
    icc_average: float | None
    images: int
    participants: int


@dataclass(frozen=True, kw_only=True)
class RatingRetest:
    """Images to which one person gave two numbers, in a trial and in its hidden repeat.

    `mean_absolute_difference` with its interval and `shift` (second minus first) are in steps of the scale, `same` is
    the share of equal numbers. `icc_single`: ICC(2,1) of the two times, 1 if they agree; None if all numbers are one.
    """

    images: int
    participants: int
    mean_absolute_difference: float
    ci95: Interval | None
    same: float
    shift: float
    icc_single: float | None
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class ScaleUse:
    """How people use the scale: the smallest, the quartiles and the largest over people.

    `mean` and `sd` of a person's numbers, `same`: the share of the number that the person gave most often.
    `one_number`: people of at least `least` numbers, all of them the same.
    """

    participants: int
    mean: Floats
    sd: Floats
    same: Floats
    one_number: int
    least: int


@dataclass(frozen=True, kw_only=True)
class Categories:
    """Categories picked for images (a row for each condition) or for the music (one row).

    `answers`: trials in which the question was answered; `counts` (rows, categories). `share`: mean over participants
    of the share of a participant's answers with the category, None without answers; its interval is for these clips.
    """

    categories: tuple[str, ...]
    answers: tuple[int, ...]
    counts: np.ndarray
    share: tuple[tuple[Estimate | None, ...], ...]
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class TrialNumbers:
    """Numbers given once a trial, for the music or for how sure a person is; `mean` of people's means."""

    answers: int
    cannot_say: int
    mean: Estimate | None
    distribution: Distribution
    population: str = THESE_CLIPS


@dataclass(frozen=True, kw_only=True)
class TextCounts:
    """How many of the trials have a text, and of how many people."""

    trials: int
    given: int
    participants: int


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The mean point of each condition on two scales, with the 95 % ellipse of the mean, for these clips.

    The ellipse: (x − centre)' covariance⁻¹ (x − centre) ≤ `radius2` (Hotelling's T² over participants' means);
    `covariance` (2, 2) is that of the mean and may be singular. `participants`: people with both numbers, without any
    of whom `centre` is None; with fewer than three `covariance` and `radius2` are None.
    """

    scales: tuple[str, str]
    participants: tuple[int, ...]
    centre: tuple[tuple[float, float] | None, ...]
    covariance: tuple[tuple[Floats, Floats] | None, ...]
    radius2: Numbers
    population: str = THESE_CLIPS

"""Error rates off the clean case: images not shown, few and unequal clips, positions under personal tastes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from analysis.statistics.ballots import NONE, PRESET, Ballots
from analysis.statistics.contrast_tests import ContrastTester, cells_of
from analysis.statistics.contrasts import mean_centred, pair_contrasts, points_contrasts
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.design_checks import position_bias
from analysis.statistics.distributions import two_sided_t
from analysis.statistics.ranks import skillings_mack
from benchmarks.proof_checks import Check, band, generator, one_sided

WEIGHTS = (3.0, 1.0)
PEOPLE, CLIPS, K = 30, 6, 4
SD_PEOPLE, SD_CLIPS = 0.8, 0.7
REDEFINED = points_contrasts({"redefined": PRESET[:2]}, PRESET)[0]
PAIR = pair_contrasts(K)[0][2]

Hide = Callable[[np.random.Generator], np.ndarray]


def ballots_with(hidden: np.ndarray, rng: np.random.Generator, sd_clips: float = SD_CLIPS) -> Ballots:
    """A null study of 30 people × 6 clips; `hidden` (P, C, K): images that were not shown."""
    utility = (
        SD_PEOPLE * rng.standard_normal((PEOPLE, 1, K))
        + sd_clips * rng.standard_normal((1, CLIPS, K))
        + rng.gumbel(size=(PEOPLE, CLIPS, K))
    )
    utility[hidden] = -np.inf
    ranked = np.argsort(-utility, axis=-1).reshape(-1, K).astype(np.int8)
    shown = np.isfinite(np.take_along_axis(utility.reshape(-1, K), ranked.astype(int), axis=1))
    return Ballots(
        conditions=PRESET,
        participants=tuple(f"p{i}" for i in range(PEOPLE)),
        clips=tuple(f"c{j}" for j in range(CLIPS)),
        participant=np.repeat(np.arange(PEOPLE, dtype=np.int32), CLIPS),
        clip=np.tile(np.arange(CLIPS, dtype=np.int32), PEOPLE),
        first=ranked[:, 0],
        second=ranked[:, 1],
        order=np.where(shown, ranked, NONE).astype(np.int8),
    )


def _seldom(rng: np.random.Generator) -> np.ndarray:
    hidden = np.zeros((PEOPLE, CLIPS, K), dtype=bool)
    hidden[..., 0] = rng.random((PEOPLE, CLIPS)) >= 0.3
    return hidden


def _half_the_people(_rng: np.random.Generator) -> np.ndarray:
    hidden = np.zeros((PEOPLE, CLIPS, K), dtype=bool)
    hidden[: PEOPLE // 2, :, 0] = True
    return hidden


EXPOSURES: tuple[tuple[str, Hide], ...] = (
    ("a condition on 30 % of ballots", _seldom),
    ("half the people without a condition", _half_the_people),
)


def exposure_levels(sets: int) -> Iterator[Check]:
    """Level of the primary test, of a pair, and of Skillings–Mack (without clip effects: it is for these clips)."""
    for number, (name, hide) in enumerate(EXPOSURES):
        primary = pair = ranks = 0
        for i in range(sets):
            rng = generator(20 + number, i)
            study = ballots_with(hide(rng), rng)
            tester = ContrastTester(study, cells_of(study), WEIGHTS)
            primary += _rejects(tester, REDEFINED)
            pair += _rejects(tester, PAIR)
            fixed = ballots_with(hide(rng), rng, sd_clips=0.0)
            test = skillings_mack(*mean_centred(fixed, WEIGHTS))
            ranks += test is not None and test.p < 0.05
        high = 0.05 + one_sided(0.05, sets)
        for what, found in (("primary level", primary), ("pair level", pair), ("Skillings–Mack level", ranks)):
            yield Check(f"{what}, {name}", sets, found / sets, 0.0, high)


def _rejects(tester: ContrastTester, contrast) -> bool:
    test = tester.new_clips(contrast)
    return test is not None and test.p is not None and test.p < 0.05


def control_points_of_all_ballots(sets: int) -> Check:
    """The control: points divided by all ballots, as if a condition that was not shown had lost."""
    rejected = 0
    for i in range(sets):
        rng = generator(20, i)
        study = ballots_with(_seldom(rng), rng)
        y = study.points(WEIGHTS) @ REDEFINED.coefficients
        crossed = cells_of(study).design.mean(y)
        rejected += two_sided_t(crossed.mean / crossed.variance**0.5, crossed.df) < 0.05
    name = "points divided by all ballots, a condition on 30 % of them"
    return Check(name, sets, rejected / sets, 0.25, 1.0, control=True)


def clip_levels(sets: int) -> Iterator[Check]:
    """Level of the primary test by the number and the balance of clips; four conditions unless named."""
    person, clip = (x.reshape(-1) for x in np.mgrid[0:PEOPLE, 0:CLIPS])
    uneven = (clip == 0) | (person < PEOPLE // 5)
    cases = [
        ("K = 2, C = 5", 2, 5, None, False, 0.055),
        ("K = 2, C = 6", 2, 6, None, False, 0.055),
        ("K = 4, C = 5", 4, 5, None, False, 0.055),
        ("one clip by all and five by a fifth", 4, 6, (person[uneven], clip[uneven]), False, 0.05),
        ("3 of 12 clips", 4, 12, _rotation(12, 3), False, 0.05),
        ("2 of 24 clips", 4, 24, _rotation(24, 2), False, 0.05),
        ("t₃ clip effects", 4, 6, None, True, 0.05),
    ]
    for number, (name, k, clips, cells, heavy, allowed) in enumerate(cases):
        rows, columns = cells or (x.reshape(-1) for x in np.mgrid[0:PEOPLE, 0:clips])
        design = CrossedDesign(rows, columns)
        rejected = 0
        for i in range(sets):
            rng = generator(30 + number, i)
            y = _null_contrast(rng, design, (PEOPLE, clips, k), heavy=heavy)
            crossed = design.mean(y)
            if crossed is not None and crossed.variance > 0:  # else there is no test, as in some sparse tables
                rejected += two_sided_t(crossed.mean / crossed.variance**0.5, crossed.df) < 0.05
        # STATISTICS: 0.066 is accepted with five or six clips of few conditions, else 0.061.
        yield Check(f"primary level, {name}", sets, rejected / sets, 0.0, allowed + one_sided(allowed, sets))


def _rotation(clips: int, answers: int) -> tuple[np.ndarray, np.ndarray]:
    """Each person's clips: `answers` of them, starting where the person before ended."""
    person = np.repeat(np.arange(PEOPLE), answers)
    return person, np.arange(PEOPLE * answers) % clips


def _null_contrast(
    rng: np.random.Generator, design: CrossedDesign, size: tuple[int, int, int], *, heavy: bool
) -> np.ndarray:
    people, clips, k = size
    effects = rng.standard_t(3, (clips, k)) / 3**0.5 if heavy else rng.standard_normal((clips, k))
    utility = (
        SD_PEOPLE * rng.standard_normal((people, k))[design.row]
        + SD_CLIPS * effects[design.column]
        + rng.gumbel(size=(design.n, k))
    )
    best = np.argsort(-utility, axis=1)
    side = np.where(np.arange(k) < k // 2, 1.0, -1.0)
    return WEIGHTS[0] * side[best[:, 0]] + WEIGHTS[1] * side[best[:, 1]]


def position_level(sets: int) -> Check:
    """Level of the position test if people have tastes for places of SD 1 that cancel out over people."""
    rejected = 0
    study = ballots_with(np.zeros((PEOPLE, CLIPS, K), dtype=bool), generator(40))
    for i in range(sets):
        rng = generator(41, i)
        utility = np.repeat(rng.standard_normal((PEOPLE, K)), CLIPS, axis=0) + rng.gumbel(size=(PEOPLE * CLIPS, K))
        place = utility.argmax(axis=1) + 1
        test = position_bias(_at(study, place))
        rejected += test is not None and test.p < 0.05
    low, high = band(0.05, sets)
    return Check("position test, personal tastes of SD 1, level", sets, rejected / sets, low, high)


def _at(study: Ballots, place: np.ndarray) -> Ballots:
    return Ballots(
        conditions=study.conditions,
        participants=study.participants,
        clips=study.clips,
        participant=study.participant,
        clip=study.clip,
        first=study.first,
        second=study.second,
        position_first=place.astype(np.int32),
    )

"""Check the statistics by simulation: their error rates and coverage are as stated, and wrong methods are detected.

    python benchmarks/proof_by_simulation.py            # the full sizes, writes docs/proof-by-simulation.md
    python benchmarks/proof_by_simulation.py --quick    # a tenth of the data sets and wider bands; writes nothing

Data: u_ijk = μ_k + a_ik + c_jk + Gumbel noise, the best two are chosen; 30 participants, 6 clips. Bands are binomial,
99.9 % two-sided or 0.1 % one-sided. Exit status 1 if a check fails, or if a control, which must fail, passes.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis.statistics.assumed_choices import simulate_choices  # noqa: E402
from analysis.statistics.ballots import PRESET, Ballots, points_of_outcomes  # noqa: E402
from analysis.statistics.contrast_tests import cells_of, these_clips_test  # noqa: E402
from analysis.statistics.contrasts import participant_means  # noqa: E402
from analysis.statistics.crossed_design import CrossedDesign  # noqa: E402
from analysis.statistics.permutation import permutation_test  # noqa: E402
from analysis.statistics.plackett_luce import WorthErrors  # noqa: E402
from analysis.statistics.scores import studentized_interval  # noqa: E402
from analysis.statistics.sequential import log_e_values  # noqa: E402
from analysis.statistics.worth_fit import fit_worths, influence_values  # noqa: E402
from benchmarks import proof_of_meta_analysis as several  # noqa: E402
from benchmarks import proof_of_pairs  # noqa: E402
from benchmarks import proof_of_ratings as ratings  # noqa: E402
from benchmarks import proof_where_the_clean_case_ends as off  # noqa: E402
from benchmarks.proof_checks import SEED, Check, band, generator, one_sided, row  # noqa: E402

PEOPLE, CLIPS, K = 30, 6, 4
WEIGHTS = (3.0, 1.0)
SETTINGS = ((0.0, 0.0), (0.8, 0.0), (0.8, 0.3), (0.8, 0.7), (0.0, 0.7))
STRONG = (0.8, 0.7)
NO_EFFECT = np.zeros(K)
EFFECT = np.array([1.4, 1.8, 0.0, 0.0])
REDEFINED = np.array([1.0, 1.0, -1.0, -1.0])
FRESH = 2_400_000  # ballots for a true value


def ballots_of(first: np.ndarray, second: np.ndarray) -> Ballots:
    """Return one simulated study, choices of shape (P, C), as ballots."""
    people, clips = first.shape
    return Ballots(
        conditions=PRESET,
        participants=tuple(f"p{i}" for i in range(people)),
        clips=tuple(f"c{j}" for j in range(clips)),
        participant=np.repeat(np.arange(people, dtype=np.int32), clips),
        clip=np.tile(np.arange(clips, dtype=np.int32), people),
        first=first.reshape(-1),
        second=second.reshape(-1),
    )


def differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the points of redefined minus original images for each ballot."""
    return WEIGHTS[0] * REDEFINED[first] + WEIGHTS[1] * REDEFINED[second]


def choose(utility: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    utility = utility + rng.gumbel(size=utility.shape)
    first = utility.argmax(axis=-1)
    np.put_along_axis(utility, first[..., None], -np.inf, axis=-1)
    return first.astype(np.int8), utility.argmax(axis=-1).astype(np.int8)


def with_clips(
    clip_effects: np.ndarray, mu: np.ndarray, sd: float, people: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return choices (P, C) of new participants on given clip effects (C, K)."""
    return choose(mu + sd * rng.standard_normal((people, 1, K)) + clip_effects, rng)


def mirrored(sd: float, rng: np.random.Generator) -> np.ndarray:
    """Return effects of three clips and their mirror images: redefined and original do not differ on average."""
    half = sd * rng.standard_normal((CLIPS // 2, K))
    return np.concatenate([half, half[:, [2, 3, 0, 1]]])


def redefined_effect(fit_theta: np.ndarray) -> float:
    return float(fit_theta @ (REDEFINED / 2))


def participant_t_mirrored(sets: int) -> Check:
    rejected = 0
    for i in range(sets):
        rng = generator(1, i)
        first, second = with_clips(mirrored(STRONG[1], rng), NO_EFFECT, STRONG[0], PEOPLE, rng)
        means = differences(first, second).mean(axis=1)
        rejected += _t_p(means) < 0.05
    return Check("participant t, mirrored clips, level", sets, rejected / sets, *band(0.05, sets))


def _t_p(means: np.ndarray) -> float:
    test = these_clips_test(means, "t")
    assert test is not None
    assert test.p is not None
    return test.p


def _fixed_clips() -> np.ndarray:
    return STRONG[1] * generator(2).standard_normal((CLIPS, K))


def jackknife_coverage(sets: int) -> Check:
    clips = _fixed_clips()
    truth = redefined_effect(
        fit_worths(ballots_of(*with_clips(clips, EFFECT, STRONG[0], FRESH // CLIPS, generator(3)))).theta
    )
    covered = 0
    for i in range(sets):
        study = ballots_of(*with_clips(clips, EFFECT, STRONG[0], PEOPLE, generator(4, i)))
        interval = WorthErrors(fit_worths(study), cells_of(study)).of(REDEFINED / 2).ci95
        covered += interval[0] <= truth <= interval[1]
    return Check("jackknife coverage, these clips", sets, covered / sets, *band(0.95, sets))


def bootstrap_coverage(sets: int) -> Check:
    clips = _fixed_clips()
    first, second = with_clips(clips, EFFECT, STRONG[0], FRESH // CLIPS, generator(5))
    truth = float((WEIGHTS[0] * (first == 0) + WEIGHTS[1] * (second == 0)).mean())
    covered = 0
    for i in range(sets):
        first, second = with_clips(clips, EFFECT, STRONG[0], PEOPLE, generator(6, i))
        values = (WEIGHTS[0] * (first == 0) + WEIGHTS[1] * (second == 0)).mean(axis=1)
        (low, high), _, _ = studentized_interval(values, 1_000, i)
        covered += low <= truth <= high
    return Check("studentized bootstrap, 1,000 draws", sets, covered / sets, *band(0.95, sets))


def _design() -> CrossedDesign:
    return CrossedDesign(np.repeat(np.arange(PEOPLE), CLIPS), np.tile(np.arange(CLIPS), PEOPLE))


def primary_level(sets: int) -> Iterator[Check]:
    design = _design()
    for number, (sd_p, sd_c) in enumerate(SETTINGS):
        first, second = simulate_choices(NO_EFFECT, PEOPLE, CLIPS, sd_p, sd_c, sets, generator(7, number))
        rejected = 0
        for y in differences(first, second).reshape(sets, -1):
            found = design.mean(y)
            rejected += abs(found.mean) > stats.t.ppf(0.975, found.df) * math.sqrt(found.variance)
        name = f"primary test level, σ = ({sd_p:g}, {sd_c:g})"
        yield Check(name, sets, rejected / sets, 0.0, 0.05 + one_sided(0.05, sets))


def new_clips_coverage(sets: int) -> Iterator[Check]:
    design = _design()
    for number, (sd_p, sd_c) in enumerate(SETTINGS):
        # Each of these ballots has its own participant and clip.
        first, second = simulate_choices(EFFECT, 1, 1, sd_p, sd_c, FRESH, generator(8, number))
        fresh = ballots_of(first.reshape(-1, CLIPS), second.reshape(-1, CLIPS))
        true_points = float(differences(first, second).mean())
        true_worth = redefined_effect(fit_worths(fresh).theta)
        first, second = simulate_choices(EFFECT, PEOPLE, CLIPS, sd_p, sd_c, sets, generator(9, number))
        primary = worths = 0
        for one, two in zip(first, second, strict=True):
            found = design.mean(differences(one, two).reshape(-1))
            half = stats.t.ppf(0.975, found.df) * math.sqrt(found.variance)
            primary += abs(found.mean - true_points) <= half
            estimate, variance, df = _influence(ballots_of(one, two), design)
            worths += abs(estimate - true_worth) <= stats.t.ppf(0.975, df) * math.sqrt(variance)
        least = 0.94 - one_sided(0.94, sets)
        name = f"new clips, σ = ({sd_p:g}, {sd_c:g})"
        yield Check(f"primary coverage, {name}", sets, primary / sets, least, 1.0)
        yield Check(f"Plackett–Luce coverage, {name}", sets, worths / sets, least, 1.0)


def _influence(study: Ballots, design: CrossedDesign) -> tuple[float, float, float]:
    """Return (estimate, variance, df) for new clips as `WorthErrors` does, without its jackknife."""
    fit = fit_worths(study)
    crossed = design.mean(influence_values(fit, REDEFINED / 2) * design.n)
    return redefined_effect(fit.theta), crossed.variance, crossed.df


def permutation_level(sets: int) -> Check:
    rejected = 0
    for i in range(sets):
        rng = generator(10, i)
        first, second = with_clips(np.zeros((CLIPS, K)), NO_EFFECT, 0.0, PEOPLE, rng)
        study = ballots_of(first, second)
        means, _ = participant_means(study, points_of_outcomes(K, WEIGHTS))
        rejected += permutation_test(means, 299, rng, "").p <= 0.05
    return Check("permutation, σ = (0, 0), 299 draws", sets, rejected / sets, *band(0.05, sets))


def _mirrored_people(people: int, rng: np.random.Generator) -> np.ndarray:
    first, second = with_clips(mirrored(STRONG[1], rng), NO_EFFECT, STRONG[0], people, rng)
    return differences(first, second).mean(axis=1) / sum(WEIGHTS)


def e_process_level(sets: int) -> Iterator[Check]:
    for people in (100, 200):
        stopped = sum(
            bool((log_e_values(_mirrored_people(people, generator(11, people, i))) >= math.log(20)).any())
            for i in range(sets)
        )
        yield Check(f"e-process, N = {people}", sets, stopped / sets, 0.0, 0.05 + one_sided(0.05, sets))


def control_participant_t(sets: int) -> Check:
    first, second = simulate_choices(NO_EFFECT, PEOPLE, CLIPS, *STRONG, sets, generator(12))
    means = differences(first, second).mean(axis=2)
    p = stats.ttest_1samp(means, 0, axis=1).pvalue
    return Check("participant t asked about new clips", sets, float((p < 0.05).mean()), 0.20, 1.0, True)


def control_free_relabelling(sets: int) -> Check:
    first, second = simulate_choices(NO_EFFECT, PEOPLE, CLIPS, *STRONG, sets, generator(13))
    rejected = 0
    for i in range(sets):
        study = ballots_of(first[i], second[i])
        rejected += permutation_test(study.points(WEIGHTS), 299, generator(14, i), "").p <= 0.05
    return Check("free relabelling of ballots", sets, rejected / sets, 0.5, 1.0, True)


def control_raw_sandwich(sets: int) -> Check:
    first, second = simulate_choices(EFFECT, 1, 1, *STRONG, FRESH, generator(8, SETTINGS.index(STRONG)))
    truth = redefined_effect(fit_worths(ballots_of(first.reshape(-1, CLIPS), second.reshape(-1, CLIPS))).theta)
    first, second = simulate_choices(EFFECT, PEOPLE, CLIPS, *STRONG, sets, generator(15))
    covered = 0
    for one, two in zip(first, second, strict=True):
        fit = fit_worths(ballots_of(one, two))
        table = influence_values(fit, REDEFINED / 2).reshape(PEOPLE, CLIPS)
        people, clips = table.sum(axis=1), table.sum(axis=0)
        variance = float(people @ people + clips @ clips - (table**2).sum())
        covered += abs(redefined_effect(fit.theta) - truth) <= 1.959964 * math.sqrt(max(variance, 0.0))
    return Check("raw two-way sandwich with z, coverage", sets, covered / sets, 0.0, 0.92, True)


def control_repeated_t(sets: int) -> Check:
    rejected = 0
    for i in range(sets):
        d = _mirrored_people(100, generator(16, i))
        n = np.arange(1, 101)
        means = np.cumsum(d) / n
        variance = (np.cumsum(d**2) - n * means**2)[2:] / (n[2:] - 1)
        t = np.abs(means[2:]) / np.sqrt(np.maximum(variance, 1e-12) / n[2:])
        rejected += bool((t > stats.t.ppf(0.975, n[2:] - 1)).any())
    return Check("repeated t tests, N = 100", sets, rejected / sets, 0.25, 1.0, True)


def all_checks(share: float = 1.0) -> Iterator[Check]:
    """Yield all checks, with this share of the full number of data sets."""

    def sized(full: int) -> int:
        return max(100, int(full * share))

    singles: list[tuple[Callable[[int], Check], int]] = [
        (participant_t_mirrored, 10_000),
        (jackknife_coverage, 10_000),
        (bootstrap_coverage, 2_000),
        (permutation_level, 1_000),
        (control_participant_t, 2_000),
        (control_free_relabelling, 300),
        (control_raw_sandwich, 2_000),
        (control_repeated_t, 2_000),
        (off.control_points_of_all_ballots, 2_000),
        (ratings.control_cannot_say_is_lowest, 2_000),
        (several.control_fixed_effect, 2_000),
        (several.control_normal_interval, 2_000),
    ]
    many: list[tuple[Callable[[int], Iterator[Check]], int]] = [
        (primary_level, 10_000),
        (new_clips_coverage, 10_000),
        (e_process_level, 4_000),
        (off.exposure_levels, 4_000),
        (off.clip_levels, 4_000),
        (lambda sets: iter([off.position_level(sets)]), 4_000),
        (ratings.level, 4_000),
        (ratings.coverage, 4_000),
        (proof_of_pairs.pair_checks, 4_000),
        (several.meta_checks, 10_000),
        (several.alike_checks, 10_000),
    ]
    for check, full in singles[:4]:
        yield check(sized(full))
    for checks, full in many:
        yield from checks(sized(full))
    for check, full in singles[4:]:
        yield check(sized(full))


HEADER = """# The proof by simulation

Made by `make proof` (`python benchmarks/proof_by_simulation.py`) with seed {seed}. People choose by
u = μ + person × condition + clip × condition + Gumbel noise and name the best two; 30 people, 6 clips;
standard deviations (σ of people, σ of clips) as named, otherwise (0.8, 0.7); μ = 0 for levels and (1.4, 1.8, 0, 0) for
coverage; true values from 2.4 million other ballots. Ratings: seven steps, u with normal noise of SD 1 rounded, means
(4.8, 5.2, 4, 4) for coverage, true values exact. Pairs: all of a clip, ties by Davidson's model with ν = 0.7, means
(0.7, 0.9, 0, 0) for coverage. Several studies: errors of 0.15 to 0.45, true effects with an SD of 0.4 or alike. A
correct method falls into the accepted range in 999 of 1,000 runs. The controls are
methods known to be wrong; a control that passed would show that the check finds no errors.

| check | data sets | found | accept | |
|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the data sets, write nothing")
    quick = parser.parse_args().quick
    start = time.perf_counter()
    rows, broken = [], 0
    for check in all_checks(0.1 if quick else 1.0):
        rows.append(row(check))
        broken += not check.passed
        print(rows[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    if not quick:
        seconds = time.perf_counter() - start
        text = HEADER.format(seed=SEED) + "\n".join(rows) + f"\n\nTook {seconds:.0f} s on one core.\n"
        (ROOT / "docs" / "proof-by-simulation.md").write_text(text, encoding="utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

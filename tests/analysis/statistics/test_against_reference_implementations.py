"""Every family of statistics against a second, simple implementation, on random studies."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import make_ballots
from analysis.statistics.crossed_design import crossed_mean
from analysis.statistics.design_checks import krippendorff_alpha
from analysis.statistics.permutation import permutation_test
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.ranks import skillings_mack
from analysis.statistics.scores import studentized_interval
from analysis.statistics.sequential import e_process
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import simulated
from tests.analysis.statistics import reference_implementations as slow

QUICK = AnalysisPlan(draws=200, random_effects=False)


def random_study(
    seed: int, k: int = 4, people: int = 12, clips: int = 4, tastes: float = 0.6
) -> tuple[list[tuple[str, str, str | None, str | None]], tuple[str, ...]]:
    """Rows with missing ballots and missing second choices, and the conditions."""
    rng = np.random.default_rng(seed)
    keys = tuple("abcdef"[:k])
    mean = tastes * rng.normal(size=k)
    rows = []
    for i in range(people):
        for j in range(clips):
            if rng.random() < 0.15:
                continue
            best = [keys[x] for x in np.argsort(-(mean + rng.gumbel(size=k)))]
            rows.append((f"p{i:02}", f"c{j}", best[0], best[1] if rng.random() < 0.8 else None))
    return rows, keys


def analysed(rows, keys, plan=QUICK):
    people, clips, first, second = zip(*rows, strict=True)
    return to_json(analyse(make_ballots(people, clips, first, second, conditions=keys), plan))


@pytest.mark.parametrize(("seed", "k"), [(0, 3), (1, 4), (2, 5)])
def test_worths_and_their_errors_choice_by_choice(seed: int, k: int) -> None:
    rows, keys = random_study(seed, k)
    found = analysed(rows, keys)["plackett_luce"]
    reference, free = found["reference"], [key for key in keys if key != found["reference"]]
    made = slow.choices(rows, keys)
    theta = found["log_worth"]
    assert slow.log_likelihood(theta, made) == pytest.approx(found["loglik"], rel=1e-10)

    def slope(some) -> np.ndarray:
        """By central differences: free of any formula for the score."""
        each = []
        for key in free:
            up, down = (theta | {key: theta[key] + step} for step in (1e-5, -1e-5))
            each.append((slow.log_likelihood(up, some) - slow.log_likelihood(down, some)) / 2e-5)
        return np.array(each)

    np.testing.assert_allclose(slope(made), 0, atol=1e-5)
    at = [keys.index(key) for key in free]
    covariance = np.linalg.inv(slow.information(theta, made, keys)[np.ix_(at, at)])
    for i, key in enumerate(free):
        assert found["se"][key] == pytest.approx(np.sqrt(covariance[i, i]), rel=1e-6)
    scores = np.array([slope([c for c in made if c[0] == person]) for person in sorted({row[0] for row in rows})])
    robust = covariance @ (scores.T @ scores) @ covariance
    for i, key in enumerate(free):
        assert found["se_robust"][key] == pytest.approx(np.sqrt(robust[i, i]), rel=1e-5)
    assert found["log_worth"][reference] == 0


def test_the_jackknife_refits_without_each_person() -> None:
    rows, keys = random_study(3, 3, people=9)
    found = analysed(rows, keys)["plackett_luce"]
    people = sorted({row[0] for row in rows})
    without = []
    for person in people:
        made = slow.choices([row for row in rows if row[0] != person], keys)
        without.append(
            slow.maximum(keys, found["reference"], lambda theta, made=made: slow.log_likelihood(theta, made))
        )
    for key in keys:
        if key == found["reference"]:
            continue
        values = np.array([theta[key] for theta in without])
        n = len(people)
        se = np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum())
        assert found["se_jackknife"][key] == pytest.approx(se, rel=1e-5)
        half = stats.t.ppf(0.975, n - 1) * se
        middle = found["log_worth"][key]
        np.testing.assert_allclose(found["ci95"][key], [middle - half, middle + half], rtol=1e-5)


def test_the_new_clips_interval_is_the_crossed_formula_on_influence_values() -> None:
    rows, keys = random_study(4, 4, clips=6)
    found = analysed(rows, keys)["plackett_luce"]
    reference, theta = found["reference"], found["log_worth"]
    free = [key for key in keys if key != reference]
    at = [keys.index(key) for key in free]
    made = [slow.choices([row], keys) for row in rows]
    covariance = np.linalg.inv(slow.information(theta, slow.choices(rows, keys), keys)[np.ix_(at, at)])
    scores = []
    for some in made:
        score = np.zeros(len(keys))
        for _person, left, one in some:
            total = sum(np.exp(theta[key]) for key in left)
            for key in left:
                score[keys.index(key)] += (key == one) - np.exp(theta[key]) / total
        scores.append(score[at])
    influence = len(rows) * np.array(scores) @ covariance
    people, clips = (sorted({row[i] for row in rows}) for i in (0, 1))
    for i, key in enumerate(free):
        *_, variance, df = slow.henderson(
            [people.index(row[0]) for row in rows], [clips.index(row[1]) for row in rows], influence[:, i]
        )
        assert found["se_new_clips"][key] == pytest.approx(np.sqrt(variance), rel=1e-6)
        half = stats.t.ppf(0.975, df) * np.sqrt(variance)
        np.testing.assert_allclose(
            found["ci95_new_clips"][key], [theta[key] - half, theta[key] + half], rtol=1e-6, atol=1e-9
        )


def test_the_penalised_estimate_and_its_profile() -> None:
    rows, keys = random_study(5, 3, people=6, clips=3)
    rows = [row for row in rows if "c" not in row[2:]]  # nobody chose c
    found = analysed(rows, keys)["plackett_luce"]
    assert found["separated"] == ["c"]
    assert found["se_robust"] is None
    made = slow.choices(rows, keys)
    reference = found["reference"]
    best = slow.maximum(keys, reference, lambda theta: slow.firth_height(theta, made, keys))
    for key in keys:
        assert found["log_worth"][key] == pytest.approx(best[key], abs=1e-6)
    top = slow.firth_height(best, made, keys)
    middle = next(key for key in keys if key not in (reference, "c"))

    def drop(value: float) -> float:
        """How far the penalised likelihood falls with c's log worth held at `value`."""
        held = optimize.minimize_scalar(
            lambda x: -slow.firth_height({reference: 0.0, "c": value, middle: x}, made, keys),
            bracket=(best[middle] - 1, best[middle] + 1),
            tol=1e-12,
        )
        return 2 * (top + held.fun)

    for bound in found["ci95"]["c"]:
        assert drop(bound) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_crossed_components_with_holes_by_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keep = rng.random((10, 5)) < (0.5 if seed % 2 else 0.85)
    keep[:, 0] = keep[0] = True  # everybody and every clip linked
    row, column = np.nonzero(keep)
    y = rng.normal(size=10)[row] * (seed % 3) + rng.normal(size=5)[column] + rng.normal(size=len(row))
    ours = crossed_mean(row, column, y)
    np.testing.assert_allclose(
        [ours.var_rows, ours.var_columns, ours.var_residual, ours.variance, ours.df],
        slow.henderson(row, column, y),
        rtol=1e-8,
    )


@pytest.mark.parametrize(
    "vectors",
    [
        [[3.0, 1, 0], [3, 0, 1], [1, 3, 0], [3, 1, 0], [3, 0, 0]],
        [[2.0, 0], [2, 0], [0, 2], [1, 1], [2, 0], [1.5, 0.5]],
        [[3.0, 1, 0, 0], [1, 3, 0, 0], [3, 1, 0, 0]],
    ],
)
def test_permutation_against_every_relabelling(vectors: list[list[float]]) -> None:
    exact = slow.permutation_p(np.array(vectors))
    found = permutation_test(np.array(vectors), 60_000, np.random.default_rng(1), "")
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 60_000) + 2e-5)


def test_bootstrap_of_patterns_is_the_bootstrap_of_people() -> None:
    rng = np.random.default_rng(2)
    for values in (rng.gamma(2.0, size=25), rng.choice([0.0, 0.5, 2.0], size=80)):  # few patterns, many
        ours, _, method = studentized_interval(values, 40_000, 0)
        assert method == "studentized bootstrap"
        np.testing.assert_allclose(ours, slow.bootstrap_t(values, 40_000, rng), atol=0.02 * values.std())


def test_krippendorffs_alpha_by_coincidences() -> None:
    rng = np.random.default_rng(3)
    units, values = rng.integers(0, 6, 60), rng.integers(0, 4, 60)
    assert krippendorff_alpha(units, values) == pytest.approx(slow.krippendorff(units, values), rel=1e-12)


def test_skillings_mack_as_published() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(15, 5))
    present = rng.random((15, 5)) < 0.7
    present[:, :2] = True
    wanted, df = slow.skillings_mack(
        [[float(v) if p else None for v, p in zip(*row, strict=True)] for row in zip(values, present, strict=True)]
    )
    found = skillings_mack(values, present)
    assert (found.statistic, found.df) == (pytest.approx(wanted, rel=1e-9), df)


def test_e_values_bet_by_bet() -> None:
    d = np.random.default_rng(5).uniform(-1, 1, 12)
    np.testing.assert_allclose(e_process(d).e_values, slow.e_values(d.tolist()), rtol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_an_order_changes_on_either_side_of_its_crossing_and_nowhere_else(seed: int) -> None:
    rows, keys = random_study(10 + seed, 4, tastes=0.2)
    crossings = analysed(rows, keys)["sensitivity"]["weights"]["crossings"]

    def order(ratio: float) -> list[str]:
        means = {
            key: data["mean_points"]
            for key, data in analysed(rows, keys, AnalysisPlan((1.0, ratio), draws=100, random_effects=False))[
                "scores"
            ].items()
        }
        return sorted(keys, key=lambda key: -means[key])

    edges = sorted({round(c["ratio"], 12) for c in crossings})
    middles = [(a + b) / 2 for a, b in zip([0.0, *edges], [*edges, 1.0], strict=True)]
    orders = [order(ratio) for ratio in middles]
    assert all(a != b for a, b in pairwise(orders))
    for start, end, there in zip([0.0, *edges], [*edges, 1.0], orders, strict=True):
        for share in (0.02, 0.98):
            assert order(start + share * (end - start)) == there


@pytest.mark.parametrize("repeats", [False, True])
def test_leaving_out_a_clip_or_a_person_is_the_analysis_without_their_rows(repeats: bool) -> None:
    """All figures of each analysis: estimate, p, interval, the order by mean points; and the count of firsts."""
    study = simulated(people=7, clips=8, seed=3)
    keep = np.random.default_rng(0).random(study.n) < 0.85
    study = study.select(keep)
    if repeats:
        study = replace(
            study,
            **{
                name: np.append(getattr(study, name), getattr(study, name)[:5])
                for name in ("participant", "clip", "first", "second")
            },
            repeat=np.append(np.zeros(study.n, int), np.ones(5, int)),
        )
    data = to_json(analyse(study, QUICK))
    whole, best = (
        data["sensitivity"],
        max(study.conditions, key=lambda key: data["scores"][key]["mean_points"]),
    )
    for block, codes, names in (
        (whole["clips"], study.clip, study.clips),
        (whole["participants"], study.participant, study.participants),
    ):
        assert block["units"] == len(block["answers"]) == len(names)
        firsts = 0
        for number, answer in enumerate(block["answers"]):
            alone = to_json(analyse(study.select(codes != number), QUICK))
            points = {key: round(row["mean_points"], 9) for key, row in alone["scores"].items()}
            assert answer["name"] == names[number]
            assert answer["order"] == sorted(points, key=lambda key: -points[key])
            assert answer["estimate"] == pytest.approx(alone["primary"]["estimate"], rel=1e-9)
            assert answer["p"] == pytest.approx(alone["primary"]["p"], rel=1e-6)
            assert answer["ci95"] == pytest.approx(alone["primary"]["ci95"], rel=1e-6)
            firsts += answer["order"][0] == best
        assert block["same_best"] == firsts

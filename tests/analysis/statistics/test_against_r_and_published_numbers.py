"""Against numbers computed in R (script and results in r/) and published numbers."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.statistics.ballots import make_ballots
from analysis.statistics.choices import (
    Stages,
    gradient_and_information,
    log_likelihood,
    maximise,
)
from analysis.statistics.crossed_design import crossed_mean
from analysis.statistics.multiplicity import holm
from analysis.statistics.plackett_luce import plackett_luce
from analysis.statistics.quasi_variances import quasi_variances
from analysis.statistics.ranks import friedman, skillings_mack, wilcoxon

HERE = Path(__file__).parent
R = {
    key: np.array(value) if key != "note" else value
    for key, value in json.loads((HERE / "r" / "independent_numbers.json").read_text()).items()
}
PLATFORMS = ("GameCube", "PC", "PlayStation", "PSPortable", "Xbox")  # R's order, GameBoy the reference

ROUNDING_TIMES = np.array(
    [
        "5.40",
        "5.50",
        "5.55",
        "5.85",
        "5.70",
        "5.75",
        "5.20",
        "5.60",
        "5.50",
        "5.55",
        "5.50",
        "5.40",
        "5.90",
        "5.85",
        "5.70",
        "5.45",
        "5.55",
        "5.60",
        "5.40",
        "5.40",
        "5.35",
        "5.45",
        "5.50",
        "5.35",
        "5.25",
        "5.15",
        "5.00",
        "5.85",
        "5.80",
        "5.70",
        "5.25",
        "5.20",
        "5.10",
        "5.65",
        "5.55",
        "5.45",
        "5.60",
        "5.35",
        "5.45",
        "5.05",
        "5.00",
        "4.95",
        "5.50",
        "5.50",
        "5.40",
        "5.45",
        "5.55",
        "5.50",
        "5.55",
        "5.55",
        "5.35",
        "5.45",
        "5.50",
        "5.55",
        "5.50",
        "5.45",
        "5.25",
        "5.65",
        "5.60",
        "5.40",
        "5.70",
        "5.65",
        "5.55",
        "6.30",
        "6.30",
        "6.25",
    ],
    dtype=float,
).reshape(22, 3)


@pytest.fixture(scope="module")
def rankings():
    """Ranks (91, 6) that people gave six gaming platforms."""
    with (HERE / "data" / "game.csv").open() as file:
        rows = list(csv.reader(file))
    return rows[0], np.array(rows[1:], dtype=int)


def stages_of(ranks, depth):
    k = ranks.shape[1]
    counts, wins = {}, np.zeros(k)
    for row in ranks:
        left = [True] * k
        for item in np.argsort(row)[:depth]:
            counts[tuple(left)] = counts.get(tuple(left), 0) + 1
            wins[item] += 1
            left[item] = False
    return Stages(np.array(list(counts)), np.array(list(counts.values()), float), wins)


def top_two(names, ranks):
    first, second = (ranks == 1).argmax(axis=1), (ranks == 2).argmax(axis=1)
    people = [f"p{i}" for i in range(len(ranks))]
    return make_ballots(
        people, ["c"] * len(ranks), [names[i] for i in first], [names[i] for i in second], conditions=names
    )


@pytest.mark.parametrize("depth", [5, 2])
def test_rankings_of_platforms_as_coxph(rankings, depth):
    names, ranks = rankings
    stages = stages_of(ranks, depth)
    theta, _, converged = maximise(stages)
    at = names.index("GameBoy")
    order = [names.index(name) for name in PLATFORMS]
    information = gradient_and_information(theta, stages)[1]
    rest = np.delete(np.arange(len(names)), at)
    covariance = np.zeros_like(information)
    covariance[np.ix_(rest, rest)] = np.linalg.inv(information[np.ix_(rest, rest)])
    assert converged
    np.testing.assert_allclose((theta - theta[at])[order], R[f"game_coef_{depth}"], rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance))[order], R[f"game_se_{depth}"], rtol=1e-7)
    np.testing.assert_allclose(log_likelihood(theta, stages), R[f"game_loglik_{depth}"][0], rtol=1e-10)


def test_top_two_with_robust_errors_as_coxph_with_cluster(rankings):
    names, ranks = rankings
    fit = plackett_luce(top_two(names, ranks), "GameBoy")
    order = [names.index(name) for name in PLATFORMS]
    np.testing.assert_allclose(np.array(fit.log_worth)[order], R["game_coef_2"], rtol=1e-8)
    np.testing.assert_allclose(np.array(fit.se)[order], R["game_se_2"], rtol=1e-7)
    np.testing.assert_allclose(np.array(fit.se_robust)[order], R["game_robust_2"], rtol=1e-7)
    pc = names.index("PC")
    assert fit.log_worth[pc] == pytest.approx(2.182405109, rel=1e-9)
    assert fit.se[pc] == pytest.approx(0.383540520, rel=1e-8)
    assert fit.se_robust[pc] == pytest.approx(0.386113055, rel=1e-8)
    assert fit.loglik == pytest.approx(-269.085948, rel=1e-9)


def test_friedman_on_rounding_times():
    test, _ = friedman(ROUNDING_TIMES)
    assert test.statistic == pytest.approx(11.1428571, rel=1e-8)
    assert test.p == pytest.approx(0.00380504, rel=1e-6)


def test_friedman_with_ties_as_r():
    test, _ = friedman(R["friedman_data"].reshape(30, 4))
    assert test.statistic == pytest.approx(R["friedman"][0], rel=1e-10)
    assert test.p == pytest.approx(R["friedman"][1], rel=1e-10)


def test_skillings_mack_is_friedman_on_complete_data_with_ties():
    values = R["friedman_data"].reshape(30, 4)
    assert skillings_mack(values, np.ones((30, 4), bool)).statistic == pytest.approx(R["friedman"][0], rel=1e-10)


def test_wilcoxon_on_depression():
    x = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    y = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    test = wilcoxon(x - y)
    assert (test.statistic, test.exact) == (40, True)
    assert test.p == pytest.approx(0.0390625, rel=1e-12)


def test_wilcoxon_exact_with_ties_as_coin():
    scores = R["friedman_data"].reshape(30, 4)
    test = wilcoxon(scores[:, 0] - scores[:, 1])
    assert test.statistic == R["wilcoxon_V"][0]
    assert test.p == pytest.approx(R["wilcoxon_exact_p"][0], rel=1e-9)


def test_wilcoxon_of_many_is_normal_with_tie_correction():
    test = wilcoxon(R["wilcoxon_big_data"])
    assert not test.exact
    assert test.statistic == R["wilcoxon_big"][0]
    assert test.p == pytest.approx(R["wilcoxon_big"][1], rel=1e-9)


def test_holm_as_r():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005, 0.5, 0.04]), R["holm"])


def test_crossed_mean_on_penicillin():
    """lme4's REML and the analysis of variance agree on balanced data, to REML's tolerance."""
    plate, sample = np.repeat(np.arange(24), 6), np.tile(np.arange(6), 24)
    crossed = crossed_mean(plate, sample, R["penicillin"])
    assert crossed.mean == pytest.approx(22.9722222, rel=1e-8)
    assert np.sqrt(crossed.variance) == pytest.approx(0.808573391, rel=1e-8)
    assert crossed.df == pytest.approx(5.48709, rel=1e-6)
    components = [crossed.var_rows, crossed.var_columns, crossed.var_residual]
    np.testing.assert_allclose(components, R["penicillin_fit"][2:], rtol=2e-4)


def test_quasi_variances_of_ships():
    found = quasi_variances(R["ships_covariance"].reshape(5, 5))
    np.testing.assert_allclose(found.values, R["ships_qv"], rtol=1e-5)
    published = [0.20096585, 0.11270516, 0.37525049, 0.32389354, 0.23217186]  # quasi standard errors
    np.testing.assert_allclose(np.sqrt(found.values), published, rtol=1e-5)

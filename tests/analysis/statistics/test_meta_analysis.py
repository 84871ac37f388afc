"""Several studies together: against the numbers that R's metafor prints, published data, and identities."""

import numpy as np
import pytest

from analysis.statistics.distributions import chi_square_quantile, t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.meta_analysis import cochran_q, error_of_interval, meta_analysis

# metafor's dat.bcg (Colditz and others 1994): tuberculosis among people with and without the vaccine, 13 trials.
TPOS = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27.0])
TNEG = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886.0])
CPOS = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29.0])
CNEG = np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825.0])
LOG_RISK_RATIO = np.log(TPOS / (TPOS + TNEG) / (CPOS / (CPOS + CNEG)))
RISK_ERROR = np.sqrt(1 / TPOS - 1 / (TPOS + TNEG) + 1 / CPOS - 1 / (CPOS + CNEG))
LOG_ODDS_RATIO = np.log(TPOS * CNEG / (TNEG * CPOS))
ODDS_ERROR = np.sqrt(1 / TPOS + 1 / TNEG + 1 / CPOS + 1 / CNEG)

# metafor's dat.raudenbush1985: teachers' expectations and pupils' IQ, 19 studies (Raudenbush 2009, table 16.1).
EXPECTANCY = [0.03, 0.12, -0.14, 1.18, 0.26, -0.06, -0.02, -0.32, 0.27, 0.80, 0.54, 0.18, -0.02, 0.23, -0.18, -0.06]
EXPECTANCY += [0.30, 0.07, -0.07]
EXPECTANCY_ERROR = [0.125, 0.147, 0.167, 0.373, 0.369, 0.103, 0.103, 0.220, 0.164, 0.251, 0.302, 0.223, 0.289, 0.290]
EXPECTANCY_ERROR += [0.159, 0.167, 0.139, 0.094, 0.174]

PRINTED = 5e-5  # of four decimals


def test_reml_is_that_of_metafor() -> None:
    found = meta_analysis(LOG_RISK_RATIO, RISK_ERROR)
    assert found.random is not None
    assert (found.random.estimate, found.random.se) == pytest.approx((-0.7145, 0.1798), abs=PRINTED)
    spread = found.heterogeneity
    assert (spread.tau2, spread.q, spread.df) == pytest.approx((0.3132, 152.2330, 12), abs=PRINTED)
    assert (100 * spread.i2, spread.h2) == pytest.approx((92.22, 12.86), abs=0.005)
    assert spread.tau2_ci95 == pytest.approx((0.1197, 1.1115), abs=PRINTED)
    # rma(yi, vi, test="knha")
    mean = found.mean
    assert (mean.estimate, mean.se, mean.df, mean.p) == pytest.approx((-0.7145, 0.1808, 12, 0.0019), abs=PRINTED)
    assert mean.ci95 == pytest.approx((-1.1084, -0.3206), abs=PRINTED)
    assert not found.raised
    assert found.weights == pytest.approx((1 / (RISK_ERROR**2 + spread.tau2)) * found.random.se**2)
    assert sum(found.weights) == pytest.approx(1)
    # predict(res, transf=exp) prints 0.14 and 1.76: t(12) and the Knapp–Hartung error. Ours has t(11) and the other.
    half = t_quantile(0.975, 12) * np.sqrt(spread.tau2 + mean.se**2)
    assert np.exp([mean.estimate - half, mean.estimate + half]) == pytest.approx((0.14, 1.76), abs=0.005)
    half = t_quantile(0.975, 11) * np.sqrt(spread.tau2 + found.random.se**2)
    assert found.prediction == pytest.approx((mean.estimate - half, mean.estimate + half))


def test_dersimonian_laird_and_the_fixed_effect_are_those_of_metafor() -> None:
    found = meta_analysis(LOG_RISK_RATIO, RISK_ERROR, "dl")
    assert found.random is not None
    assert (found.random.estimate, found.heterogeneity.tau2) == pytest.approx((-0.7141, 0.3088), abs=PRINTED)
    assert found.random.ci95 == pytest.approx((-1.064, -0.364), abs=5e-4)  # Stata's metan
    fixed = meta_analysis(LOG_RISK_RATIO, RISK_ERROR, "fixed")
    assert (fixed.mean.estimate, fixed.mean.se) == pytest.approx((-0.4303, 0.0405), abs=PRINTED)
    assert fixed.mean.ci95 == pytest.approx((-0.5097, -0.3509), abs=PRINTED)
    assert fixed.mean.estimate / fixed.mean.se == pytest.approx(-10.6247, abs=PRINTED)
    assert fixed.mean == found.fixed
    assert (fixed.prediction, fixed.random) == (None, None)
    assert fixed.weights == fixed.fixed_weights


def test_other_published_data() -> None:
    # metafor-project.org, analyses:vanhouwelingen2002: confint(res)
    odds = meta_analysis(LOG_ODDS_RATIO, ODDS_ERROR)
    assert odds.heterogeneity.tau2_ci95 == pytest.approx((0.1302, 1.1812), abs=1e-4)  # its root is near
    # metafor's test_analysis_example_raudenbush1985.r
    found = meta_analysis(EXPECTANCY, EXPECTANCY_ERROR)
    assert found.random is not None
    assert (found.random.estimate, found.heterogeneity.tau2) == pytest.approx((0.0837, 0.0188), abs=2e-4)
    assert found.heterogeneity.q == pytest.approx(35.8295, abs=0.03)  # from errors of three decimals
    assert found.random.estimate / found.random.se == pytest.approx(1.6208, abs=0.01)


def test_each_study_left_out_is_the_analysis_of_the_others() -> None:
    found = meta_analysis(LOG_RISK_RATIO, RISK_ERROR, "dl")
    others = np.arange(13) != 4
    alone = meta_analysis(LOG_RISK_RATIO[others], RISK_ERROR[others], "dl")
    row = found.without_one[4]
    assert (row.left_out, row.estimate, row.ci95) == (4, alone.mean.estimate, alone.mean.ci95)
    assert (row.tau2, row.i2) == (alone.heterogeneity.tau2, alone.heterogeneity.i2)
    # metafor's test of alike errors: the mean of the others
    alike = meta_analysis([2, 1, 5, 4, 6], [1.0] * 5)
    assert [row.estimate for row in alike.without_one] == pytest.approx([4, 4.25, 3.25, 3.5, 3])


def test_studies_that_agree_have_no_shorter_interval_than_the_fixed_effect() -> None:
    found = meta_analysis([0.5, 0.52, 0.48], [0.2, 0.2, 0.2])
    assert found.heterogeneity.tau2 == 0
    assert found.heterogeneity.tau2_ci95[0] == 0
    assert found.raised
    assert found.mean.se == found.fixed.se == pytest.approx(0.2 / 3**0.5)
    assert found.mean.ci95[1] - 0.5 == pytest.approx(t_quantile(0.975, 2) * 0.2 / 3**0.5)


def test_few_studies_get_what_they_can_carry() -> None:
    two = meta_analysis([0.1, 0.9], [0.1, 0.1])
    assert two.prediction is None
    assert two.mean.df == 1
    assert [(row.estimate, row.ci95) for row in two.without_one] == [(0.9, None), (0.1, None)]
    # Two studies of equal error: REML is the moment estimate, half the squared difference less the variance.
    assert two.heterogeneity.tau2 == pytest.approx(0.8**2 / 2 - 0.1**2)
    assert meta_analysis([0.1, 0.9, 0.4], [0.1] * 3).prediction is not None
    for estimates, errors in (([0.1], [0.1]), ([], []), ([0.1, 0.2], [0.1, 0.0]), ([0.1, np.nan], [0.1, 0.1])):
        with pytest.raises(DesignError):
            meta_analysis(estimates, errors)
    for estimate, error in ((1e200, 0.1), (0.1, 1e160), (0.1, 1e-170), (np.inf, 0.1)):
        with pytest.raises(DesignError, match="beyond 1e50"):
            meta_analysis([0.1, estimate], [0.1, error])
    with pytest.raises(DesignError, match="no method"):
        meta_analysis([0.1, 0.2], [0.1, 0.1], "ml")


def test_only_studies_that_lie_closer_than_expected_raise_the_error() -> None:
    for method in ("reml", "dl"):  # of two studies the factor is 1, whatever they are
        for distance in np.linspace(0.6, 3, 25):
            assert not meta_analysis([0.1, 0.1 + distance], [0.2, 0.3], method).raised, (method, distance)


def test_a_study_that_says_nothing_changes_nothing_and_one_that_says_all_is_no_fault() -> None:
    plain = meta_analysis([0.3, 0.1, 0.5], [0.1] * 3)
    vague = meta_analysis([0.3, 0.1, 0.5, 7.0], [0.1, 0.1, 0.1, 1e8])
    assert vague.heterogeneity.tau2 == pytest.approx(plain.heterogeneity.tau2, rel=1e-9)
    assert vague.mean.estimate == pytest.approx(plain.mean.estimate, rel=1e-9)
    errors = np.array([1e-8, 0.1, 1e3])
    exact = meta_analysis([0.3, 0.5, 0.1], errors, "dl")
    (low, high), y = exact.heterogeneity.tau2_ci95, np.array([0.3, 0.5, 0.1])
    assert low == 0
    assert cochran_q(y, errors**2, high) == pytest.approx(chi_square_quantile(0.025, 2))
    # Q − df over the spread of the weights: with w1 ≫ w2 ≫ w3 it is (w2 d² − 2) / (2 w2).
    assert exact.heterogeneity.tau2 == pytest.approx((100 * 0.2**2 - 2) / 200, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_other_units_change_nothing_but_the_unit(factor: float) -> None:
    plain, scaled = (meta_analysis(f * LOG_RISK_RATIO, f * RISK_ERROR) for f in (1.0, factor))
    assert scaled.mean.ci95 == pytest.approx([factor * end for end in plain.mean.ci95], rel=1e-7)
    assert scaled.heterogeneity.tau2 == pytest.approx(factor**2 * plain.heterogeneity.tau2, rel=1e-7)
    assert scaled.heterogeneity.tau2_ci95 == pytest.approx([factor**2 * e for e in plain.heterogeneity.tau2_ci95])


def test_reml_is_a_maximum_of_the_restricted_likelihood() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        errors = rng.uniform(0.05, 2.0, size=6)
        estimates = rng.normal(0, 0.7, size=6)
        found = meta_analysis(estimates, errors, leave_one_out=False).heterogeneity.tau2

        def likelihood(tau2: float, y: np.ndarray = estimates, v: np.ndarray = errors**2) -> float:
            covariance = np.diag(v + tau2)
            one = np.ones((len(y), 1))
            inverse = np.linalg.inv(covariance)
            information = (one.T @ inverse @ one)[0, 0]
            residual = y - (one.T @ inverse @ y)[0] / information
            return float(-np.linalg.slogdet(covariance)[1] - np.log(information) - residual @ inverse @ residual) / 2

        others = np.concatenate([[0.0], np.geomspace(1e-6, 50, 400)])
        assert likelihood(found) >= max(likelihood(tau2) for tau2 in others) - 1e-9


@pytest.mark.parametrize("df", [3.7, 5.0, 29.2, 400.0])
@pytest.mark.parametrize("t", [0.01, 0.5, 1.9, 3.0, 8.0])
def test_an_interval_and_its_p_tell_the_error_and_its_degrees_of_freedom(df: float, t: float) -> None:
    half = t_quantile(0.975, df) * 0.3
    found = error_of_interval(0.3 * t, (0.3 * t - half, 0.3 * t + half), two_sided_t(t, df))
    assert found == pytest.approx((0.3, df), rel=1e-6)


def test_an_interval_that_tells_no_error_gives_none() -> None:
    assert error_of_interval(0.0, (-1.0, 1.0), 1.0) is None
    assert error_of_interval(1.0, (0.0, 2.0), 0.05) is None  # of every number of degrees
    assert error_of_interval(1.0, (0.5, 2.0), 0.01) is None  # a profile interval lies askew
    assert error_of_interval(1.0, (0.5, 1.5), 0.9) is None  # p of another interval

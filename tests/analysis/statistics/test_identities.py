"""Properties that hold for any data."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import NONE, Ballots
from analysis.statistics.crossed_design import crossed_mean
from analysis.statistics.plackett_luce import plackett_luce
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.power import crossed_p_values
from analysis.statistics.worth_fit import fit_worths
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import by_hand, rows_of, simulated

QUICK = AnalysisPlan(draws=200, random_effects=False)


@st.composite
def studies(draw):
    """Any small study: 2 to 6 conditions, missing ballots, missing choices."""
    k = draw(st.integers(2, 6))
    people, clips = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    pairs = [(i, j) for i in range(people) for j in range(clips) if rng.random() < 0.85] or [(0, 0)]
    rows = []
    for i, j in pairs:
        first, second = (str(x) for x in rng.choice(list("abcdef"[:k]), 2, replace=False))
        kind = rng.random()
        rows.append((f"p{i}", f"c{j}", None if kind < 0.05 else first, None if kind < 0.2 else second))
    return by_hand(rows, "abcdef"[:k])


@settings(max_examples=12, deadline=None)
@given(studies())
def test_any_study_gives_finite_numbers_or_null(ballots):
    json.dumps(to_json(analyse(ballots, QUICK)), allow_nan=False)


@settings(max_examples=6, deadline=None)
@given(studies(), st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(ballots, seed):
    shuffled = np.random.default_rng(seed).permutation(ballots.n)
    other = ballots.select(shuffled)
    assert_close(to_json(analyse(ballots, QUICK)), to_json(analyse(other, QUICK)))


@settings(max_examples=6, deadline=None)
@given(studies(), st.integers(0, 10**6))
def test_relabelling_conditions_permutes_results(ballots, seed):
    k = ballots.k
    place = np.random.default_rng(seed).permutation(k)  # old number → new number
    back = np.append(place, NONE).astype(np.int8)
    names = tuple(ballots.conditions[i] for i in np.argsort(place))
    moved = replace(ballots, conditions=names, first=back[ballots.first], second=back[ballots.second])
    plan = replace(QUICK, reference="a")
    one, two = to_json(analyse(ballots, plan)), to_json(analyse(moved, plan))
    for key in ("scores", "by_clip", "friedman", "kendall_w", "permutation"):
        assert_close(one[key], two[key])
    if one["plackett_luce"] is None:
        assert two["plackett_luce"] is None
    else:
        for key in ("log_worth", "se", "se_robust", "worth", "loglik", "ci95"):
            assert_close(one["plackett_luce"][key], two["plackett_luce"][key], 1e-4)


def assert_close(one, two, rel=1e-6):
    assert type(one) is type(two), (one, two)
    if isinstance(one, dict):
        assert one.keys() == two.keys()
        for key in one:
            assert_close(one[key], two[key], rel)
    elif isinstance(one, list):
        assert len(one) == len(two)
        for x, y in zip(one, two, strict=True):
            assert_close(x, y, rel)
    elif isinstance(one, float):
        assert one == pytest.approx(two, rel=rel, abs=rel)
    else:
        assert one == two


def copied(ballots: Ballots, *, new_people: bool) -> Ballots:
    """All rows twice: as other people, or as repeats by the same ones."""
    twice = {name: np.tile(getattr(ballots, name), 2) for name in ("participant", "clip", "first", "second")}
    repeat = np.repeat([0, 1], ballots.n)
    if not new_people:
        return replace(ballots, **twice, repeat=repeat)
    twice["participant"] = twice["participant"] + ballots.p * repeat.astype(np.int32)
    people = (*ballots.participants, *(f"{name}-copy" for name in ballots.participants))
    return replace(ballots, participants=people, **twice)


def test_copies_under_new_ids_halve_every_variance():
    study = simulated()
    one, two = (
        plackett_luce(study, "original_tags"),
        plackett_luce(copied(study, new_people=True), "original_tags"),
    )
    np.testing.assert_allclose(one.log_worth, two.log_worth, atol=1e-10)
    for key in ("se", "se_robust"):
        np.testing.assert_allclose(np.square(getattr(one, key)) / 2, np.square(getattr(two, key)), rtol=1e-9)


def test_copies_under_the_same_ids_leave_the_robust_error():
    study = simulated()
    one, two = (
        plackett_luce(study, "original_tags"),
        plackett_luce(copied(study, new_people=False), "original_tags"),
    )
    np.testing.assert_allclose(np.square(one.se) / 2, np.square(two.se), rtol=1e-9)
    np.testing.assert_allclose(one.se_robust, two.se_robust, rtol=1e-9)
    np.testing.assert_allclose(one.se_new_clips, two.se_new_clips, rtol=1e-9)
    primary = [analyse(x, QUICK).primary for x in (study, copied(study, new_people=False))]
    assert primary[0].se == pytest.approx(primary[1].se, rel=1e-12)


def one_choice_each(counts, conditions="abcd"):
    rows = [(f"p{k}{i}", "c", key, None) for k, key in enumerate(conditions) for i in range(counts[k])]
    return by_hand(rows, conditions)


def test_one_first_choice_each_gives_log_ratios_and_equal_errors():
    fit = plackett_luce(one_choice_each([12, 7, 5, 3]), "d")
    np.testing.assert_allclose(fit.log_worth, np.log(np.array([12, 7, 5, 3]) / 3), atol=1e-10)
    np.testing.assert_allclose(fit.se, fit.se_robust, rtol=1e-9)


def test_a_condition_that_nobody_chose_gets_the_jeffreys_estimate():
    fit = plackett_luce(one_choice_each([20, 7, 3, 0]), "c")
    assert fit.separated == ("d",)
    np.testing.assert_allclose(fit.log_worth, np.log(np.array([20.5, 7.5, 3.5, 0.5]) / 3.5), atol=1e-7)
    assert fit.se_robust is None
    assert all(np.isfinite(x) for interval in fit.ci95 for x in interval)
    assert "0 of 30 participants ever chose d, so at most 9.5 %" in fit.bounds[0].text


def test_a_condition_that_everybody_put_first_is_separated():
    rows = [(f"p{i}", "c", "a", "bcd"[i % 3]) for i in range(12)]
    rows += [(f"p{i}", "e", "a", "bcd"[(i + 1) % 3]) for i in range(12)]
    assert plackett_luce(by_hand(rows), "b").separated == ("a",)


def test_profile_interval_agrees_with_the_drop_in_penalised_likelihood():
    from analysis.statistics.penalised import maximise_penalised, profile_interval

    fit = fit_worths(one_choice_each([20, 7, 3, 0]))
    contrast = np.array([0.0, 0.0, -1.0, 1.0])
    for bound in profile_interval(fit.stages, contrast, fit.theta, fit.height):
        dropped = fit.height - maximise_penalised(fit.stages, contrast, bound)[1]
        assert 2 * dropped == pytest.approx(3.841459, rel=1e-4)


def test_a_profile_interval_exists_if_the_likelihood_is_nearly_flat_far_away():
    from analysis.statistics.choices import Stages
    from analysis.statistics.penalised import maximise_penalised, profile_interval

    sets = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=bool)
    stages = Stages(sets, chosen=np.array([6.0, 2, 1, 7]), wins=np.array([14.0, 2, 0]))
    contrast = np.array([-1.0, 1.0, 0.0])
    theta, height, converged = maximise_penalised(stages)
    assert converged
    for bound in profile_interval(stages, contrast, theta, height):
        assert 2 * (height - maximise_penalised(stages, contrast, bound)[1]) == pytest.approx(3.841459, rel=1e-4)


@pytest.mark.parametrize("each", [1, 3])
def test_henderson_on_complete_data_is_the_closed_form(each):
    y = np.random.default_rng(3).normal(size=(5, 9, 4, each)) + np.random.default_rng(4).normal(size=(5, 1, 4, 1))
    row, column = np.repeat(np.arange(9), 4 * each), np.tile(np.repeat(np.arange(4), each), 9)
    from scipy import stats

    for table, p in zip(y, crossed_p_values(y), strict=True):
        found = crossed_mean(row, column, table.reshape(-1))
        t = abs(found.mean) / np.sqrt(found.variance)
        assert 2 * stats.t.sf(t, found.df) == pytest.approx(p, rel=1e-9)


def test_henderson_components_are_unbiased_with_missing_ballots():
    rng = np.random.default_rng(5)
    keep = rng.random((30, 8)) < 0.7
    row, column = np.nonzero(keep)
    found = np.mean(
        [
            [c.var_rows, c.var_columns, c.var_residual]
            for _ in range(800)
            if (
                c := crossed_mean(
                    row,
                    column,
                    (rng.normal(size=(30, 1)) * 1.0 + rng.normal(size=(1, 8)) * 0.7 + rng.normal(size=(30, 8)) * 1.5)[
                        keep
                    ],
                )
            )
        ],
        axis=0,
    )
    np.testing.assert_allclose(found, [1.0, 0.49, 2.25], atol=0.06)


def test_rows_survive_a_round_trip():
    study = simulated(5, 3)
    again = by_hand(rows_of(study), study.conditions)
    np.testing.assert_array_equal(study.first, again.first)

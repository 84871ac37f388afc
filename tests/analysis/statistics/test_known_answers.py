"""Each family of statistics on small data whose answer is known."""

import itertools

import numpy as np
import pytest

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import PRESET, PRESET_FACTORS, make_ballots
from analysis.statistics.contrasts import factor_contrasts
from analysis.statistics.design_checks import krippendorff_alpha, position_bias
from analysis.statistics.errors import DesignError
from analysis.statistics.match_control import match_control
from analysis.statistics.permutation import permutation_test
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.random_effects import fit_random_effects, random_effects
from analysis.statistics.ranks import wilcoxon
from analysis.statistics.retest import retest_reliability
from analysis.statistics.scores import scores, studentized_interval
from analysis.statistics.sensitivity import weight_line
from analysis.statistics.sequential import e_process, order_of_start, ready_prefix
from analysis.statistics.worth_fit import fit_worths
from tests.analysis.sample_ballots import by_hand, simulated
from tests.analysis.statistics import reference_implementations as slow


def test_points_add_up_by_hand():
    found = scores(by_hand([("p", "c", "a", "b"), ("p", "d", "a", None), ("q", "c", "b", "a")]), (3.0, 1.0), 200)
    assert found.points[:2] == (7.0, 4.0)
    assert found.mean_points[:2] == (2.0, 1.75)  # mean over people of their mean per ballot
    assert (found.first[:2], found.second[:2]) == ((2, 1), (1, 1))


def test_scores_without_spread_have_a_point_as_interval():
    assert studentized_interval(np.full(9, 2.0), 500, 0) == ((2.0, 2.0), 0.0, "t")


def test_wilcoxon_exact_is_the_count_of_all_signs():
    d = np.array([1, -2, 2, 3, 3, -3, 5, 8.0])
    ranks = np.array([1, 2.5, 2.5, 5, 5, 5, 7, 8])
    v = np.array([ranks @ (np.array(s) > 0) for s in itertools.product((1, -1), repeat=8)])
    observed = ranks[d > 0].sum()
    p = min(1.0, 2 * min((v <= observed).mean(), (v >= observed).mean()))
    assert wilcoxon(d).p == pytest.approx(p, rel=1e-12)


def test_permutation_agrees_with_all_relabellings():
    vectors = np.array([[3.0, 1, 0], [3, 0, 1], [1, 3, 0], [3, 1, 0]])
    totals = [
        sum(row[list(o)] for row, o in zip(vectors, orders, strict=True))
        for orders in itertools.product(itertools.permutations(range(3)), repeat=4)
    ]
    t = ((np.array(totals) - 16 / 3) ** 2).sum(axis=1)
    exact = (t >= ((vectors.sum(axis=0) - 16 / 3) ** 2).sum() - 1e-9).mean()
    found = permutation_test(vectors, 40_000, np.random.default_rng(0), "")
    assert found.p == pytest.approx(exact, abs=0.01)


def test_permutation_of_many_people_takes_the_same_distribution_as_of_single_ones():
    vectors = np.tile([[3.0, 1, 0, 0], [1, 3, 0, 0]], (40, 1))
    grouped = permutation_test(vectors[:2], 4_000, np.random.default_rng(0), "", np.array([40, 40]))
    assert grouped.statistic == pytest.approx(permutation_test(vectors, 999, np.random.default_rng(1), "").statistic)


def test_factorial_effects_are_the_half_coding():
    contrasts = {row.name: row.coefficients for row in factor_contrasts(PRESET_FACTORS, PRESET)}
    np.testing.assert_allclose(contrasts["redefined"], [0.5, 0.5, -0.5, -0.5])
    np.testing.assert_allclose(contrasts["sentence"], [-0.5, 0.5, -0.5, 0.5])
    np.testing.assert_allclose(contrasts["interaction"], [-1, 1, 1, -1])


def test_random_effects_come_back_from_simulated_data():
    studies = [simulated(60, 16, (0.8, 0.7), seed=s) for s in range(3)]
    found = [random_effects(fit_random_effects(study), study.conditions, "original_tags") for study in studies]
    assert np.mean([f.sd_participants for f in found]) == pytest.approx(0.8, abs=0.15)
    assert np.mean([f.sd_clips for f in found]) == pytest.approx(0.7, abs=0.15)
    worths = np.mean([f.log_worth for f in found], axis=0)
    np.testing.assert_allclose(worths[:2], [1.4, 1.8], atol=0.6)
    assert all(f.converged for f in found)


def test_fixed_worths_come_back_from_simulated_data():
    fit = fit_worths(simulated(3_000, 6, (0.0, 0.0), (1.0, 0.5, 0.0, -0.5, 0.2, 0.0)))
    np.testing.assert_allclose(fit.theta - fit.theta[2], [1.0, 0.5, 0.0, -0.5, 0.2, 0.0], atol=0.06)


def test_weights_change_an_order_exactly_at_the_crossing():
    rows = [(f"p{i}", "c", "a", "c") for i in range(5)] + [(f"q{i}", "c", "b", "a") for i in range(1)]
    rows += [(f"r{i}", "c", "d", "b") for i in range(5)] + [("s", "c", "b", "c")]
    line = weight_line(by_hand(rows), (3.0, 1.0))
    crossing = next(x for x in line.crossings if {x.a, x.b} == {"a", "b"})
    assert crossing.ratio == pytest.approx(3 / 4)  # 5 + 1 r = 2 + 5 r
    assert crossing.above == "a"


def test_e_process_by_hand_and_its_bounds():
    bets = np.linspace(-0.99, 0.99, 199)
    found = e_process(np.array([0.5, -0.2, 0.9]))
    by_hand_e = ((1 + bets * 0.5) * (1 - bets * 0.2) * (1 + bets * 0.9)).mean()
    assert found.e_values[-1] == pytest.approx(by_hand_e)
    assert found.decision == "go on"
    sure = e_process(np.full(30, 0.6))
    assert sure.decision == "stop"
    assert sure.e_values[sure.stopped_at - 1] >= 20
    assert sure.confidence_sequence[0] >= 0
    with pytest.raises(DesignError, match="between −1 and 1"):
        e_process(np.array([1.5]))


def test_people_enter_in_order_of_start():
    assert ready_prefix([True, False, False, True], [False, True, False, False]) == 2


def test_participants_are_ordered_by_number_not_by_text():
    codes = ("r0002", "r10000", "r9998", "r9999")  # as a table sorts them, by their text
    assert [codes[place] for place in order_of_start(codes)] == ["r0002", "r9998", "r9999", "r10000"]
    assert list(order_of_start(("b", "a", "a12", "a2"))) == [1, 3, 2, 0]


def test_the_early_stop_takes_people_by_their_number():
    """Two against redefined start, thirty for it follow; by text three of these would come first."""
    against = [(f"r{n}", "original_tags", "original_sentence") for n in (9998, 9999)]
    for_it = [(f"r{n}", "redefined_tags", "redefined_sentence") for n in range(10000, 10030)]
    people, first, second = zip(*against, *for_it, strict=True)
    ballots = make_ballots(people, ["c"] * len(people), first, second, conditions=PRESET)
    assert ballots.participants[-1] == "r9999"
    found = analyse(ballots, AnalysisPlan(sequential=True, draws=100, random_effects=False)).sequential
    expected = e_process(np.array([-1.0] * 2 + [1.0] * 30))
    assert found.e_values == pytest.approx(expected.e_values)
    assert found.stopped_at == expected.stopped_at


def test_krippendorff_alpha_as_in_the_textbook():
    """Krippendorff (2011), nominal data without missing values: two observers, ten units, α = 0.095."""
    a = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    b = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    units = np.tile(np.arange(10), 2)
    assert krippendorff_alpha(units, np.array(a + b)) == pytest.approx(0.095, abs=5e-4)


def with_columns(**columns):
    n = len(next(iter(columns.values())))
    return make_ballots(
        [f"p{i // 2}" for i in range(n)],
        [f"c{i % 2}" if "repeat" not in columns else "c" for i in range(n)],
        ["a", "b"] * (n // 2),
        ["b", "a"] * (n // 2),
        conditions=("a", "b", "c"),
        **columns,
    )


def test_position_bias_by_people_against_what_was_offered():
    positions = np.random.default_rng(1).integers(1, 4, size=20)
    found = position_bias(with_columns(position_first=positions))
    counts = np.array([np.bincount(pair, minlength=4)[1:] for pair in positions.reshape(-1, 2)])
    assert found.observed == tuple(counts.sum(axis=0))
    assert (found.df, found.df_error) == (2, 8)
    assert (found.statistic, found.p) == pytest.approx(slow.hotelling(counts - 2 / 3))


def test_a_position_that_one_person_always_chooses_is_no_bias_of_all():
    tastes = [1] * 30 + [2, 3] * 15  # one person with thirty answers, fifteen people with two
    people = ["p"] * 30 + [f"q{i // 2}" for i in range(30)]
    ballots = make_ballots(
        people, [f"c{i}" for i in range(60)], ["a", "b"] * 30, ["b", "a"] * 30, conditions="abc", position_first=tastes
    )
    assert position_bias(ballots).p > 0.05


def test_repeats_are_compared_with_what_they_repeat():
    found = retest_reliability(with_columns(repeat=[0, 1] * 4))
    assert (found.pairs, found.same_first, found.same_both) == (4, 0.0, 0.0)


def test_match_control_against_one_half():
    found = match_control(np.repeat(np.arange(10), 4), np.array([1, 1, 1, 0] * 9 + [1, 1, 0, 0], bool))
    assert found.share == pytest.approx(0.725)
    assert found.p < 0.001


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("p", "c", "a", "b"), ("p", "d", "b", "a")], "one_participant"),
        ([("p", "c", "a", "b"), ("q", "c", "b", "a")], "one_clip"),
        ([("p", "c", "a", "b"), ("q", "c", "a", "b")], "separated"),
        ([("p", "c", None, None), ("q", "c", None, None)], "all_ties"),
        ([("p", "c", "a", None), ("q", "c", "b", None)], "no_second"),
        ([("p", "c", "a", "b"), ("p", "d", "a", "b"), ("q", "d", "b", "a")], "missing"),
    ],
)
def test_small_or_uniform_data_give_a_warning(rows, code):
    result = analyse(by_hand(rows), AnalysisPlan(draws=200))
    assert code in {caution.code for caution in result.warnings}


def test_identical_ballots_give_no_p_value_but_a_warning():
    names = ("redefined_tags", "redefined_sentence", "original_tags", "original_sentence")
    rows = [(f"p{i}", f"c{j}", names[0], names[1]) for i in range(4) for j in range(5)]
    result = analyse(by_hand(rows, names), AnalysisPlan(draws=200))
    assert result.primary.p is None
    assert "no_spread" in {caution.code for caution in result.warnings}

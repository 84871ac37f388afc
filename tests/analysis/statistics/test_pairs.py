"""Pairs of images: worths, ties, triads and sides, against published numbers and slow second implementations."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.ballots import make_ballots
from analysis.statistics.bradley_terry import bradley_terry, fit_pairs
from analysis.statistics.contrast_tests import cells_of
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.pair_checks import side_bias, transitivity, win_matrix
from analysis.statistics.pairs import Pairs, make_pairs
from analysis.statistics.plackett_luce import WorthErrors, plackett_luce
from tests.analysis.statistics import slow_pairs as slow

JOURNALS = ("Biometrika", "Comm Statist", "JASA", "JRSS-B")
CITATIONS = {(0, 1): (730, 33), (0, 2): (498, 320), (0, 3): (221, 284), (1, 2): (68, 813), (1, 3): (17, 276)} | {
    (2, 3): (142, 325)
}  # Stigler (1994), as in BradleyTerry2
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)  # the American League's eastern division in 1987 (Agresti 2002, table 10.10)


def of_wins(won, names) -> Pairs:
    """Every comparison a person of its own; the winner stands left in every other one."""
    a, b = (np.repeat(x, won.ravel()).astype(np.int8) for x in np.indices(won.shape).reshape(2, -1))
    n, people = len(a), np.arange(len(a), dtype=np.int32)
    swap = people % 2 == 1
    return Pairs(
        conditions=tuple(names),
        participants=[str(i) for i in people],
        clips=("c",),
        participant=people,
        clip=np.zeros(n, dtype=np.int32),
        left=np.where(swap, b, a),
        right=np.where(swap, a, b),
        chosen=swap.astype(np.int8),
    )


def random_rows(seed, keys="abcd", people=8, clips=3, nu=0.7, share=0.9):
    """Comparisons with ties and missing ones, sides at random."""
    rng = np.random.default_rng(seed)
    theta = dict(zip(keys, 0.8 * rng.normal(size=len(keys)), strict=True))
    rows = []
    for person in range(people):
        for clip in range(clips):
            for pair in combinations(keys, 2):
                if rng.random() >= share:
                    continue
                one, other = (str(x) for x in rng.permutation(pair))
                utility = [theta[one], theta[other], (theta[one] + theta[other]) / 2 + np.log(nu)]
                best = int(np.argmax(np.array(utility) + rng.gumbel(size=3)))
                rows.append((f"p{person}", f"c{clip}", one, other, (one, other, "tie")[best]))
    return rows


def pairs_of_rows(rows, keys="abcd") -> Pairs:
    return make_pairs(*zip(*rows, strict=True), conditions=tuple(keys))


def test_citations_of_journals_as_published():
    won = np.zeros((4, 4), dtype=int)
    for (a, b), (wins, losses) in CITATIONS.items():
        won[a, b], won[b, a] = wins, losses
    fit = bradley_terry(of_wins(won, JOURNALS), "Biometrika").worths
    np.testing.assert_allclose(fit.log_worth, [0, -2.94907, -0.47957, 0.26895], atol=5e-6)
    np.testing.assert_allclose(fit.se, [0, 0.10255, 0.06059, 0.07083], atol=5e-6)
    np.testing.assert_array_equal(win_matrix(of_wins(won, JOURNALS)).wins, won)


def test_baseball_as_published():
    fit = bradley_terry(of_wins(WON, TEAMS), "Baltimore").worths
    np.testing.assert_allclose(fit.log_worth, [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0], atol=5e-5)


def test_two_images_with_ties_have_a_closed_form():
    answers = ["a"] * 20 + ["b"] * 8 + ["tie"] * 12
    pairs = pairs_of_rows([(f"p{i}", "c", *("ab" if i % 2 else "ba"), key) for i, key in enumerate(answers)], "ab")
    found = bradley_terry(pairs, "b")
    assert found.worths.log_worth[0] == pytest.approx(np.log(20 / 8), rel=1e-10)
    assert found.ties.nu == pytest.approx(12 / np.sqrt(20 * 8), rel=1e-10)
    assert found.worths.se[0] == pytest.approx(np.sqrt(1 / 20 + 1 / 8), rel=1e-8)
    assert found.worths.se_robust[0] == pytest.approx(found.worths.se[0], rel=1e-8)  # one answer each


def test_davidsons_model_comparison_by_comparison():
    rows, keys = random_rows(1), list("abcd")
    pairs = pairs_of_rows(rows)
    found = bradley_terry(pairs, "d")
    values = np.append(found.worths.log_worth[:3], found.ties.log_nu)
    np.testing.assert_allclose(slow.maximum(rows, keys), values, atol=2e-6)
    assert slow.log_likelihood(values, rows, keys) == pytest.approx(found.worths.loglik, rel=1e-12)
    covariance = np.linalg.inv(slow.information(values, rows, keys))
    np.testing.assert_allclose(found.worths.se[:3], np.sqrt(np.diag(covariance))[:3], rtol=1e-7)

    def slope(some):
        steps = 1e-5 * np.eye(4)
        return [
            (slow.log_likelihood(values + s, some, keys) - slow.log_likelihood(values - s, some, keys)) / 2e-5
            for s in steps
        ]

    scores = np.array([slope([row for row in rows if row[0] == person]) for person in pairs.participants])
    robust = np.sqrt(np.diag(covariance @ scores.T @ scores @ covariance))
    np.testing.assert_allclose(found.worths.se_robust[:3], robust[:3], rtol=1e-5)
    assert found.ties.se == pytest.approx(robust[3], rel=1e-5)


def test_the_jackknife_refits_without_each_person_and_new_clips_weigh_cells():
    rows = random_rows(2, "abc", clips=6)
    pairs = pairs_of_rows(rows, "abc")
    errors = WorthErrors(fit_pairs(pairs), cells_of(pairs))
    contrast = np.array([1.0, 0.0, -1.0])
    without = []
    for person in pairs.participants:
        rest = pairs_of_rows([row for row in rows if row[0] != person], "abc")
        without.append(contrast @ fit_pairs(rest).theta[:3])
    people = len(without)
    expected = np.sqrt((people - 1) / people * ((without - np.mean(without)) ** 2).sum())
    found = errors.of(contrast)
    assert found.se_jackknife == pytest.approx(expected, rel=1e-8)
    half = stats.t.ppf(0.975, people - 1) * expected
    np.testing.assert_allclose(found.ci95, [found.estimate - half, found.estimate + half])
    assert errors.cells.design.n == len({row[:2] for row in rows})  # a cell for each person and clip
    assert found.se_new_clips > 0


def test_without_ties_pairs_are_ballots_that_showed_two_images():
    rows = [row for row in random_rows(3) if row[4] != "tie"]
    people, clips, left, right, chosen = zip(*rows, strict=True)
    order = np.full((len(rows), 4), -1, dtype=np.int8)
    order[:, :2] = [["abcd".index(a), "abcd".index(b)] for a, b in zip(left, right, strict=True)]
    ballots = make_ballots(
        people, clips, chosen, [""] * len(rows), conditions=tuple("abcd"), order=order, repeat=range(len(rows))
    )
    one, two = bradley_terry(pairs_of_rows(rows), "d").worths, plackett_luce(ballots, "d")
    for key in ("log_worth", "se", "se_robust", "se_jackknife", "loglik", "ci95"):
        np.testing.assert_allclose(getattr(one, key), getattr(two, key), rtol=1e-9, atol=1e-12)


SEPARATED = {
    "one wins or ties": ([("a", "b", "a"), ("b", "a", "tie")], "ab"),
    "only ties": ([("a", "b", "tie"), ("b", "c", "tie"), ("c", "a", "tie")], "abc"),
    "one never wins": ([*permutations("ab", 2), ("c", "a"), ("c", "b")], "abc"),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_worths_without_a_maximum_are_penalised(case):
    shown, keys = SEPARATED[case]
    rows = [
        (f"p{i % 3}", f"c{i}", row[0], row[1], row[2] if len(row) == 3 else ("b" if row == ("c", "b") else "a"))
        for i, row in enumerate(shown * 4)
    ]
    if case == "one never wins":
        rows += [("p0", "d", "a", "b", "b"), ("p1", "d", "a", "b", "tie")]
    found = bradley_terry(pairs_of_rows(rows, keys), keys[-1])
    assert slow.is_separated(rows, keys)
    assert found.worths.penalised
    assert found.worths.separated
    assert found.worths.se_robust is None
    values = np.append(found.worths.log_worth[:-1], found.ties.log_nu)
    np.testing.assert_allclose(slow.maximum(rows, list(keys), firth=True), values, atol=5e-6)
    assert np.isfinite(found.worths.ci95).all()


def test_separation_is_found_as_by_a_linear_program():
    seen = set()
    for seed in range(60):
        rows = random_rows(seed, "abc", people=2, clips=2, nu=1.0, share=0.6)
        if not rows or not any(row[4] == "tie" for row in rows):
            continue
        pairs = pairs_of_rows(rows, "abc")
        fit = fit_pairs(pairs)
        if fit is None:
            assert len(win_matrix(pairs).groups) > 1
            continue
        assert fit.penalised == slow.is_separated(rows, "abc"), rows
        seen.add(fit.penalised)
    assert seen == {True, False}


def test_a_bound_counts_the_people_who_saw_the_image():
    rows = [(f"p{i}", "c", "a", "b", "ab"[i % 2]) for i in range(20)]
    rows += [(f"p{i}", "c", "a", "c", "a") for i in range(10)]
    (bound,) = bradley_terry(pairs_of_rows(rows, "abc"), "a").worths.bounds
    assert (bound.condition, bound.participants) == ("c", 10)
    assert bound.upper_share == pytest.approx(1 - 0.05**0.1)


def test_conditions_that_no_comparison_links_have_no_worths_and_are_named():
    pairs = pairs_of_rows([("p", "c", "a", "b", "a"), ("q", "c", "c", "d", "tie")])
    assert bradley_terry(pairs, "a") is None
    found = win_matrix(pairs)
    assert found.groups == (("a", "b"), ("c", "d"))
    assert found.never_compared == (("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"))


def test_points_are_one_a_half_and_none():
    values = pairs_of_rows(
        [("p", "c", "b", "a", "b"), ("p", "c", "c", "b", "tie"), ("q", "c", "a", "c", "c")]
    ).to_values()
    nan = np.nan
    np.testing.assert_array_equal(values.values, [[0, 1, nan, nan], [nan, 0.5, 0.5, nan], [0, nan, 1, nan]])


def test_triads_by_hand():
    rows = [("p", "c1", "a", "b", "a"), ("p", "c1", "c", "b", "b"), ("p", "c1", "a", "c", "c")]  # a > b > c > a
    rows += [("p", "c2", "a", "b", "a"), ("p", "c2", "b", "c", "b"), ("p", "c2", "c", "a", "a")]  # a > b > c
    rows += [("q", "c1", "b", "a", "b"), ("q", "c1", "b", "c", "c"), ("q", "c1", "a", "c", "a")]  # b > a > c > b
    rows += [("q", "c2", "b", "a", "b"), ("q", "c2", "b", "c", "tie"), ("q", "c2", "a", "c", "a")]
    rows += [("r", "c1", "b", "a", "b"), ("r", "c2", "b", "c", "c")]  # no triad
    found = transitivity(pairs_of_rows(rows))
    assert (found.circular, found.triads, found.with_tie, found.participants) == (2, 3, 1, 2)
    assert found.share == pytest.approx(0.75)  # half of p's, all of q's


def test_answers_at_random_are_circular_in_a_quarter_and_orders_never():
    rng = np.random.default_rng(5)
    rows, orders = [], []
    for person in range(40):
        for clip in range(5):
            rank = dict(zip("abcd", rng.permutation(4), strict=True))
            for a, b in combinations("abcd", 2):
                rows.append((f"p{person}", f"c{clip}", a, b, str(rng.choice([a, b]))))
                orders.append((f"p{person}", f"c{clip}", a, b, min(a, b, key=rank.get)))
    found = transitivity(pairs_of_rows(rows))
    assert found.triads == 800
    assert found.ci95[0] < 0.25 < found.ci95[1]
    ordered = transitivity(pairs_of_rows(orders))
    assert ordered.circular == 0
    assert ordered.ci95 == (0.0, pytest.approx(1 - 0.025 ** (1 / 40)))


def test_the_side_is_tested_by_people():
    rng = np.random.default_rng(6)
    rows = []
    for person in range(12):
        for clip in range(3):
            for a, b in combinations("abcd", 2):
                for repeat, (left, right) in enumerate([(a, b), (b, a)]):
                    chosen = (left, right, "tie")[rng.choice(3, p=[0.5, 0.3, 0.2])]
                    rows.append((f"p{person:02}", f"c{clip}", left, right, chosen, repeat))
    *columns, repeat = zip(*rows, strict=True)
    pairs = make_pairs(*columns, conditions=tuple("abcd"), repeat=repeat)
    found = side_bias(pairs)
    x = np.array([1, -1, 0])[pairs.chosen]
    means = [x[pairs.participant == i].mean() for i in range(pairs.p)]
    expected = stats.ttest_1samp(means, 0)
    assert (found.t, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert found.left + found.right + found.ties == pairs.n


def test_a_good_image_that_stood_left_more_often_is_no_bias():
    rng = np.random.default_rng(7)
    rows = []
    for person in range(30):
        for clip in range(10):
            left, right = ("a", "b") if rng.random() < 0.9 else ("b", "a")
            rows.append((f"p{person}", f"c{clip}", left, right, "a" if rng.random() < 0.8 else "b"))
    found = side_bias(pairs_of_rows(rows, "ab"))
    assert found.left > 2 * found.right
    assert abs(found.estimate) < 2.5 * found.se
    assert side_bias(pairs_of_rows([(f"p{i}", "c", "a", "b", "a") for i in range(5)], "ab")) is None


BROKEN = {
    "an image with itself": (("p", "c", "a", "a", "a"), "'a' is both left and right"),
    "no such condition": (("p", "c", "a", "x", "a"), "'x' is no condition"),
    "chosen but not shown": (("p", "c", "a", "b", "c"), "'c' was chosen of 'a' and 'b'"),
    "a pair twice": (("q", "c", "b", "a", "tie"), "second comparison of 'b' and 'a'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_refused_with_its_row(case):
    row, message = BROKEN[case]
    with pytest.raises(BallotsError, match=message) as refused:
        pairs_of_rows([("q", "c", "a", "b", "a"), ("q", "c", "c", "b", "tie"), row])
    assert refused.value.row == 2


def test_a_condition_may_not_be_called_tie():
    with pytest.raises(DesignError, match="the word for no difference"):
        make_pairs(["p"], ["c"], ["tie"], ["b"], ["b"], conditions=("tie", "b"))

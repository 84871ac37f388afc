"""Whole rank orders: against mlogit's numbers, and cut after two against ballots."""

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.statistics.contrast_tests import cells_of
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.plackett_luce import WorthErrors, plackett_luce, worths_against
from analysis.statistics.rankings import Rankings, default_points, fit_rankings, make_rankings

GAME = Path(__file__).parent / "data" / "game.csv"


def worths(rankings: Rankings, reference: str):
    return worths_against(reference, WorthErrors(fit_rankings(rankings), cells_of(rankings)))


@pytest.fixture(scope="module")
def platforms() -> Rankings:
    """The orders in which 91 people put six gaming platforms."""
    with GAME.open() as file:
        names, *rows = csv.reader(file)
    orders = [[names[int(i)] for i in np.argsort([int(x) for x in row])] for row in rows]
    return make_rankings([f"p{i}" for i in range(91)], ["c"] * 91, orders, conditions=names)


def random_orders(seed=0, k=4, people=12, clips=6, depth=None, hide=False) -> Rankings:
    rng = np.random.default_rng(seed)
    person, clip = (x.ravel().astype(np.int32) for x in np.mgrid[:people, :clips])
    utility = rng.normal(size=k) + rng.gumbel(size=(len(person), k))
    order = None
    if hide:
        utility[rng.random(utility.shape) < 0.2] = -np.inf
        utility[:, :2] = np.where(np.isinf(utility[:, :2]), 0.0, utility[:, :2])
    codes = np.argsort(-utility, axis=1).astype(np.int8)
    if hide:
        codes = order = np.where(np.isfinite(np.take_along_axis(utility, codes, axis=1)), codes, -1).astype(np.int8)
    return Rankings(
        conditions=tuple("abcdef"[:k]),
        participants=[str(i) for i in range(people)],
        clips=[str(i) for i in range(clips)],
        participant=person,
        clip=clip,
        ranks=codes[:, : depth or k],
        order=order,
    )


def test_whole_orders_of_platforms_as_mlogit(platforms):
    fit = worths(platforms, "GameBoy")
    of = dict(zip(platforms.conditions, zip(fit.log_worth, fit.se, strict=True), strict=True))
    assert of["GameCube"] == pytest.approx((0.0586795, 0.1825720), rel=1e-5)
    assert of["PC"] == pytest.approx((1.2757519, 0.1942923), rel=1e-6)
    assert of["Xbox"] == pytest.approx((1.4012324, 0.1897582), rel=1e-6)
    assert fit.loglik == pytest.approx(-546.822488, abs=1e-6)


@pytest.mark.parametrize("hide", [False, True])
def test_orders_cut_after_two_are_ballots(hide):
    rankings = random_orders(hide=hide).cut(2)
    one, two = worths(rankings, "d"), plackett_luce(rankings.to_ballots(), "d")
    for key in ("log_worth", "se", "se_robust", "se_jackknife", "se_new_clips", "ci95_new_clips", "loglik"):
        np.testing.assert_allclose(getattr(one, key), getattr(two, key), rtol=1e-12, atol=1e-14)
    weights = (3.0, 1.0)
    points = rankings.to_values(weights)
    np.testing.assert_array_equal(points.filled, rankings.to_ballots().points(weights))


def test_the_last_of_all_ranks_says_nothing():
    rankings = random_orders(1)
    one, two = worths(rankings, "a"), worths(rankings.cut(3), "a")
    np.testing.assert_array_equal(one.log_worth, two.log_worth)
    assert one.n_choices == 3 * rankings.n


def test_the_likelihood_is_the_product_of_the_choices():
    rankings = random_orders(2, k=5, people=5, clips=3, depth=4, hide=True)
    fit = fit_rankings(rankings)
    total = 0.0
    for row, shown in zip(rankings.ranks, rankings.order, strict=True):
        left = [i for i in shown if i >= 0]
        for chosen in row[row >= 0]:
            total += fit.theta[chosen] - np.log(np.exp(fit.theta[left]).sum())
            left.remove(chosen)
    assert fit.loglik == pytest.approx(total, rel=1e-12)


def test_points_of_ranks():
    rankings = make_rankings(["p", "q"], ["c", "c"], [["b", "a", "c"], ["c", ""]], conditions=tuple("abcd"))
    np.testing.assert_array_equal(rankings.to_values((5, 2, 1)).values, [[2, 5, 1, 0], [0, 0, 5, 0]])
    assert default_points(3, 4) == (3, 2, 1)
    assert default_points(4, 4) == (3, 2, 1, 0)


def test_images_that_were_not_shown_have_no_points():
    rankings = random_orders(3, hide=True)
    values = rankings.to_values((3, 2, 1, 0)).values
    np.testing.assert_array_equal(np.isnan(values), ~rankings.shown)


@pytest.mark.parametrize("points", [(3, 1), (1, 2, 1), (0, 0, 0), (3, 1, -1), (3, np.inf, 1)])
def test_points_that_are_none_are_refused(points):
    with pytest.raises(DesignError, match="points"):
        random_orders(depth=3).to_values(points)


BROKEN = {
    "an image twice": (["a", "b", "a"], "has two ranks"),
    "a gap": (["a", "", "b"], "is empty, but a later one is not"),
    "no such condition": (["a", "x", "b"], "'x' is no condition"),
    "a clip twice": (["b", "a", "c"], "second rank order"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_refused_with_its_row(case):
    ranks, message = BROKEN[case]
    person = "p" if case == "a clip twice" else "q"
    with pytest.raises(BallotsError, match=message) as refused:
        make_rankings(["p", person], ["c", "c"], [["a", "b", "c"], ranks], conditions=tuple("abcd"))
    assert refused.value.row == 1

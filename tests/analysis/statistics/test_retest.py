"""Test–retest of pairs, ratings and rank orders: by hand, computed in another way, and none by chance."""

import numpy as np
import pytest

from analysis.statistics.pairs import make_pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_question
from analysis.statistics.rankings import make_rankings
from analysis.statistics.retest import retest_of_pairs, retest_of_ratings
from analysis.statistics.values import Values, make_values


def compared(rows):
    people, left, right, chosen, repeat = zip(*rows, strict=True)
    return make_pairs(people, ["x"] * len(rows), left, right, chosen, conditions="abc", repeat=repeat)


def test_a_pair_is_compared_with_the_same_pair_whichever_image_stands_left():
    found = retest_of_pairs(
        compared(
            [
                ("p", "a", "b", "a", 0),
                ("p", "b", "a", "a", 1),  # the same image, from the other side
                ("p", "a", "c", "tie", 0),
                ("p", "a", "c", "tie", 1),  # again a tie
                ("q", "a", "b", "a", 0),
                ("q", "b", "a", "b", 1),  # the same side, another image
                ("q", "b", "c", "b", 0),
                ("q", "b", "c", "tie", 1),
                ("q", "c", "a", "a", 0),  # came once
                ("r", "b", "c", "c", 0),
            ]
        )
    )
    assert (found.pairs, found.participants) == (4, 2)
    assert (found.same, found.both_ties, found.one_tie, found.other_image) == (0.5, 0.25, 0.25, 0.25)
    assert found.ci95 == (0.0, 1.0)  # one person is always the same, one never


def test_a_third_showing_is_not_counted_and_without_repeats_there_is_nothing():
    rows = [("p", "a", "b", "a", 0), ("p", "a", "b", "b", 1), ("p", "a", "b", "b", 2)]
    assert retest_of_pairs(compared(rows)).other_image == 1.0
    assert retest_of_pairs(compared(rows[:1])) is None
    everybody = [(person, "a", "b", "a", time) for person in "pqr" for time in (0, 1)]
    low, high = retest_of_pairs(compared(everybody)).ci95
    assert low < 0.5  # three people who are all the same prove little
    assert high == 1.0


def rated(noise: float, people: int = 12, clips: int = 6, seed: int = 3) -> Values:
    """Ratings from 1 to 7 that come twice, the second time in another order of rows."""
    rng = np.random.default_rng(seed)
    cells = [(f"p{i}", f"c{j}") for i in range(people) for j in range(clips)]
    taste = rng.normal(4, 1.3, (len(cells), 3))
    twice = np.concatenate([taste + noise * rng.normal(size=taste.shape) for _ in range(2)])
    numbers = np.clip(np.rint(twice), 1, 7)
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    shuffled = rng.permutation(len(numbers))
    names = [(*cell, time) for time in (0, 1) for cell in cells]
    person, clip, repeat = zip(*(names[i] for i in shuffled), strict=True)
    return make_values(person, clip, numbers[shuffled], conditions="abc", lowest=1, highest=7, repeat=repeat)


def slow_icc(first: list[float], second: list[float]) -> float:
    """ICC(2,1) of two raters by the mean squares, in plain sums."""
    n, both = len(first), [*first, *second]
    grand = sum(both) / (2 * n)
    units = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    times = [sum(first) / n, sum(second) / n]
    rows = 2 * sum((unit - grand) ** 2 for unit in units) / (n - 1)
    columns = n * sum((time - grand) ** 2 for time in times)
    rest = sum(
        (value - unit - time + grand) ** 2
        for numbers, time in zip((first, second), times, strict=True)
        for value, unit in zip(numbers, units, strict=True)
    ) / (n - 1)
    return (rows - rest) / (rows + rest + 2 * (columns - rest) / n)


def test_ratings_are_compared_image_by_image_of_the_same_person_and_clip():
    values = rated(0.5)
    by_image = {}
    for row in range(values.n):
        for k in range(values.k):
            if not np.isnan(values.values[row, k]):
                image = (values.participant[row], values.clip[row], k)
                by_image.setdefault(image, {})[int(values.repeat[row])] = values.values[row, k]
    pairs = [(times[0], times[1]) for times in by_image.values() if len(times) == 2]
    found = retest_of_ratings(values)
    assert found.images == len(pairs) < values.n * values.k / 2  # a few could not be said twice
    assert found.mean_absolute_difference == pytest.approx(sum(abs(a - b) for a, b in pairs) / len(pairs))
    assert found.shift == pytest.approx(sum(b - a for a, b in pairs) / len(pairs))
    assert found.same == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert found.icc_single == pytest.approx(slow_icc(*map(list, zip(*pairs, strict=True))))
    assert found.ci95[0] < found.mean_absolute_difference < found.ci95[1]


def test_ratings_by_chance_have_no_reliability_and_the_same_numbers_have_all():
    by_chance, exact = retest_of_ratings(rated(8.0, people=60)), retest_of_ratings(rated(0.0))
    assert abs(by_chance.icc_single) < 0.1
    assert (exact.icc_single, exact.mean_absolute_difference, exact.same) == (pytest.approx(1.0), 0.0, 1.0)
    assert exact.ci95 is None


def test_hidden_repeats_are_told_also_if_the_plan_counts_first_trials_alone():
    orders = [["a", "b", "c"], ["b", "a", "c"], ["a", "c", "b"], ["b", "c", "a"]] * 2
    ranked = make_rankings(
        list("ppqqppqq"), list("xxxxyyyy"), orders, conditions="abc", repeat=[0, 1, 0, 1, 0, 1, 0, 1]
    )
    for plan in (AnalysisPlan(draws=200), AnalysisPlan(draws=200, repeats="first")):
        of_ratings = analyse_question(Question(name="m", kind="rate", data=rated(0.5), steps=7), plan)
        assert of_ratings.test_retest.images > 150
        of_ranks = analyse_question(Question(name="o", kind="choose", data=ranked), plan)
        assert (of_ranks.test_retest.pairs, of_ranks.test_retest.same_first) == (4, 0.0)

"""What numbers given to images must agree with: choices as points, pairs as 1 and 0, plain hand cases."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import NONE
from analysis.statistics.contrast_tests import contrast_tests
from analysis.statistics.contrasts import pair_contrasts, points_contrasts, simple_contrasts
from analysis.statistics.moderators import moderator_effects
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.value_tests import ValuesTester, cannot_say, compare_values, value_scores, values_by_clip
from analysis.statistics.values import Values, make_values
from tests.analysis.sample_ballots import simulated

PLAN = AnalysisPlan(draws=300, random_effects=False)


def as_points(ballots):
    """The same ballots as points 3 and 1 given to the images that were shown."""
    points = ballots.points((3.0, 1.0))
    return Values(
        conditions=ballots.conditions,
        participants=ballots.participants,
        clips=ballots.clips,
        participant=ballots.participant,
        clip=ballots.clip,
        values=points if ballots.shown is None else np.where(ballots.shown, points, np.nan),
        lowest=0.0,
        highest=3.0,
        repeat=ballots.repeat,
        points=(3.0, 1.0),
    )


def with_one_image_hidden(ballots):
    """A third of the ballots showed all images but one that was not chosen."""
    order = np.tile(np.arange(4, dtype=np.int8), (ballots.n, 1))
    for row in range(0, ballots.n, 3):
        hidden = next(k for k in range(4) if k not in (ballots.first[row], ballots.second[row]))
        order[row] = [k for k in range(4) if k != hidden] + [NONE]
    return replace(ballots, order=order)


def with_repeats(ballots):
    """Half as many clips, each answered twice."""
    return replace(ballots, clip=ballots.clip // 2, clips=ballots.clips[:5], repeat=(ballots.clip % 2).astype(np.int32))


@pytest.mark.parametrize("change", [lambda ballots: ballots, with_one_image_hidden, with_repeats])
def test_first_and_second_choices_as_points_give_the_same_numbers(change):
    ballots = change(simulated(people=20, clips=10, seed=4))
    groups = {"half": ["a" if i % 2 else "b" for i in range(ballots.p)]}
    expected = analyse(ballots, PLAN, moderators=groups)
    values = as_points(ballots)
    tester = ValuesTester(values)
    contrasts = points_contrasts(expected.factors, values.conditions)
    new, these = contrast_tests(tester, contrasts)
    assert (new[0], tuple(new[1:]), tuple(these)) == (expected.primary, expected.secondary, expected.these_clips)
    assert compare_values(tester) == expected.pairwise
    assert moderator_effects(tester, contrasts[0], None, groups) == expected.moderators
    scores = value_scores(values, PLAN.draws, PLAN.seed)
    assert scores.mean == expected.scores.mean_points
    assert (scores.se, scores.ci95) == (expected.scores.se, expected.scores.ci95)
    by_clip = values_by_clip(values)
    assert np.array_equal(by_clip.answers, expected.by_clip.shown)
    assert np.array(by_clip.mean) * by_clip.answers == pytest.approx(expected.by_clip.points, rel=1e-12)


def test_ratings_of_one_and_nought_are_the_points_of_a_choice():
    ballots = simulated(people=12, clips=8, mu=(0.5, 0.0), seed=1, conditions=("a", "b"))
    ballots = replace(ballots, second=np.full(ballots.n, NONE, dtype=np.int8))
    rated = replace(as_points(ballots), values=ballots.points((1.0, 0.0)), highest=1.0, points=None)
    expected = analyse(ballots, replace(PLAN, weights=(1.0, 0.0)))
    assert compare_values(ValuesTester(rated)) == expected.pairwise


def ratings(table, conditions="ab", people=None, clips=None, **options):
    table = np.array(table, dtype=float)
    return make_values(
        people or [f"p{i}" for i in range(len(table))],
        clips or ["x"] * len(table),
        table,
        conditions=tuple(conditions),
        lowest=1,
        highest=7,
        **options,
    )


def test_a_contrast_of_ratings_is_a_difference_of_means_over_what_was_rated():
    nan = np.nan
    values = ratings([[7, 5, 1, 3], [nan, 6, 2, 2], [nan, nan, 4, 4]], "abcd")
    factors = {"high": ("a", "b"), "left": ("a", "c")}
    primary = points_contrasts(factors, "abcd", per_trial=False)[0]
    test = ValuesTester(values).these_clips(primary)
    assert (test.estimate, test.left_out, test.limits) == (4.0, 1, (-6.0, 6.0))
    interaction = points_contrasts(factors, "abcd", per_trial=False)[2]
    y, _ = ValuesTester(values).values(interaction)
    assert y.tolist() == [(7 - 5) - (1 - 3)]
    within = simple_contrasts(factors, "abcd", per_trial=False)
    assert [ValuesTester(values).values(contrast)[0].tolist() for _, _, contrast in within] == [[6.0], [2.0, 4.0]]


def test_parts_of_one_clip_are_one_cell_and_no_independent_trials():
    rng = np.random.default_rng(3)
    table = rng.integers(1, 8, (6 * 5, 2))
    people = [f"p{i}" for i in range(6) for _ in range(5)]
    clips = [f"c{j}" for _ in range(6) for j in range(5)]
    once = ratings(table, people=people, clips=clips)
    parts = ratings(
        np.repeat(table, 2, axis=0),
        people=np.repeat(people, 2).tolist(),
        clips=np.repeat(clips, 2).tolist(),
        part=[0, 1] * 30,
    )
    pair = pair_contrasts(2)[0][2]
    assert ValuesTester(parts).new_clips(pair) == ValuesTester(once).new_clips(pair)


def test_cannot_say_is_counted_and_is_not_a_low_rating():
    nan, unsaid = np.nan, np.zeros((8, 2), dtype=bool)
    table = np.array([[6.0, 2.0]] * 8)
    table[:6, 0], unsaid[:6, 0] = nan, True
    values = ratings(table, cannot_say=unsaid)
    scores = value_scores(values, 200)
    assert (scores.mean, scores.answers, scores.cannot_say) == ((6.0, 2.0), (2, 8), (6, 0))
    found = cannot_say(values)
    assert (found.counts, found.asked) == ((6, 0), (8, 8))
    assert found.test.statistic == pytest.approx(6.0)  # McNemar by hand: (6 − 0)² / (6 + 0)
    assert cannot_say(ratings([[1, 2], [3, 4]])) is None


def test_a_condition_without_any_rating_has_no_mean():
    scores = value_scores(ratings([[1, np.nan], [3, np.nan]]), 200)
    assert (scores.mean, scores.ci95[1], scores.answers) == ((2.0, None), None, (2, 0))


def test_many_people_get_a_t_interval(monkeypatch):
    monkeypatch.setattr("analysis.statistics.value_tests.MOST_RESAMPLED", 5)
    values = ratings([[1, 2], [3, 4], [5, 7], [2, 2], [6, 1], [4, 4]])
    scores = value_scores(values, 200)
    assert scores.interval_method == ("t", "t")
    half = 2.570582 * np.std([1, 3, 5, 2, 6, 4], ddof=1) / np.sqrt(6)
    assert scores.ci95[0] == pytest.approx((3.5 - half, 3.5 + half))

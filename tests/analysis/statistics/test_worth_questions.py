"""Pairs and rank orders as questions of an instrument: points, contrasts, worths and warnings."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import PRESET
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.pairs import Pairs, pairs_of
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_question, analyse_questions
from analysis.statistics.rankings import Rankings

QUICK = AnalysisPlan(draws=200, random_effects=False)
NUMBERS = ("estimate", "se", "df", "t", "p")


def round_robins(mu=(0.8, 1.6, 0.0, 0.2), people=12, clips=6, seed=0) -> Pairs:
    """Everybody compares all pairs of the preset's conditions on every clip, with ties."""
    rng = np.random.default_rng(seed)
    a, b = np.array(pairs_of(4)).T
    person, clip, pair = (x.ravel() for x in np.mgrid[:people, :clips, :6])
    flip = rng.random(len(pair)) < 0.5
    left, right = np.where(flip, b[pair], a[pair]), np.where(flip, a[pair], b[pair])
    theta = np.array(mu) + 0.5 * rng.normal(size=(people, 1, 4)) + 0.5 * rng.normal(size=(1, clips, 4))
    one, other = theta[person, clip, left], theta[person, clip, right]
    utility = np.stack([one, other, (one + other) / 2 - 0.5], axis=1) + rng.gumbel(size=(len(pair), 3))
    return Pairs(
        conditions=PRESET,
        participants=[f"p{i:02}" for i in range(people)],
        clips=[f"c{i}" for i in range(clips)],
        participant=person.astype(np.int32),
        clip=clip.astype(np.int32),
        left=left.astype(np.int8),
        right=right.astype(np.int8),
        chosen=utility.argmax(axis=1).astype(np.int8),
    )


def orders(depth=4, people=12, clips=6, seed=0) -> Rankings:
    rng = np.random.default_rng(seed)
    person, clip = (x.ravel().astype(np.int32) for x in np.mgrid[:people, :clips])
    utility = np.array([1.0, 1.5, 0.0, 0.2]) + rng.gumbel(size=(len(person), 4))
    return Rankings(
        conditions=PRESET,
        participants=[f"p{i:02}" for i in range(people)],
        clips=[f"c{i}" for i in range(clips)],
        participant=person,
        clip=clip,
        ranks=np.argsort(-utility, axis=1).astype(np.int8)[:, :depth],
    )


def of_pairs(pairs: Pairs, plan=QUICK):
    return analyse_question(Question(name="pair", kind="pair", data=pairs), plan)


def table_of(pairs: Pairs) -> np.ndarray:
    """Points of the row's image against the column's, by person and clip: (P, C, K, K)."""
    points = np.zeros((pairs.p, pairs.c, 4, 4))
    of_left = np.array([1, 0, 0.5])[pairs.chosen]
    points[pairs.participant, pairs.clip, pairs.left, pairs.right] = of_left
    points[pairs.participant, pairs.clip, pairs.right, pairs.left] = 1 - of_left
    return points


def test_contrasts_of_pairs_from_the_table_of_a_person_and_a_clip():
    pairs = round_robins()
    found, x = of_pairs(pairs), table_of(pairs)
    d = x - np.swapaxes(x, 2, 3)  # points of the row's image minus those of the column's
    redefined = d[:, :, :2, 2:].mean(axis=(2, 3))
    assert found.primary.estimate == pytest.approx(redefined.mean())
    assert found.these_clips[0].se == pytest.approx(redefined.mean(axis=1).std(ddof=1) / np.sqrt(pairs.p))
    # Two-way analysis of variance, complete table.
    people, clips = redefined.shape
    ms_people = clips * redefined.mean(axis=1).var(ddof=1)
    ms_clips = people * redefined.mean(axis=0).var(ddof=1)
    residual = redefined - redefined.mean(axis=1, keepdims=True) - redefined.mean(axis=0) + redefined.mean()
    ms_error = (residual**2).sum() / (people - 1) / (clips - 1)
    expected = max(ms_people + ms_clips - ms_error, ms_people, ms_clips) / people / clips
    assert found.primary.se == pytest.approx(np.sqrt(expected))
    interaction = {test.contrast: test for test in found.secondary}["interaction"]
    by_hand = (d[:, :, 1, 3] - d[:, :, 0, 2] + d[:, :, 1, 0] - d[:, :, 3, 2]) / 2
    assert interaction.estimate == pytest.approx(by_hand.mean())
    within_tags = next(effect for effect in found.simple_effects if effect.within == "tags")
    assert within_tags.test.estimate == pytest.approx(d[:, :, 0, 2].mean())
    np.testing.assert_allclose(found.scores.mean, x.sum(axis=3).mean(axis=(0, 1)) / 3)


def test_a_question_of_pairs_has_worths_wins_triads_and_sides():
    found = of_pairs(round_robins())
    assert found.worths.reference == "original_tags"
    assert [effect.name for effect in found.factorial] == ["redefined", "sentence", "interaction"]
    assert found.factorial[0].p < 0.05
    assert found.ties.nu > 0
    assert found.wins.wins.sum() + found.wins.ties.sum() / 2 == found.n_trials
    assert found.transitivity.share < 0.25
    assert found.position_bias.ci95[0] < 0 < found.position_bias.ci95[1]
    assert found.friedman.p < 0.05
    assert {caution.code for caution in found.warnings} == {"few_clips"}


def test_unequal_and_unlinked_pairs_are_said():
    pairs = round_robins()
    seldom = pairs.select((pairs.pair != 0) | (pairs.participant < 6))
    assert "unequal_pairs" in {caution.code for caution in of_pairs(seldom).warnings}
    apart = pairs.select((pairs.pair == 0) | (pairs.pair == 5))
    found = of_pairs(apart)
    assert found.worths is None
    assert "not_linked" in {caution.code for caution in found.warnings}


def test_only_first_trials_count_if_the_plan_says_so():
    pairs = round_robins(people=8)
    twice = replace(
        pairs,
        **{name: np.tile(getattr(pairs, name), 2) for name in ("participant", "clip", "left", "right")},
        chosen=np.concatenate([pairs.chosen, 1 - np.minimum(pairs.chosen, 1)]),
        repeat=np.repeat([0, 1], pairs.n),
    )
    plan = AnalysisPlan(draws=200, random_effects=False, repeats="first")
    found, once = of_pairs(twice, plan), of_pairs(pairs)
    assert found.worths.log_worth == pytest.approx(once.worths.log_worth)
    assert found.primary.p == pytest.approx(once.primary.p)
    assert found.n_repeats == pairs.n


def test_points_of_a_pair_are_ratings_of_one_and_nothing():
    pairs = round_robins()
    rated = analyse_question(Question(name="rated", kind="rate", data=pairs.to_values()), QUICK)
    found = of_pairs(pairs)
    for name in NUMBERS:
        assert getattr(rated.primary, name) == getattr(found.primary, name)
    assert rated.scores == found.scores


def test_two_ranks_give_the_analysis_of_ballots():
    rankings = orders(2)
    found = analyse_question(Question(name="choice", kind="choose", data=rankings, points=(3.0, 1.0)), QUICK)
    known = analyse(rankings.to_ballots(), QUICK)
    assert [getattr(found.primary, name) for name in NUMBERS] == [getattr(known.primary, name) for name in NUMBERS]
    assert found.scores.mean == known.scores.mean_points
    assert found.scores.ci95 == known.scores.ci95
    assert (found.friedman, found.kendall_w) == (known.friedman, known.kendall_w)
    for one, two in zip(found.pairwise, known.pairwise, strict=True):
        assert (one.difference, one.wilcoxon.p_holm) == (two.difference, two.wilcoxon.p_holm)
        assert one.new_clips.p_holm == two.new_clips.p_holm
    np.testing.assert_allclose(found.worths.log_worth, known.plackett_luce.log_worth, rtol=1e-12)
    np.testing.assert_allclose(found.factorial[0].ci95_new_clips, known.factorial[0].ci95_new_clips, rtol=1e-12)


def test_whole_orders_count_in_points_and_worths():
    found = analyse_question(Question(name="choice", kind="choose", data=orders()), QUICK)
    assert found.points == (3, 2, 1, 0)
    assert found.worths.n_choices == 3 * found.n_trials
    assert sum(found.scores.mean) == pytest.approx(6)
    assert found.kendall_w == pytest.approx(found.friedman.statistic / (12 * 3))


def test_ranks_that_may_be_left_out_do_not_enter_the_primary_contrast():
    full = orders()
    some = full.ranks.copy()
    some[full.participant % 2 == 0, 1:] = -1
    plan = AnalysisPlan(draws=200, random_effects=False, second_choice="optional")
    one, two = (
        analyse_question(Question(name="c", kind="choose", data=replace(full, ranks=ranks)), plan)
        for ranks in (full.ranks, some)
    )
    assert one.primary == two.primary
    assert one.secondary != two.secondary
    assert "optional_ranks" in {caution.code for caution in two.warnings}


def test_a_pair_may_be_the_primary_question_and_its_faults_are_named():
    pairs = round_robins()
    found = analyse_questions([Question(name="pair", kind="pair", data=pairs)], QUICK, primary="pair")
    assert found["pair"].primary.p_holm is None
    with pytest.raises(DesignError, match="question 'pair': reference 'x' is no condition"):
        of_pairs(pairs, AnalysisPlan(reference="x"))
    with pytest.raises(BallotsError, match=r"question 'pair': .* is both left and right"):
        of_pairs(replace(pairs, right=pairs.left))

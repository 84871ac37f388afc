"""Ratings against published numbers and hand cases."""

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.hotelling import hotelling_test
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.plane import plane
from analysis.statistics.questions import Question, analyse_question
from analysis.statistics.ratings import check_steps, distribution, rating_agreement, scale_use
from analysis.statistics.value_tests import values_by_position
from analysis.statistics.values import make_values

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C: 12 units, 4 observers, missing data.
NAN = np.nan
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)
# Shrout and Fleiss (1979), table 2: six targets, four judges; table 4 gives ICC(2,1) = 0.29 and ICC(2,4) = 0.62.
JUDGES = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])


def of_people(table, lowest=1, highest=5, **options):
    """Rows are people, pairs of columns the two images of a clip."""
    people, images = table.shape
    return make_values(
        np.repeat(np.arange(people).astype(str), images // 2).tolist(),
        np.tile(np.arange(images // 2).astype(str), people).tolist(),
        table.reshape(-1, 2),
        conditions=("a", "b"),
        lowest=lowest,
        highest=highest,
        **options,
    )


def test_krippendorffs_own_example():
    found = rating_agreement(of_people(OBSERVERS), 5)
    assert found.alpha_interval == pytest.approx(0.849, abs=5e-4)
    assert found.alpha_ordinal == pytest.approx(0.815, abs=5e-4)
    assert (found.icc_single, found.icc_average) == (None, None)


def test_shrout_and_fleiss_example():
    found = rating_agreement(of_people(JUDGES, highest=10), 10)
    assert found.icc_single == pytest.approx(0.28976, abs=5e-6)  # as psych::ICC prints it
    assert found.icc_average == pytest.approx(0.62005, abs=5e-6)
    assert (found.images, found.participants) == (6, 4)


def test_a_slider_has_no_ordinal_agreement_and_a_repeat_is_no_other_person():
    once = of_people(JUDGES, highest=10)
    assert rating_agreement(once, None).alpha_ordinal is None
    twice = make_values(
        [once.participants[i] for i in once.participant] * 2,
        [once.clips[j] for j in once.clip] * 2,
        np.concatenate([once.values, 11 - once.values]),
        conditions=("a", "b"),
        lowest=1,
        highest=10,
        repeat=[0] * once.n + [1] * once.n,
    )
    assert rating_agreement(twice, 10) == rating_agreement(once, 10)


def test_agreement_is_none_where_nothing_varies_and_near_nought_by_chance():
    assert rating_agreement(of_people(np.full((3, 4), 2.0)), 5).alpha_interval is None
    by_chance = np.random.default_rng(1).integers(1, 6, (20, 200))
    assert abs(rating_agreement(of_people(by_chance), 5).alpha_interval) < 0.02


def test_the_distribution_of_steps_and_of_a_slider():
    steps = distribution(of_people(OBSERVERS), 5)
    assert steps.bins == ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5))
    assert steps.counts.tolist() == [[5, 8, 4, 4, 0], [4, 5, 7, 1, 3]]
    slider = distribution(of_people(np.array([[0, 9], [10, 99.5], [29, 100]]), 0, 100), None)
    assert slider.bins[0] == (0, 10)
    assert slider.bins[-1] == (90, 100)
    assert slider.counts.tolist() == [[1, 1, 1] + [0] * 7, [1] + [0] * 8 + [2]]


@pytest.mark.parametrize(
    ("number", "steps", "error", "message"),
    [
        (3.5, 5, BallotsError, "3.5 lies between two steps of the scale from 1 to 5"),
        (3, 7, DesignError, "7 steps do not fit a scale from 1 to 5"),
    ],
)
def test_a_number_between_steps_is_refused(number, steps, error, message):
    with pytest.raises(error, match=message):
        check_steps(of_people(np.array([[1, number]])), steps)


def test_scale_use_by_person():
    flat = np.array([[3.0] * 10, [1, 5] * 5, [1, 1, 1, 1, 1, 1, 2, 3, 4, 5]])
    found = scale_use(of_people(flat))
    assert found.mean == pytest.approx((2, 2.5, 3, 3, 3))
    assert found.sd[0] == 0
    assert found.sd[-1] == pytest.approx(np.std([1, 5] * 5, ddof=1))
    assert found.same == pytest.approx((0.5, 0.55, 0.6, 0.8, 1))
    assert (found.participants, found.one_number) == (3, 1)


def test_the_ellipse_is_that_of_hotellings_test():
    rng = np.random.default_rng(2)
    across, up = (of_people(rng.integers(1, 6, (12, 8))) for _ in range(2))
    found = plane(("valence", "arousal"), across, up)
    people = np.stack([x.values[:, 0].reshape(12, 4).mean(axis=1) for x in (across, up)], axis=1)
    assert found.centre[0] == pytest.approx(people.mean(axis=0))
    # The value that lies on the ellipse's border has p = 0.05 in Hotelling's test.
    root = np.linalg.cholesky(np.array(found.covariance[0]))
    border = np.array(found.centre[0]) + np.sqrt(found.radius2[0]) * root @ [0.6, 0.8]
    assert hotelling_test(people - border).p == pytest.approx(0.05)


def test_scales_of_other_trials_have_no_plane():
    across, up = of_people(OBSERVERS), of_people(OBSERVERS[:3])
    with pytest.raises(DesignError, match="rated in the same trials"):
        plane(("valence", "arousal"), across, up)


def test_a_position_that_is_rated_higher_is_found():
    rng = np.random.default_rng(5)
    order = np.array([rng.permutation(2) for _ in range(20 * 6)])
    fair = rng.integers(2, 5, (20 * 6, 2)).astype(float)
    favoured = fair.copy()
    favoured[np.arange(len(order)), order[:, 0]] += 1
    people, clips = np.repeat(np.arange(20), 6).astype(str).tolist(), np.tile(np.arange(6), 20).astype(str).tolist()
    scale = {"conditions": ("a", "b"), "lowest": 1, "highest": 5, "order": order}
    found = values_by_position(make_values(people, clips, favoured, **scale))
    assert found.mean[0] - found.mean[1] == pytest.approx(1, abs=0.3)
    assert found.test.p < 0.001
    even = values_by_position(make_values(people, clips, fair, **scale))
    # With two positions Hotelling's test is Student's t on people's differences.
    centred = fair - fair.mean(axis=0)
    shown = np.take_along_axis(centred, order, axis=1)
    differences = (shown[:, 0] - shown[:, 1]).reshape(20, 6).mean(axis=1)
    assert even.test.p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_repeats_and_ratings_of_chosen_images_alone_are_said():
    twice = make_values(
        ["p", "q", "p", "q"], ["x"] * 4, JUDGES[:, :2], conditions=("a", "b"), lowest=1, highest=10, repeat=[0, 0, 1, 1]
    )
    codes = [caution.code for caution in _ratings(twice).warnings]
    assert ("repeated_trials" in codes, "of_chosen" in codes) == (True, False)
    codes = [caution.code for caution in _ratings(twice, AnalysisPlan(repeats="first"), of_chosen=True).warnings]
    assert ("repeated_trials" in codes, "of_chosen" in codes) == (False, True)


def _ratings(values, plan=None, *, steps=10, **options):
    question = Question(name="match", kind="rate", data=values, steps=steps, **options)
    return analyse_question(question, plan or AnalysisPlan(draws=20))


def test_one_persons_numbers_have_a_mean_and_no_interval():
    table = np.array([[5, 2], [4, 1], [6, 3]], dtype=float)
    table[1:, 1] = np.nan
    values = make_values(["p", "q", "r"], ["x"] * 3, table, conditions=("a", "b"), lowest=1, highest=7)
    found = _ratings(values, steps=7)
    assert found.scores.mean == (5, 2)
    assert found.scores.ci95[0][0] < 5 < found.scores.ci95[0][1]
    assert (found.scores.se[1], found.scores.ci95[1]) == (None, None)
    assert found.pairwise == ()

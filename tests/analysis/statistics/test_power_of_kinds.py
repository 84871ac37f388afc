"""Power for choices, pairs and ratings: normal theory against simulation, and identities between the kinds."""

import numpy as np
import pytest

from analysis.statistics.assumed_choices import AssumedChoices
from analysis.statistics.assumed_pairs import AssumedPairs
from analysis.statistics.assumed_ratings import AssumedRatings
from analysis.statistics.errors import DesignError
from analysis.statistics.planning import components, expected_power, plan_study, smallest_effect
from analysis.statistics.power import power_of_plan, simulated_power
from analysis.statistics.rating_scales import usual_ratings

FIVE_STEPS = {"lowest": 1, "highest": 5}
STUDIES = [
    (AssumedChoices(share=0.65, weights=(3, 2, 1)), 24, 12),
    (AssumedChoices(share=0.65, weights=(1,)), 24, 12),
    (AssumedPairs(share=0.65, ties=0.2), 24, 12),
    (AssumedPairs(share=0.65, pairs_per_clip=2, clips_per_participant=9), 24, 12),
    (AssumedRatings(), 20, 18),
    (AssumedRatings(**FIVE_STEPS, difference=0.6, sd_participants=0.8, sd_clips=0.7, sd_residual=1.5), 20, 12),
    (AssumedRatings(conditions=5, high=(0,), low=(2, 3, 4), clips_per_participant=9, drop_out=0.2), 30, 18),
]


@pytest.mark.parametrize(("assumed", "participants", "clips"), STUDIES)
def test_the_noncentral_t_foresees_what_a_simulation_finds(assumed, participants, clips):
    assumed.check()
    expected = expected_power(assumed, components(assumed, np.random.default_rng(0)), participants, clips)
    studies = 1000 if assumed.is_complete(clips) else 150
    found = simulated_power(assumed, participants, clips, studies, np.random.default_rng(1))
    assert 0.4 < found.power < 0.97  # elsewhere any two agree
    assert expected.power == pytest.approx(found.power, abs=0.04 + 2 * found.monte_carlo_se)


def test_a_first_and_second_choice_have_the_power_that_they_always_had():
    found = power_of_plan(AssumedChoices(), 12, 6, simulations=300)
    assert [cell.power for cell in found.cells] == pytest.approx(
        [0.15666666666666668, 0.24, 0.245, 0.325, 0.43], abs=1e-12
    )
    assert smallest_effect(AssumedChoices(), 12, 6) == pytest.approx(0.7171857715504594, abs=1e-9)


def test_a_pair_of_two_images_is_a_choice_of_one_of_two():
    two = {"conditions": 2, "high": (0,), "low": (1,), "share": 0.66}
    choice, pair = AssumedChoices(**two, weights=(1.0,)), AssumedPairs(**two)
    assert power_of_plan(pair, 10, 6, simulations=200).cells == power_of_plan(choice, 10, 6, simulations=200).cells
    rotated = {"clips_per_participant": 5, "drop_out": 0.2}
    cells = [
        simulated_power(kind(**two, **rotated, **more), 12, 8, 100, np.random.default_rng(4))
        for kind, more in ((AssumedChoices, {"weights": (1.0,)}), (AssumedPairs, {}))
    ]
    assert cells[0] == cells[1]


def test_the_components_of_ratings_are_those_of_the_model_where_the_scale_cuts_nothing_off():
    assumed = AssumedRatings(
        lowest=0, highest=100, difference=4, sd_participants=5, sd_clips=6, sd_residual=9, high=(0,), low=(1, 2)
    )
    found = components(assumed, np.random.default_rng(3))
    images = 1 / 1 + 1 / 2
    rounding = 1 / 12  # of a whole number: Sheppard
    assert found.mean == 4
    assert found.participants == pytest.approx(images * 25, rel=0.12)
    assert found.clips == pytest.approx(images * 36, rel=0.12)
    assert found.residual == pytest.approx(images * (81 + rounding), rel=0.02)


@pytest.mark.parametrize("difference", [-1.2, 0.0, 2.0])
def test_ratings_differ_on_average_as_assumed_though_the_scale_ends(difference):
    assumed = AssumedRatings(**FIVE_STEPS, difference=difference, sd_participants=0.3, sd_clips=0.3, sd_residual=2.0)
    ratings = assumed.complete_tables(60, 60, 20, np.random.default_rng(6))
    assert float(ratings.mean()) == pytest.approx(difference, abs=0.04)
    assert float(np.abs(ratings).max()) <= 4


def test_equally_good_images_tie_as_often_as_assumed_and_the_mean_is_that_of_the_model():
    even = AssumedPairs(share=0.5, ties=0.3, sd_participants=0, sd_clips=0)
    assert float((even.complete_tables(50, 50, 5, np.random.default_rng(2)) == 0).mean()) == pytest.approx(
        0.3, abs=0.01
    )
    better = AssumedPairs(share=0.7, ties=0.3)
    simulated = better.complete_tables(60, 60, 40, np.random.default_rng(2)).mean()
    assert float(simulated) == pytest.approx(better.mean_contrast, abs=0.02)
    assert AssumedPairs(share=0.7).mean_contrast == pytest.approx(0.4)


@pytest.mark.parametrize("shown", [1, 2, 3, 4, 6])
def test_each_pair_of_a_clip_goes_to_equally_many_people(shown):
    assumed = AssumedPairs(pairs_per_clip=shown)
    seen = np.zeros((24, 8), dtype=bool)
    seen[::2, :4] = seen[1::2, 4:] = True  # twelve people a clip
    answers = assumed.answers_given(seen)
    times = np.zeros((8, 6), dtype=int)
    np.add.at(times, (answers.clip, answers.pair), 1)
    between = assumed.compared[:, 0] >= 0
    assert (times[:, between] == 2 * shown).all()
    assert (times[:, ~between] == 0).all()  # two images of one side say nothing
    assert len(answers.pair) == 24 * 4 * assumed.entering_per_clip


def test_planning_backwards_and_the_smallest_effect_are_in_the_unit_of_the_kind():
    assumed = AssumedRatings()
    smallest = smallest_effect(assumed, 30, 12)
    at_it = assumed.with_effect(smallest)
    assert simulated_power(at_it, 30, 12, 1000, np.random.default_rng(2)).power == pytest.approx(0.8, abs=0.05)
    plan = plan_study(AssumedPairs(share=0.65, pairs_per_clip=3), simulations=100, clips=(12,))
    ((_, design),) = plan.designs
    assert design.answers == 36  # three pairs of each clip
    assert design.ballots == design.participants * 36


@pytest.mark.parametrize(
    ("assumed", "words"),
    [
        (AssumedPairs(ties=0.99), "share of ties"),
        (AssumedPairs(conditions=3, high=(0,), low=(1,), pairs_per_clip=4), "3 images have 1 to 3 pairs"),
        (AssumedChoices(weights=(1, 2, 1)), "each other between 0 and the one before"),
        (AssumedChoices(weights=(5, 4, 3, 2, 1)), "5 weights for 4 images"),
        (AssumedRatings(difference=6), "between -5.4 and 5.4 on the scale from 1 to 7"),
        (AssumedRatings(sd_clips=4), "the spread between clips, 4, must lie between 0 and 3"),
        (AssumedRatings(sd_residual=0), "people who rate twice"),
        (AssumedRatings(lowest=5, highest=5), "above its beginning"),
        (AssumedRatings(difference=float("nan")), "a difference of nan"),
    ],
)
def test_what_no_study_can_be_is_refused(assumed, words):
    with pytest.raises(DesignError, match=words):
        assumed.check()


def test_usual_ratings_fit_each_scale():
    for lowest, highest in ((1, 5), (1, 7), (1, 9), (0, 100)):
        AssumedRatings(lowest=lowest, highest=highest, **usual_ratings(lowest, highest)).check()

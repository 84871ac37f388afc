"""Categories, numbers for the music, how sure people are: by hand."""

import numpy as np
import pytest

from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.other_answers import Numbers, Picks, categories, trial_numbers

PEOPLE = ("p", "q")


def picks(picked, answered=None, names=("joy", "calm")):
    picked = np.array(picked, dtype=bool)
    answered = picked.any(axis=2) if answered is None else np.array(answered, dtype=bool)
    return Picks(
        categories=names,
        participants=PEOPLE,
        participant=np.arange(len(picked)) // 2,
        picked=picked,
        answered=answered,
    )


def test_shares_are_means_of_peoples_own_shares():
    # p: joy for image a twice; q: joy and calm for a in one trial, no answer in the other. Nobody answers for b.
    found = categories(picks([[[1, 0], [0, 0]], [[1, 0], [0, 0]], [[1, 1], [0, 0]], [[0, 0], [0, 0]]]), 200)
    assert found.answers == (3, 0)
    assert found.counts.tolist() == [[3, 1], [0, 0]]
    joy, calm = found.share[0]
    assert (joy.estimate, calm.estimate) == (1.0, 0.5)
    assert (joy.ci95, calm.ci95) == ((1.0, 1.0), (0.0, 1.0))
    assert found.share[1] == (None, None)


def test_an_answer_without_a_category_counts_as_an_answer():
    found = categories(picks([[[1, 0]], [[0, 0]]], [[True], [True]]), 200)
    assert found.share[0][0].estimate == 0.5


def test_picks_that_contradict_themselves_are_refused():
    with pytest.raises(BallotsError, match="where the question was not answered") as refused:
        categories(picks([[[0, 0]], [[1, 0]]], [[True], [False]]))
    assert refused.value.row == 1
    with pytest.raises(DesignError, match="named twice"):
        categories(picks([[[1, 0]]], names=("joy", "joy")))


def test_numbers_for_the_music_are_averaged_by_person():
    sure = Numbers(
        participants=PEOPLE,
        participant=np.array([0, 0, 0, 1]),
        numbers=np.array([5.0, 3.0, np.nan, 1.0]),
        lowest=1,
        highest=5,
        steps=5,
        unsaid=1,
    )
    found = trial_numbers(sure, 200)
    assert (found.answers, found.cannot_say, found.mean.estimate) == (3, 1, 2.5)
    assert found.distribution.counts.tolist() == [[1, 0, 1, 0, 1]]


def test_a_number_beyond_the_scale_is_refused_with_its_row():
    with pytest.raises(BallotsError, match="6 lies outside the scale from 1 to 5") as refused:
        trial_numbers(
            Numbers(
                participants=PEOPLE,
                participant=np.array([0, 1]),
                numbers=np.array([np.nan, 6.0]),
                lowest=1,
                highest=5,
                steps=5,
            )
        )
    assert refused.value.row == 1

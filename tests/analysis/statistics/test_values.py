"""Numbers given to images: what is refused, and with which words."""

import numpy as np
import pytest

from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.values import make_values, values_of_rows

SEVEN = {"conditions": ("a", "b"), "lowest": 1, "highest": 7}


def two_trials(table=((1, 2), (3, 4)), clips=("x", "y"), **options):
    return make_values(["p", "p"], clips, np.array(table, dtype=float), **(SEVEN | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": ((1, 2), (3, 8))}, "8 lies outside the scale from 1 to 7"),
        ({"table": ((1, 2), (3, np.inf))}, "inf lies outside the scale"),
        ({"clips": ("x", "x")}, "participant 'p' has a second trial on clip 'x'"),
        ({"clips": ("x", "x"), "repeat": [0, 0]}, "second trial on clip 'x'"),
        ({"cannot_say": np.array([[False, False], [False, True]])}, "'cannot say' for the same image"),
    ],
)
def test_a_trial_that_breaks_a_rule_is_refused_with_its_row(options, message):
    with pytest.raises(BallotsError, match=message) as refused:
        two_trials(**options)
    assert refused.value.row == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"highest": 1}, "a scale from 1 to 1: the highest number must be above the lowest"),
        ({"order": np.zeros((2, 3), dtype=int)}, "'order' has the shape"),
        ({"points": (1.0, 2.0)}, "points 1,2: one for each rank, none above the one before"),
        ({"conditions": ("a", "a")}, "condition 'a' is named twice"),
    ],
)
def test_a_scale_that_does_not_fit_is_refused(options, message):
    with pytest.raises(DesignError, match=message):
        two_trials(**options)


def test_repeats_and_parts_are_told_apart():
    again = two_trials(clips=("x", "x"), repeat=[1, 0])
    assert again.is_repeat.tolist() == [True, False]
    pairs = two_trials(clips=("x", "x"), part=[0, 1])
    assert not pairs.is_repeat.any()


def test_a_long_table_becomes_trials():
    values = values_of_rows(["q", "p", "p", "q"], ["10", "2", "2", "2"], ["b", "a", "b", "a"], [5, 1, None, 7], **SEVEN)
    assert (values.participants, values.clips) == (("p", "q"), ("2", "10"))
    assert np.array_equal(values.values, [[1, np.nan], [7, np.nan], [np.nan, 5]], equal_nan=True)
    assert values.cannot_say.tolist() == [[False, True], [False, False], [False, False]]


@pytest.mark.parametrize(
    ("condition", "value", "message"),
    [
        (["a", "b", "a"], [1, 2, 3], "second rating of 'a' on clip 'x'"),
        (["a", "b", "c"], [1, 2, 3], "'c' is no condition"),
    ],
)
def test_a_row_of_a_long_table_that_breaks_a_rule_is_named(condition, value, message):
    with pytest.raises(BallotsError, match=message) as refused:
        values_of_rows(["p"] * 3, ["x"] * 3, condition, value, **SEVEN)
    assert refused.value.row == 2


def test_people_and_clips_without_a_trial_are_left_out_of_a_selection():
    kept = two_trials().select(np.array([False, True]))
    assert (kept.participants, kept.clips, kept.values.tolist()) == (("p",), ("y",), [[3.0, 4.0]])

"""Balance of the pairs that people compare, as pure functions."""

import hashlib
from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.design import Design, draw_plan
from study.design.pairs import _block, block_of_showings


@st.composite
def designs(draw):
    conditions, clips = draw(st.integers(2, 6)), draw(st.integers(1, 7))
    return Design(
        seed=draw(st.integers(0, 2**48)),
        clips=clips,
        conditions=conditions,
        each=draw(st.none() | st.integers(1, clips)),
        pairs_per_clip=draw(st.integers(1, conditions * (conditions - 1) // 2)),
        repeats=draw(st.integers(0, 9)),
        match_controls=draw(st.integers(0, 3)),
        attention_trials=draw(st.integers(0, 3)),
        named=1,
    )


def main_of(design, slot):
    return [trial for trial in draw_plan(design, slot) if trial.kind == "main" and not trial.repeat]


def conditions_of(trial):
    return tuple(condition for _clip, condition in trial.images)


@settings(max_examples=25, deadline=None)
@given(designs())
def test_at_any_number_of_people_pairs_of_a_clip_and_their_sides_differ_by_at_most_one(design):
    sides, heard = Counter(), Counter()
    every = list(combinations(range(design.conditions), 2))
    for slot in range(40):
        for trial in main_of(design, slot):
            sides[trial.clip, conditions_of(trial)] += 1
            heard[trial.clip] += trial.part == 0
        for clip in range(design.clips):
            left = [(sides[clip, pair], sides[clip, pair[::-1]]) for pair in every]
            assert all(abs(one - other) <= 1 for one, other in left)
            counts = [one + other for one, other in left]
            assert max(counts) - min(counts) <= 1
            if heard[clip] % block_of_showings(design.conditions, design.pairs_per_clip) == 0 and design.each is None:
                assert len({side for both in left for side in both}) == 1


@settings(max_examples=25, deadline=None)
@given(designs(), st.integers(0, 60))
def test_a_person_hears_each_clip_once_a_round_in_one_order_with_other_pairs_each_time(design, slot):
    main, each = main_of(design, slot), design.per_person
    rounds = [main[start : start + each] for start in range(0, len(main), each)]
    assert len(rounds) == design.pairs_per_clip
    assert all([trial.part for trial in trials] == [part] * each for part, trials in enumerate(rounds))
    assert len({tuple(trial.clip for trial in trials) for trials in rounds}) == 1
    assert len({trial.clip for trial in rounds[0]}) == each
    assert len({(trial.clip, frozenset(conditions_of(trial))) for trial in main}) == len(main)
    assert all({clip for clip, _condition in trial.images} == {trial.clip} for trial in main)
    assert each == 1 or all(one.clip != other.clip for one, other in pairwise(main))


@settings(max_examples=25, deadline=None)
@given(designs(), st.integers(0, 60))
def test_extra_trials_of_pairs_show_two_images_and_never_a_clip_before_its_first_trial(design, slot):
    plan = draw_plan(design, slot)
    assert len(plan) == design.trials
    assert len({(trial.clip, trial.kind, trial.repeat, trial.part) for trial in plan}) == len(plan)
    seen = {}
    for trial in plan:
        assert len(set(trial.images)) == 2
        if trial.kind == "main" and not trial.repeat:
            seen.setdefault(trial.clip, []).append(frozenset(trial.images))
        elif trial.kind == "main":
            assert frozenset(trial.images) in seen[trial.clip]
        else:
            assert all(clip in seen for clip, _condition in trial.images)
        if trial.kind == "match":
            assert len({clip for clip, _condition in trial.images}) == 2
            assert len(set(conditions_of(trial))) == 1
        assert (trial.expected in ((0,), (1,))) == (trial.kind == "attention")


@pytest.mark.parametrize(("clips", "each", "conditions", "m"), [(6, 6, 4, 1), (12, 12, 4, 3), (12, 5, 5, 3)])
def test_within_a_person_pairs_and_conditions_are_spread_over_the_clips(clips, each, conditions, m):
    design = Design(seed=1, clips=clips, conditions=conditions, each=each, pairs_per_clip=m)
    spread = Counter()
    for slot in range(60):
        main = [conditions_of(trial) for trial in main_of(design, slot)]
        pairs = Counter(frozenset(pair) for pair in main)
        shown = Counter(condition for pair in main for condition in pair)
        every = [pairs[frozenset(pair)] for pair in combinations(range(conditions), 2)]
        spread["pairs"] += max(every) - min(every)
        spread["conditions"] += max(shown[i] for i in range(conditions)) - min(shown[i] for i in range(conditions))
    assert spread["pairs"] / 60 < 1.5  # by lot, 2.4 to 4.8
    assert spread["conditions"] / 60 < 1.7  # by lot, 2.9 to 5.5


def test_slots_of_pairs_may_be_drawn_in_any_order_and_never_change():
    extras = {"repeats": 1, "match_controls": 1, "attention_trials": 1}
    design = Design(seed=42, clips=5, conditions=4, each=3, pairs_per_clip=2, **extras)
    forwards = [draw_plan(design, slot) for slot in range(150)]
    _block.cache_clear()
    assert [draw_plan(design, slot) for slot in reversed(range(150))] == forwards[::-1]
    # What studies that are under way were promised, as in test_plans.py.
    assert hashlib.sha256("".join(map(repr, forwards)).encode()).hexdigest()[:16] == "ee7adec3b15efe46"

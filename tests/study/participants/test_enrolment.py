"""Slots given to people, given back, and given again."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from study.design import Design, draw_plan
from study.models import Participant
from study.participants.enrolment import enrol
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_people_take_the_slots_in_order():
    study = make_open_study(clips=1)
    assert [enrol(study)[0].slot for _ in range(4)] == [0, 1, 2, 3]


def test_a_slot_is_given_again_when_its_person_has_left():
    study = make_open_study(clips=1)
    enrol(study, now=NOON)
    assert enrol(study, now=NOON + timedelta(minutes=29))[0].slot == 1
    assert enrol(study, now=NOON + timedelta(minutes=31))[0].slot == 0


def test_a_withdrawn_persons_slot_is_given_again():
    study = make_open_study(clips=1)
    withdraw(enrol(study)[0])
    assert enrol(study)[0].slot == 0


def test_a_person_who_answered_everything_keeps_the_slot_without_the_last_button():
    from uuid import uuid4

    from study.ballots.casting import Answer, cast_ballot

    study = make_open_study(clips=1)
    person, _ = enrol(study, now=NOON)
    cast_ballot(person.trials.get(), Answer(uuid4(), "A", "B"), now=NOON)
    assert enrol(study, now=NOON + timedelta(hours=2))[0].slot == 1


def test_kinds_are_numbered_separately():
    study = make_open_study(clips=1)
    enrol(study)
    bot, _ = enrol(study, bot=True)
    assert (bot.number, bot.slot, bot.code) == (1, 0, "b0001")


def test_the_same_seed_arrivals_and_times_give_the_same_assignment():
    seen = []
    for _ in range(2):
        study = make_open_study(clips=4, seed=99)
        conditions = dict(study.clips.values_list("stimuli__pk", "stimuli__condition__number"))
        people = [enrol(study, now=NOON + timedelta(minutes=20 * index))[0] for index in range(5)]
        seen.append(
            [
                [
                    (t.clip.number, [conditions[pk] for pk in t.position_order])
                    for t in person.trials.select_related("clip")
                ]
                for person in people
            ]
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("arrivals", [24, 48, 1000])
def test_with_a_fifth_dropping_out_completed_orders_stay_within_the_stated_bound(arrivals):
    """The slot rule of `study.design.slots` over hours, with participants who leave and some who return."""
    from study.design import next_slot
    from study.design.slots import ACTIVE_MINUTES

    rng = np.random.default_rng(arrivals)
    design = Design(seed=4, clips=1, conditions=4)
    people: list[dict] = []  # slot, last seen, when complete
    for index in range(arrivals):
        now = float(index)  # one a minute
        held = {
            p["slot"]
            for p in people
            if (p["done"] is not None and p["done"] <= now) or now - p["seen"](now) <= ACTIVE_MINUTES
        }
        leaves = rng.random() < 0.2
        start, length = now, float(rng.uniform(5, 20))
        back = leaves and rng.random() < 0.1
        done = None if leaves and not back else start + length + (90 if back else 0)
        end = start + (rng.uniform(0, length) if leaves else length)
        people.append({"slot": next_slot(held), "done": done, "seen": lambda t, s=start, e=end: min(max(t, s), e)})
    now = arrivals + 200.0
    complete = [p for p in people if p["done"] is not None and p["done"] <= now]
    top = max(p["slot"] for p in complete) + 1
    holes = top - len({p["slot"] for p in complete})
    returned = len(complete) - len({p["slot"] for p in complete})
    counts = Counter(draw_plan(design, p["slot"])[0].images for p in complete)
    every = [*counts.values(), *[0] * (24 - len(counts))]
    assert max(every) - min(every) <= 1 + holes + returned
    assert len(people) == arrivals
    if arrivals == 1000:  # and in practice far below
        assert max(every) - min(every) <= 6


def test_people_enrolled_for_real_fill_whole_blocks():
    study = make_open_study(clips=2)
    for _ in range(120):
        enrol(study)
    firsts = Counter()
    for person in Participant.objects.all():
        for trial in person.trials.all():
            firsts[(trial.clip_id, tuple(trial.position_order))] += 1
    assert set(firsts.values()) == {5}
    assert len(firsts) == 48

"""Fake people are flagged by what the server saw, through the real pages; honest people in the same studies are not."""

import json
import random
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from study.design import Design, draw_plan
from study.models import Ballot, Event, InviteLink, Participant, Study, Trial
from study.participants.enrolment import enrol
from study.participants.flag_words import evidence as words
from study.participants.position_patterns import RARE, least_likely_pattern
from study.participants.server_record import server_rows
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


class Clock:
    """The server's clock, which stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


# Positions of somebody who judges the images: no pattern in them.
FIRSTS = "CABDCBADBACD"
SECONDS = "BDACADCACBDB"


def numbers_of(visit: Visit) -> list[int]:
    return list(visit.participant.trials.order_by("number").values_list("number", flat=True))


def honest(study: Study, clock: Clock, *, seconds: float = 20, ahead: bool = False, **fields: str) -> Participant:
    """Somebody who opens each trial, listens, and answers after `seconds`; `ahead` fetches the next trials before."""
    visit = Visit(study).to_trials()
    numbers = numbers_of(visit)
    for place, number in enumerate(numbers):
        if ahead:
            for next_number in numbers[place : place + 3]:
                if visit.participant.trials.get(number=next_number).page_sent_at is None:
                    visit.open(next_number)
        else:
            visit.open(number)
        clock.wait(seconds)
        visit.answer(
            number,
            FIRSTS[place],
            SECONDS[place],
            seconds=f"{seconds - 0.5:.1f}",
            listened=f"{min(seconds - 0.5, 12):.1f}",
            **fields,
        )
    visit.post("review/")
    person = visit.participant
    assert person.status == "completed"
    return person


def fake(study: Study, positions: str = FIRSTS, seconds: str = "", **fields: str) -> Participant:
    """A script that posts answers without ever fetching a page."""
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        first = positions[place % len(positions)]
        second = SECONDS[place] if SECONDS[place] != first else "ABCD"["DABC".index(first)]
        visit.answer(number, first, second, seconds=seconds, listened=seconds, **fields)
    visit.post("review/")
    return visit.participant


def test_eight_people_in_two_seconds_who_fetch_no_page_are_all_flagged(clock):
    study = make_open_study(clips=4)
    for _ in range(8):
        fake(study, seconds="25.0")
        clock.wait(0.25)
    people = list(study.participants.all())
    assert len(people) == 8
    for person in people:
        assert person.flag_kinds == ["no_page", "no_images", "impossible_time", "too_fast", "not_listened"]
    evidence = {flag["kind"]: flag for flag in people[0].flags}
    assert (evidence["no_page"]["n"], evidence["no_page"]["of"]) == (4, 4)
    assert evidence["not_listened"]["silent"] == 4
    assert (evidence["impossible_time"]["claimed"], evidence["impossible_time"]["passed"]) == (100, 0)


@pytest.mark.parametrize("seconds", [20, 6])
@pytest.mark.parametrize("ahead", [False, True])
def test_people_who_listen_are_not_flagged_however_quick_and_whatever_was_fetched_ahead(clock, seconds, ahead):
    study = make_open_study(clips=8, seconds=4.0)  # two seconds to hear
    assert honest(study, clock, seconds=seconds, ahead=ahead).flags == []


def test_claimed_seconds_do_not_outweigh_the_servers_clock(clock):
    """A script that fetches everything but does not wait: only the clock tells."""
    study = make_open_study(clips=6, seconds=10.0)
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        visit.open(number)
        clock.wait(1)
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="30", listened="10")
    visit.post("review/")
    assert visit.participant.flag_kinds == ["impossible_time", "too_fast", "not_listened"]


def test_time_that_passed_before_the_first_trial_cannot_be_spent_on_several(clock):
    """All pages are fetched first, then one pause is claimed by each answer: each is possible, all are not."""
    study = make_open_study(clips=3, seconds=10.0)
    visit = Visit(study).to_trials()
    for number in (1, 2, 3):  # as far ahead as a browser may
        visit.open(number)
    clock.wait(8)
    for place, number in enumerate((1, 2, 3)):
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="7.5", listened="7")
    visit.post("review/")
    assert visit.participant.flag_kinds == ["impossible_time", "too_fast", "not_listened"]


def test_answers_kept_while_offline_that_arrive_together_are_not_flagged(clock):
    study = make_open_study(clips=3, seconds=10.0)
    visit = Visit(study).to_trials()
    for number in (1, 2, 3):
        visit.open(number)
    clock.wait(60)
    for place, number in enumerate((1, 2, 3)):
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="19", listened="9", age=f"{40 - 20 * place}")
    visit.post("review/")
    assert visit.participant.flags == []


def test_who_never_gets_the_sound_has_not_listened(clock):
    study = make_open_study(clips=6, seconds=10.0)
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        visit.open(number, sound=False)
        clock.wait(30)
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="29", listened="10")
    visit.post("review/")
    (flag,) = visit.participant.flags
    assert (flag["kind"], flag["n"], flag["of"], flag["silent"]) == ("not_listened", 6, 6, 6)


def test_a_probe_of_two_bytes_is_no_sound_and_a_head_request_no_page(clock):
    study = make_open_study(clips=1)
    visit = Visit(study).to_trials()
    visit.client.head(visit.url("trial/1/"))
    trial = visit.participant.trials.get()
    assert trial.page_sent_at is None
    sound = visit.url(f"m/{trial.media_key}/audio")
    assert visit.client.get(sound, headers={"Range": "bytes=0-1"}).status_code == 206
    trial.refresh_from_db()
    assert trial.sound_sent_at is None
    visit.client.get(sound, headers={"Range": "bytes=0-999"})
    trial.refresh_from_db()
    assert trial.sound_sent_at == clock.now


def test_a_reload_keeps_the_first_times_and_writes_nothing_more(clock):
    study = make_open_study(clips=1)
    visit = Visit(study).to_trials()
    visit.open(1)
    first = clock.now
    clock.wait(100)
    visit.open(1)
    trial = visit.participant.trials.get()
    assert (trial.page_sent_at, trial.sound_sent_at, trial.images_sent) == (first, first, 0b1111)
    with CaptureQueriesContext(connection) as queries:
        visit.open(1)
    assert not [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]


def test_a_changed_answer_is_judged_with_the_time_of_the_first(clock):
    """Who goes back and changes a choice has listened before: the page asks for no more, and it takes a second."""
    study = make_open_study(clips=2, seconds=10.0)
    visit = Visit(study).to_trials()
    for number in (1, 2):
        visit.open(number)
        clock.wait(20)
        visit.answer(number, FIRSTS[number], SECONDS[number], seconds="19", listened="9")
    for number in (1, 2):
        visit.open(number)
        clock.wait(1)
        visit.answer(number, SECONDS[number], FIRSTS[number], seconds="1", listened="0")
    visit.post("review/")
    assert visit.participant.flags == []


def test_people_without_script_are_judged_by_the_server_alone(clock):
    study = make_open_study(clips=5, seconds=10.0)
    hasty = Visit(study).to_trials()
    calm = Visit(study).to_trials()
    for visit, pause in ((hasty, 1), (calm, 15)):
        for place, number in enumerate(numbers_of(visit)):
            visit.open(number)
            clock.wait(pause)
            visit.answer(number, FIRSTS[place], SECONDS[place])
        visit.post("review/")
    assert hasty.participant.flag_kinds == ["too_fast", "not_listened"]
    assert calm.participant.flags == []


def test_a_clock_that_was_set_back_flags_nobody(clock):
    study = make_open_study(clips=6, seconds=10.0)
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        visit.open(number)
        clock.wait(20 if place != 2 else -3600)
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="19", listened="9")
    visit.post("review/")
    assert visit.participant.flags == []


def test_of_trials_drawn_by_an_older_version_nothing_is_known_and_nothing_is_flagged(clock):
    study = make_open_study(clips=4, seconds=10.0)
    visit = Visit(study).to_trials()
    Trial.objects.update(images_sent=None)
    for place, number in enumerate(numbers_of(visit)):
        visit.answer(number, FIRSTS[place], SECONDS[place], seconds="25", listened="10")
    visit.post("review/")
    assert visit.participant.flags == []
    assert not next(server_rows(study, ("real",)))["images_sent"]


def test_simulated_people_take_no_time_and_are_not_flagged_for_it():
    study = make_open_study(clips=4, simulated=True)
    link = InviteLink.objects.create(study=study, kind=Participant.Kind.SIMULATED)
    person, _token = enrol(study, link=link)
    assert person.kind == "simulated"
    assert set(person.trials.values_list("images_sent", flat=True)) == {None}


@pytest.mark.parametrize(
    ("clips", "pattern", "evidence"),
    [
        (4, "A", "same positions for 1st and 2nd"),
        (12, "A", "same positions for 1st and 2nd"),
        (4, "AB", "2 trials before"),
        (12, "AB", "2 trials before"),
        (8, "ABCD", "4 trials before"),
    ],
)
def test_straight_lines_and_cycles_are_flagged_also_in_short_studies(clock, clips, pattern, evidence):
    study = make_open_study(clips=clips)
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        visit.open(number)
        clock.wait(20)
        first = pattern[place % len(pattern)]
        visit.answer(number, first, "BCDA"["ABCD".index(first)], seconds="19", listened="2")
    visit.post("review/")
    (flag,) = visit.participant.flags
    assert flag["kind"] == "position_pattern"
    assert evidence in words(flag)
    assert flag["odds"] >= 64


def test_a_straight_line_with_one_deviation_is_flagged(clock):
    study = make_open_study(clips=8)
    visit = Visit(study).to_trials()
    for place, number in enumerate(numbers_of(visit)):
        visit.open(number)
        clock.wait(20)
        visit.answer(number, "A" if place != 3 else "C", "BDBBDDBD"[place])
    visit.post("review/")
    (flag,) = visit.participant.flags
    assert (flag["kind"], flag["n"], flag["of"], flag["period"], flag["both"]) == ("position_pattern", 7, 8, 1, False)


def test_events_of_the_page_are_in_the_record_of_the_server(clock):
    study = make_open_study(clips=2)
    visit = Visit(study).to_trials()
    visit.open(1)
    opened = clock.now
    for pause, kind in ((1, "shown"), (5, "play"), (9, "choose")):
        clock.wait(pause)
        visit.post("events/", {"events": json.dumps([{"kind": kind, "trial": 1}])})
    clock.wait(1)
    visit.answer(1)
    (row,) = server_rows(study, ("real",))
    assert {name: row[name] for name in row if name.endswith("_after")} == {
        "sound_sent_after": 0,
        "first_event_after": 1,
        "last_event_after": 15,
        "answer_received_after": 16,
    }
    assert datetime.fromisoformat(row["page_sent_at"]) == opened.replace(minute=0, second=0, microsecond=0)
    assert (row["trial"], row["images_sent"], row["images"]) == (1, 4, 4)


TYPED = {"pastes": 0, "inputs": 60, "largest": 2, "seconds": 14.0}
TEXT = "The drums and the red sky go together well"


@pytest.mark.parametrize(
    ("typing", "reason", "sign"),
    [
        (TYPED, TEXT, None),
        ({"pastes": 0, "inputs": 9, "largest": 8, "seconds": 4.0}, TEXT, None),  # words suggested by a phone
        (None, "calm", None),
        (TYPED | {"pastes": 1}, TEXT, "1 pasted (1 times)"),
        ({"pastes": 0, "inputs": 1, "largest": 42, "seconds": 0.0}, TEXT, "1 at once (up to 42 characters an input)"),
        (TYPED | {"seconds": 0.4}, TEXT, "1 faster than people type (up to 105.0 characters a second)"),
        (None, TEXT, "1 without any input"),
    ],
)
def test_reasons_that_nobody_typed_are_flagged_with_counts_and_without_keys(clock, typing, reason, sign):
    study = make_open_study(clips=1, ask_reason=True)
    fields = {"typing": json.dumps(typing)} if typing else {}
    person = honest(study, clock, reason=reason, **fields)
    if sign is None:
        assert person.flags == []
        return
    (flag,) = person.flags
    assert flag["kind"] == "reason_not_typed"
    assert sign in words(flag)
    assert reason not in json.dumps(flag)
    assert set(Ballot.objects.get().typing or {}) <= {"pastes", "inputs", "largest", "seconds"}


def test_a_text_that_arrives_faster_than_it_can_be_typed_is_flagged_whatever_is_claimed(clock):
    study = make_open_study(clips=1, ask_reason=True)
    person = honest(study, clock, seconds=6, reason=4 * TEXT, typing=json.dumps(TYPED | {"inputs": 200}))
    assert person.flag_kinds == ["reason_not_typed"]
    assert person.flags[0]["too_quick"] == 1


def test_the_same_reason_again_and_again_is_flagged(clock):
    study = make_open_study(clips=3, ask_reason=True)
    person = honest(study, clock, reason=TEXT, typing=json.dumps(TYPED))
    assert person.flags[0]["repeated"] == 3


def test_a_reason_that_was_typed_before_stays_typed_when_only_the_choice_changes(clock):
    study = make_open_study(clips=1, ask_reason=True)
    visit = Visit(study).to_trials()
    for first, typing in (("A", json.dumps(TYPED)), ("C", "")):
        visit.open(1)
        clock.wait(20)
        visit.answer(1, first, "B", seconds="19", listened="2", reason=TEXT, typing=typing)
    visit.post("review/")
    assert visit.participant.flags == []


@pytest.mark.parametrize("typing", ["{", "[]", '{"pastes": -1}', '{"pastes": NaN}', "9" * 5000, '{"keys": "secret"}'])
def test_counts_that_cannot_be_are_dropped_and_the_answer_counts(typing):
    visit = Visit(make_open_study(clips=1, ask_reason=True)).to_trials()
    assert visit.answer(1, reason="calm", typing=typing).status_code == 303
    assert Ballot.objects.get().typing is None


def test_honest_positions_are_rarely_flagged():
    """Of people who choose by the images, and even of those who always like the same condition, few are flagged."""
    rng = random.Random(1)
    for clips in (4, 5, 6, 8, 12, 24):
        flagged = {"by lot": 0, "one condition": 0}
        for slot in range(400):
            trials = draw_plan(Design(seed=7, clips=clips, conditions=4), slot)
            by_lot = [tuple(rng.sample(range(4), 2)) for _ in trials]
            conditions = [[condition for _clip, condition in trial.images] for trial in trials]
            same = [(order.index(1), order.index(3)) for order in conditions]
            for name, choices in (("by lot", by_lot), ("one condition", same)):
                pattern = least_likely_pattern(choices, 4)
                flagged[name] += pattern is not None and pattern.odds >= RARE
        assert max(flagged.values()) / 400 < 0.05, (clips, flagged)


def test_honest_sides_of_pairs_are_rarely_flagged():
    """Nor does the balance of the sides make a pattern of those who always like the same conditions."""
    for conditions, clips, per_clip in ((2, 8, 1), (2, 24, 1), (4, 6, 6), (4, 12, 2)):
        flagged = 0
        for slot in range(200):
            trials = draw_plan(Design(seed=7, clips=clips, conditions=conditions, pairs_per_clip=per_clip), slot)
            shown = [[condition for _clip, condition in trial.images] for trial in trials]
            pattern = least_likely_pattern([(int(left > right), None) for left, right in shown], 2)
            flagged += pattern is not None and pattern.odds >= RARE
        assert flagged / 200 < 0.04, (conditions, clips, per_clip)


def test_withdrawal_erases_flags_and_what_the_server_saw(clock):
    study = make_open_study(clips=4)
    person = fake(study)
    withdraw(person)
    person.refresh_from_db()
    assert (person.flags, person.rule_exclusions) == ([], [])
    assert list(server_rows(study, ("real",))) == []
    assert not Event.objects.filter(participant=person).exists()

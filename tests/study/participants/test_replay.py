"""The replay of a person: the stored events and answers, each once at its time, and no image's condition."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from study.ballots.casting import Answer, cast_ballot
from study.design import LETTERS
from study.models import BallotRevision, Event, Participant, Study, Trial
from study.participants.enrolment import enrol
from study.participants.replay import MOST_MOMENTS, Moment, Replay, replay_of, shortened
from study.participants.replay_times import SentEvent, place
from study.participants.withdrawal import withdraw
from study.simulation.people import simulate_participants
from tests.config.addresses import browser
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
CLIP = 20.0


def sent(kind: str, clock: float, arrived: float, trial: int = 1, **data: Any) -> SentEvent:
    return SentEvent(trial, kind, {**data, "t": clock}, arrived)


def test_events_of_a_batch_are_placed_by_the_clock_of_their_page() -> None:
    """They arrive together at 130; the page was loaded at 100, as its last event shows, which was sent at once."""
    batch = [sent("shown", 1, 130), sent("play", 5, 130, at=0), sent("pause", 15, 130, at=10)]
    hidden = sent("hidden", 40, 140)
    found = place([*batch, hidden], {1: CLIP}, {})
    assert [(event.kind, event.at) for event in found] == [
        ("shown", 101),
        ("play", 105),
        ("pause", 115),
        ("hidden", 140),
    ]


def test_a_page_that_is_loaded_again_has_a_clock_of_its_own() -> None:
    first, second = [sent("shown", 1, 101), sent("hidden", 50, 150)], [sent("shown", 2, 202), sent("hidden", 9, 209)]
    assert [event.at for event in place([*first, *second], {1: CLIP}, {})] == [101, 150, 202, 209]


def test_a_page_whose_machine_slept_goes_on_later() -> None:
    """Its clock stood still for an hour."""
    assert [event.at for event in place([sent("shown", 1, 101), sent("play", 3, 3703)], {1: CLIP}, {})] == [101, 3703]


@pytest.mark.parametrize(
    ("events", "heard", "ends"),
    [
        ([("play", 0, {"at": 0}), ("pause", 7, {"at": 7})], 7, 7.0),
        ([("play", 0, {"at": 0}), ("seek", 4, {"to": 15}), ("pause", 6, {"at": 17})], 6, 17.0),
        ([("play", 0, {"at": 12}), ("pause", 30, {"at": 20}), ("ended", 30, {"heard": 8})], 8, 20.0),
        ([("play", 0, {"at": 0}), ("shown", 9, {})], 9, 9.0),
        ([("play", 0, {"at": 0})], 11, 11.0),  # until the answer
        ([("play", 0, {})], 11, 11.0),
        ([("play", 0, {"at": "x"}), ("seek", 1, {"to": "y"}), ("pause", 2, {"at": None})], 2, 2.0),
    ],
)
def test_seconds_heard_are_those_in_which_the_sound_went_on(
    events: list[tuple[str, float, dict[str, Any]]], heard: float, ends: float
) -> None:
    rows = [sent(kind, clock, 100 + clock, **data) for kind, clock, data in events]
    play = place(rows, {1: CLIP}, {1: 111.0})[0]
    assert (play.heard, play.clip_to) == (heard, ends)


def visited(study: Study) -> Visit:
    return Visit(study).to_trials()


def post_events(visit: Visit, *events: dict[str, Any]) -> None:
    assert visit.post("events/", {"events": json.dumps(events)}).status_code == 204


def listens(trial: int, start: float, *, seconds: float, choose: str) -> list[dict[str, Any]]:
    """What the page notes of a trial, begun at `start` of its clock."""
    rows = [
        ("shown", 0.0, {}),
        ("play", 1.0, {"at": 0}),
        ("enlarge", 2.0, {"image": choose[0]}),
        ("pause", 1.0 + seconds, {"at": seconds}),
        *(("choose", 2.0 + seconds, {"image": letter}) for letter in choose),
    ]
    return [{"kind": kind, "trial": trial, "data": {**data, "t": start + at}} for kind, at, data in rows]


def events_of(replay: Replay) -> list[Moment]:
    kinds = {"shown", "play", "pause", "seek", "ended", "enlarge", "choose", "undo", "hidden", "visible"}
    return [moment for moment in replay.moments if moment.kind in kinds]


def a_person_who_listens(study: Study) -> Participant:
    """Goes through the survey's real pages as its script does; changes the first answer."""
    visit = visited(study)
    for number, start in ((1, 0.0), (2, 40.0)):
        visit.open(number)
        post_events(visit, *listens(number, start, seconds=6.0 + number, choose="BD"))
        visit.answer(number, "B", "D", key=str(uuid4()), seconds="12", listened=str(6.0 + number))
    visit.answer(1, "A", "D", key=str(uuid4()), seconds="3", listened="7")
    visit.post("review/")
    return visit.participant


def test_the_replay_of_a_person_is_their_events_and_answers() -> None:
    study = make_open_study(clips=2, seconds=CLIP, listening_minimum_seconds=0)
    person = a_person_who_listens(study)
    # As if it had taken a minute: the test has sent all of it within one.
    stored = list(person.events.order_by("pk"))
    for event in stored:
        Event.objects.filter(pk=event.pk).update(at=person.created_at + timedelta(seconds=10 + event.data["t"]))
    close(study)
    replay = replay_of(person, study)
    assert [(moment.kind, moment.trial, moment.at) for moment in events_of(replay)] == [
        (event.kind, event.trial.number, round(10 + event.data["t"])) for event in stored
    ]
    ballots = {trial.number: trial.ballot for trial in person.trials.select_related("ballot")}
    assert {trial.number: trial.heard for trial in replay.trials} == {1: 7.0, 2: 8.0}
    assert {row.number: row.heard for row in replay.trials} == {
        number: ballot.listened_seconds for number, ballot in ballots.items()
    }
    answers = [moment for moment in replay.moments if "answer" in moment.kind]
    assert sorted((moment.kind, moment.trial, moment.image, moment.second) for moment in answers) == [
        ("answer", 1, "B", "D"),
        ("answer", 2, "B", "D"),
        ("answer changed", 1, "A", "D"),
    ]
    assert BallotRevision.objects.count() == 1
    noted = {moment.kind for moment in replay.moments if moment.lane == "server"}
    assert noted >= {"arrived", "consented", "page sent", "sound sent", "finished"}


def close(study: Study) -> None:
    ended = timezone.now() - timedelta(days=1)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=ended, grace_minutes=0)
    study.refresh_from_db()


def test_under_the_seal_the_replay_is_the_same_whichever_positions_were_chosen() -> None:
    """Consecutive people see each image once in each position: letters of many would show how much they agree."""
    study = make_open_study(clips=1, seconds=CLIP, listening_minimum_seconds=0)
    seen = []
    for first, second in ("AB", "DC"):
        visit = visited(study)
        post_events(visit, *listens(1, 0.0, seconds=5.0, choose=first + second))
        visit.answer(1, first, second, key=str(uuid4()))
        replay = replay_of(visit.participant, study)
        seen.append(sorted((moment.kind, moment.image, moment.second) for moment in replay.moments))
    assert seen[0] == seen[1]
    assert ("answer", "α", "β") in seen[0]
    close(study)
    open_now = replay_of(visit.participant, study)  # the control
    assert [(row.image, row.second) for row in open_now.moments if row.kind == "answer"] == [("D", "C")]


@pytest.mark.parametrize("sealed", [True, False])
def test_under_the_seal_ratings_in_the_order_of_the_page_name_no_image(sealed: bool) -> None:
    """Who rates A, B, C, D and then chooses C would otherwise have chosen γ: the position."""
    questions = [
        {"kind": "rate", "key": "rating", "scales": [{"key": "match"}]},
        {"kind": "choose", "key": "choice", "ranks": 1},
    ]
    study = make_open_study(clips=1, listening_minimum_seconds=0, instrument={"questions": questions})
    visit = visited(study)
    rated = [{"kind": "rate", "trial": 1, "data": {"image": letter, "t": at}} for at, letter in enumerate("ABCD")]
    post_events(visit, *rated, {"kind": "choose", "trial": 1, "data": {"image": "C", "t": 9}})
    visit.post("trial/1/", {"first": "C"} | {f"q.match.{letter}": "4" for letter in "ABCD"})
    if not sealed:
        close(study)

    moments = replay_of(visit.participant, study).moments

    told = (
        [moment.image for moment in moments if moment.kind == "rate"],
        [row.image for row in moments if row.is_answer],
    )
    assert told == ((["", "", "", ""], ["α"]) if sealed else (["A", "B", "C", "D"], ["C"]))


def letter_of(trial: Trial, stimulus: int | None) -> str:
    return LETTERS[trial.position_order.index(stimulus)]


def test_positions_of_consecutive_people_would_tell_how_much_they_agree() -> None:
    """The reason: four people who all prefer one condition choose four different positions; by chance 9 of 100 do."""
    study = make_open_study(clips=1)
    letters = set()
    for _ in range(4):
        trial = enrol(study)[0].trials.get()
        letters.add(letter_of(trial, trial.clip.stimuli.get(condition__number=3).pk))
    assert letters == set("ABCD")


def test_what_a_browser_says_of_images_that_are_not_there_is_no_name() -> None:
    study = make_open_study(clips=1)
    visit = visited(study)
    strange = ["<b>", "redefined_tags", "Z", 3, "", "AB"]
    post_events(visit, *({"kind": "choose", "trial": 1, "data": {"image": name}} for name in strange))
    replay = replay_of(visit.participant, study)
    assert [moment.image for moment in events_of(replay)] == [""] * len(strange)


def test_ten_thousand_events_are_thinned_and_all_are_counted() -> None:
    study = make_open_study(clips=2, seconds=CLIP)
    visit = visited(study)
    visit.answer(1)
    Participant.objects.update(created_at=timezone.now() - timedelta(hours=2))
    person, trial = visit.participant, Trial.objects.get(number=1)
    kinds = ("play", "pause")
    Event.objects.bulk_create(
        Event(participant=person, trial=trial, kind=kinds[number % 2], data={"t": number * 0.5, "at": 0})
        for number in range(10_000)
    )
    with CaptureQueriesContext(connection) as queries:
        replay = replay_of(person, study)
    assert len(queries) <= 6
    assert len(replay.moments) == MOST_MOMENTS
    assert (replay.events, replay.left_out) == (10_000, 10_000 + 3 - MOST_MOMENTS)
    assert replay.trials[0].heard == 5_000 * 0.5
    assert {"arrived", "answer"} <= {moment.kind for moment in replay.moments}
    page = browser(study.owner).get(reverse("participant_replay", args=[study.slug, person.code]))
    assert len(page.content) < 400_000


def test_a_simulated_person_is_replayed_by_their_answers() -> None:
    """They have no page that notes events, and the server notes nothing of them but when they came."""
    study = make_open_study(clips=3, simulated=True)
    [person] = simulate_participants(study, 1, np.random.default_rng(3))
    close(study)
    replay = replay_of(person, study)
    answers = [(row.trial, row.image, row.second) for row in replay.moments if row.kind == "answer"]
    assert answers == [
        (
            trial.number,
            *(LETTERS[trial.position_order.index(pk)] for pk in (trial.ballot.first_id, trial.ballot.second_id)),
        )
        for trial in person.trials.select_related("ballot").order_by("number")
    ]
    assert (replay.events, len(answers)) == (0, 3)


def test_answers_that_were_kept_offline_say_when_they_arrived_and_late_ones_that_they_do_not_count() -> None:
    study = make_open_study(clips=2)
    visit = visited(study)
    Participant.objects.update(created_at=timezone.now() - timedelta(hours=2))
    first, second = visit.participant.trials.order_by("number")
    cast_ballot(first, Answer(uuid4(), "A", "B", age=timedelta(minutes=90)))
    ended = timezone.now() - timedelta(minutes=30)
    Study.objects.update(status=Study.Status.CLOSED, closed_at=ended, grace_minutes=0)
    late = Trial.objects.select_related("participant__study").get(pk=second.pk)
    cast_ballot(late, Answer(uuid4(), "A", "B", age=timedelta(minutes=60)))
    replay = replay_of(visit.participant, Study.objects.get())
    found = {row.kind: round(row.at / 60) for row in replay.moments if "answer" in row.kind}
    assert found == {"answer": 30, "late answer": 60, "answer arrived": 120}


def test_of_an_excerpt_the_axis_shows_its_own_seconds() -> None:
    study = make_open_study(clips=1, seconds=CLIP, listening_minimum_seconds=0)
    study.clips.update(trim_start=3_000, trim_end=8_000, survey_duration=5.0)
    visit = visited(study)
    visit.open(1)
    post_events(visit, {"kind": "play", "trial": 1, "data": {"at": 0, "t": 1.0}})
    post_events(visit, {"kind": "enlarge", "trial": 1, "data": {"image": "A", "t": 12.0}})
    replay = replay_of(visit.participant, study)
    [play] = [moment for moment in replay.moments if moment.kind == "play"]
    assert (play.clip_from, play.clip_to) == (0.0, 5.0), "the sound that was played ends there"
    assert (replay.trials[0].clip_seconds, replay.trials[0].heard) == (5.0, 5.0)


def test_long_times_without_anything_are_shortened() -> None:
    study = make_open_study(clips=1, seconds=CLIP)
    visit = visited(study)
    person = visit.participant
    for after, data in ((300, {}), (320, {}), (1000, {})):
        event = person.events.create(kind="shown", trial=person.trials.get(), data=data)
        Event.objects.filter(pk=event.pk).update(at=person.created_at + timedelta(seconds=after))
    replay = replay_of(person, study)
    assert [(end - start) for start, end in replay.gaps][-1] == 680
    assert shortened(replay) == sum(end - start - 10 for start, end in replay.gaps)


def test_nothing_is_left_of_a_person_who_has_withdrawn_and_erased_events_are_none() -> None:
    study = make_open_study(clips=2, seconds=CLIP, listening_minimum_seconds=0)
    person = a_person_who_listens(study)
    person.events.all().delete()
    assert [moment.kind for moment in replay_of(person, study).moments].count("answer") == 2
    withdraw(person)
    person.refresh_from_db()
    assert replay_of(person, study) == Replay()


@pytest.mark.parametrize("sealed", [True, False])
def test_answers_of_every_kind_are_told_and_under_the_seal_of_no_image(sealed: bool) -> None:
    scale = {"key": "match", "cannot_say": True}
    questions = [
        {"kind": "choose", "key": "choice", "ranks": 4},
        {"kind": "rate", "key": "rating", "scales": [scale]},
        {"kind": "text", "key": "why"},
    ]
    study = make_open_study(clips=1, instrument={"questions": questions})
    person, _token = enrol(study)
    values = {f"match.{letter}": (value,) for letter, value in zip("ABCD", ("7", "none", "2", "5"), strict=True)}
    answer = Answer(uuid4(), "C", "A", further=("D",), values=values | {"why": ("the drums",)})
    cast_ballot(person.trials.get(number=1), answer)
    if not sealed:
        Study.objects.update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=9))
    study.refresh_from_db()

    (told,) = [moment for moment in replay_of(person, study).moments if moment.is_answer]

    if sealed:
        assert told.further == "choice: place 3 γ, place 4 δ; match: 2, 5, 7, cannot say"
    else:
        assert told.further == "choice: place 3 D, place 4 B; match: A 7, B cannot say, C 2, D 5; why: the drums"

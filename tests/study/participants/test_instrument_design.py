"""Trials, time, checks and flags of studies with questions of their own."""

import re
from collections import Counter

import pytest
from django.utils import timezone, translation

from study.instruments.presets import PRESETS
from study.models import Ballot, Participant, Stimulus, Study, Trial
from study.participants.coverage import coverage
from study.participants.enrolment import design_of, enrol
from study.participants.exclusion_rules import judge_finished
from study.participants.expected_time import answering_seconds, expected_minutes
from study.participants.flag_words import MEANINGS, evidence
from study.participants.invitation_texts import description, heading
from study.participants.quality import agreement_with_oneself, agreement_with_others, read_measures
from study.texts import consent
from tests.factories import add_clip, make_open_study, make_study

pytestmark = pytest.mark.django_db

CHOOSE_ONE = {"questions": [{"kind": "choose", "key": "best", "ranks": 1}]}
SLIDER = {"questions": [{"kind": "rate", "key": "r", "scales": [{"key": "fit", "steps": "slider"}]}]}


def pairs(per_clip: int | None = None) -> dict:
    return {**PRESETS["pairs"], "pairs_per_clip": per_clip}


def answer(trial: Trial, first: int | None = None, **content) -> Ballot:
    """A ballot with this content, as casting stores it."""
    return Ballot.objects.create(trial=trial, first_id=first, content=content, answered_at=timezone.now())


def test_trials_of_pairs_have_two_images_of_their_clip_and_parts():
    study = make_open_study(clips=3, instrument=pairs(4), repeats=2, attention_trials=1, match_controls=1)
    person, _ = enrol(study)
    trials = list(person.trials.all())
    assert len(trials) == design_of(study, "real").trials == 3 * 4 + 2 + 1 + 1
    clip_of = dict(Stimulus.objects.values_list("pk", "clip"))
    for trial in trials:
        assert len(set(trial.position_order)) == 2
        assert (trial.kind == "match") == (len({clip_of[pk] for pk in trial.position_order}) == 2)
    main = [trial for trial in trials if trial.kind == "main" and not trial.repeat]
    assert Counter(trial.part for trial in main) == dict.fromkeys(range(4), 3)
    shown = {(trial.clip_id, trial.part): set(trial.position_order) for trial in main}
    again = [trial for trial in trials if trial.repeat]
    assert len(again) == 2
    assert all(set(trial.position_order) == shown[trial.clip_id, trial.part] for trial in again)
    (attention,) = [trial for trial in trials if trial.kind == "attention"]
    assert attention.expected in ({"first": "A"}, {"first": "B"})


def test_practice_of_pairs_shows_two_images_and_a_slot_is_given_again():
    study = make_open_study(clips=2, instrument=pairs(), practice_trial=True)
    add_clip(study, 9, is_practice=True)
    first, second = (enrol(study)[0] for _ in range(2))
    assert len(first.trials.get(number=0).position_order) == 2
    Participant.objects.filter(pk=first.pk).update(last_seen_at=timezone.now() - timezone.timedelta(hours=1))
    again, _ = enrol(study)
    assert (first.slot, second.slot, again.slot) == (0, 1, 0)
    orders = [
        list(person.trials.exclude(number=0).values_list("position_order", flat=True)) for person in (first, again)
    ]
    assert orders[0] == orders[1]


def test_a_clip_is_planned_to_have_as_many_answers_as_its_pairs_give():
    study = make_open_study(clips=4, instrument=pairs(3), trials_per_participant=2, target_participants=10)
    assert coverage(study).planned == 10 * 2 / 4 * 3
    plain = make_open_study(clips=4, trials_per_participant=2, target_participants=10)
    assert coverage(plain).planned == 10 * 2 / 4


@pytest.mark.parametrize(
    ("instrument", "seconds", "trials"),
    [({}, 15, 4), (pairs(), 8, 24), (pairs(2), 8, 8), (PRESETS["match_and_quality"], 32, 4), (SLIDER, 24, 4)],
)
def test_the_expected_time_follows_from_the_questions(instrument, seconds, trials):
    study = make_study(clips=4, seconds=20.0, instrument=instrument)
    design = design_of(study, "real")
    assert (answering_seconds(study, design.shown), design.trials) == (seconds, trials)
    assert expected_minutes(study) == round((trials * (20 + seconds) + 120) / 60)


def test_people_are_told_before_they_come_what_they_do():
    studies = [make_study(clips=2, instrument=i) for i in ({}, pairs(), SLIDER)]
    with translation.override("en"):
        told = [description(study, 5) for study in studies]
        assert [heading(study) for study in studies] == [*["Which images fit the music?"] * 2, "Music and images"]
        agreed = [consent(study) for study in studies]
    assert "hear 2 short pieces of music and choose, from 4 images each time, the ones that fit best" in told[0]
    assert "music 12 times and choose each time, from two images, the one that fits better" in told[1]
    assert "hear 2 short pieces of music and answer questions about 4 images each time" in told[2]
    beginnings = [text.partition(" Taking part is voluntary")[0] for text in agreed]
    assert beginnings == [
        *["You will hear short pieces of music and say which images fit them best."] * 2,
        "You will hear short pieces of music and answer questions about images.",
    ]


def attention_of(instrument: dict) -> tuple[Study, Participant, Trial]:
    study = make_open_study(clips=2, instrument=instrument, attention_trials=1)
    person, _ = enrol(study)
    return study, person, person.trials.get(kind="attention")


def failed(study: Study, person: Participant) -> float:
    return read_measures(study, Participant.objects.filter(pk=person.pk))[person.pk]["attention_failed"].value


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("instrument", [CHOOSE_ONE, pairs()])
def test_where_one_image_is_chosen_attention_trials_name_one(instrument, right):
    study, person, trial = attention_of(instrument)
    assert set(trial.expected) == {"first"}
    place = "ABCD".index(trial.expected["first"])
    answer(trial, trial.position_order[place if right else place - 1])
    assert failed(study, person) == (not right)


def test_a_tie_is_no_answer_to_an_attention_trial_that_names_an_image():
    study, person, trial = attention_of(pairs())
    answer(trial, pair="tie")
    assert failed(study, person) == 1


@pytest.mark.parametrize(
    ("instrument", "off", "right"),
    [
        (PRESETS["match_and_quality"], 0, True),
        (PRESETS["match_and_quality"], 1, False),
        (SLIDER, 5, True),
        (SLIDER, 6, False),
    ],
)
def test_of_ratings_an_attention_trial_asks_for_one_answer_on_the_main_scale(instrument, off, right):
    study, person, trial = attention_of(instrument)
    key, value = trial.expected["scale"], trial.expected["value"]
    assert key == ("match" if instrument is not SLIDER else "fit")
    assert value in (range(1, 8) if instrument is not SLIDER else range(10, 100, 10))
    given = dict.fromkeys(map(str, trial.position_order), value)
    given[str(trial.position_order[2])] -= off
    answer(trial, **{key: given})
    assert failed(study, person) == (not right)


def test_hidden_repeats_of_pairs_are_held_against_the_same_pair_and_ratings_against_nothing():
    study = make_open_study(clips=2, instrument=pairs(), repeats=2)
    person, _ = enrol(study)
    repeated = {(trial.clip_id, trial.part): trial for trial in person.trials.filter(repeat=1)}
    for trial in person.trials.filter(repeat=0):
        again = repeated.get((trial.clip_id, trial.part))
        answer(trial, trial.position_order[0])
        if again is not None:
            answer(again, trial.position_order[len(Ballot.objects.filter(trial__repeat=1)) % 2])
    measures = read_measures(study, study.participants.all())[person.pk]
    assert (measures["repeats_differ"].n, measures["repeats_differ"].of) == (1, 2)
    assert agreement_with_oneself(person) == (1, 2)
    assert agreement_with_others(person) == (12, 12)
    rated = make_open_study(clips=2, instrument=SLIDER, repeats=1)
    other, _ = enrol(rated)
    for trial in other.trials.all():
        answer(trial, fit=dict.fromkeys(map(str, trial.position_order), 50))
    assert {"repeats_differ", "position_pattern"}.isdisjoint(read_measures(rated, rated.participants.all())[other.pk])
    assert agreement_with_oneself(other) == (0, 0)


def rated(study: Study, values: str) -> Participant:
    """Somebody whose ratings are these, again and again."""
    person, _ = enrol(study)
    place = 0
    for trial in person.trials.all():
        content = {}
        for key in ("match", "quality"):
            content[key] = {}
            for image in trial.position_order:
                value = values[place % len(values)]
                content[key][str(image)] = None if value == "-" else int(value)
                place += 1
        answer(trial, **content)
    judge_finished(person)
    return person


@pytest.mark.parametrize(
    ("values", "flagged"), [("4", True), ("44444444444444447", True), ("4454464", False), ("-", False)]
)
def test_ratings_that_are_nearly_all_one_value_are_flagged_and_honest_ones_are_not(values, flagged):
    study = make_open_study(clips=6, instrument=PRESETS["match_and_quality"])
    flags = [flag for flag in rated(study, values).flags if flag["kind"] == "one_value"]
    assert bool(flags) == flagged
    if values == "4":
        assert (flags[0]["n"], flags[0]["of"]) == (48, 48)
        assert evidence(flags[0]).startswith("48 of 48 ratings are the same. On average they lie at 50 % of the scale")


def test_always_the_image_on_the_left_is_a_pattern():
    study = make_open_study(clips=2, instrument=pairs())
    person, _ = enrol(study)
    for trial in person.trials.all():
        answer(trial, trial.position_order[0])
    judge_finished(person)
    (flag,) = [flag for flag in person.flags if flag["kind"] == "position_pattern"]
    assert (flag["n"], flag["of"], flag["period"]) == (12, 12, 1)
    assert evidence(flag).startswith("12 of 12 times the same position for the best image. ")


def test_no_flag_of_pairs_speaks_of_a_first_choice():
    """Every word of choices in order, as the page of a pair has none of them."""
    study = make_open_study(clips=3, instrument=pairs(), repeats=2, match_controls=1, attention_trials=1)
    person, _ = enrol(study)
    for trial in person.trials.all():
        answer(trial, trial.position_order[0])
    measures = read_measures(study, study.participants.all())[person.pk]
    assert {"repeats_differ", "match_failed", "position_pattern", "attention_failed"} <= measures.keys()
    words = [evidence(measure.as_json()) for measure in measures.values()] + [str(MEANINGS[kind]) for kind in measures]
    assert not [text for text in words if re.search(r"\b(1st|2nd|first choice)\b", text)]

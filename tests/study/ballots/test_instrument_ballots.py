"""Ballots of studies that ask more than a first and a second choice: cast, shown in tables, proved."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from study.ballots.casting import Answer, AnswerRefused, cast_ballot, load_trial
from study.ballots.long_table import LONG_COLUMNS, answers_by_person
from study.ballots.receipts import verify_ballot
from study.ballots.table import COLUMNS, ballot_rows, columns_of
from study.instruments.of_study import instrument_of
from study.instruments.possible import content_fault
from study.instruments.presets import PRESETS
from study.models import Ballot, BallotRevision, LateAnswer, Study, Trial
from study.participants.enrolment import enrol
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
WORDS = {"kind": "text", "key": "why"}
ORDER_ALL = {"questions": [{"kind": "choose", "key": "choice", "ranks": 4}, WORDS]}
MUSIC = {
    "questions": [
        {"kind": "choose", "key": "choice", "ranks": 1},
        {
            "kind": "pick",
            "key": "emotion",
            "of": "images",
            "several": True,
            "options": [{"key": "joy"}, {"key": "calm"}],
        },
        {
            "kind": "rate",
            "key": "music",
            "of": "music",
            "scales": [{"key": "loud", "steps": "slider", "cannot_say": True}],
        },
        {"kind": "confidence", "key": "sure"},
    ]
}
RATINGS = {f"{key}.{letter}": (str(value),) for key in ("match", "quality") for value, letter in enumerate("ABCD", 2)}


def first_trial(instrument: Any, **fields: Any) -> Trial:
    study = make_open_study(clips=1, instrument=dict(instrument), **fields)
    trial = enrol(study)[0].trials.get(number=1)
    if instrument_of(study).pair is not None:
        trial.position_order = trial.position_order[:2]
        trial.save()
    return loaded(trial)


def loaded(trial: Trial) -> Trial:
    found = load_trial(pk=trial.pk)
    assert found is not None
    return found


def answered(instrument: Any, answer: Answer, **fields: Any) -> Ballot:
    ballot = cast_ballot(first_trial(instrument, **fields), answer)
    assert isinstance(ballot, Ballot)
    return ballot


def long(study: Study, **options: Any) -> list[dict[str, Any]]:
    return [
        dict(zip(LONG_COLUMNS, row, strict=True))
        for _person, rows in answers_by_person(study, **options)
        for row in rows
    ]


ANSWERS = {
    "match_and_quality": Answer(uuid4(), values=RATINGS),
    "pairs": Answer(uuid4(), "B"),
    "valence_arousal": Answer(
        uuid4(), values={f"{key}.{letter}": ("9",) for key in ("valence", "arousal") for letter in "ABCD"}
    ),
    "choose_and_rate": Answer(
        uuid4(), "B", "D", values={f"{key}.{letter}": ("1",) for key in ("match", "quality") for letter in "BD"}
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_to_each_preset_is_a_ballot_whose_digest_its_row_proves(name: str) -> None:
    ballot = answered(PRESETS[name], ANSWERS[name])
    study = ballot.trial.participant.study
    (row,) = ballot_rows(study, sealed=False)

    assert tuple(row) == (*COLUMNS, "content") == columns_of(study)
    assert verify_ballot(row)
    images = [str(image) for image in ballot.trial.position_order]
    first, second = (str(pk) if pk else None for pk in (ballot.first_id, ballot.second_id))
    stored: dict[str, Any] = {"shown": images, "first": first, "second": second, "none_fits": False}
    assert not content_fault(instrument_of(study), ballot.content, **stored)


def test_a_digest_covers_the_content() -> None:
    ballot = answered(PRESETS["match_and_quality"], ANSWERS["match_and_quality"])
    (row,) = ballot_rows(ballot.trial.participant.study, sealed=False)
    changed = json.loads(row["content"])
    changed["match"][next(iter(changed["match"]))] = 7

    assert verify_ballot(row)
    for content in ("", json.dumps(changed, sort_keys=True, separators=(",", ":"))):
        assert not verify_ballot(row | {"content": content})
    classic = cast_ballot(first_trial({}), Answer(uuid4(), "A", "B"))
    (old,) = ballot_rows(classic.trial.participant.study, sealed=False)
    assert verify_ballot(old)
    assert not verify_ballot(old | {"content": '{"match":1}'})


def test_ranks_after_the_second_are_in_the_content_and_the_last_follows() -> None:
    ballot = answered(ORDER_ALL, Answer(uuid4(), "B", "A", further=("D",)))
    a, b, c, d = ballot.trial.position_order

    assert (ballot.first_id, ballot.second_id, ballot.content) == (b, a, {"choice": [d, c]})
    ranks = {row["position"]: row["value"] for row in long(ballot.trial.participant.study, sealed=False)}
    assert ranks == {1: 2, 2: 1, 3: 4, 4: 3}


def test_a_tie_is_half_a_win_of_both_images() -> None:
    ballot = answered(PRESETS["pairs"], Answer(uuid4(), tie=True))

    assert (ballot.first_id, ballot.content) == (None, {"pair": "tie"})
    rows = long(ballot.trial.participant.study, sealed=False)
    assert [(row["kind"], row["position"], row["value"]) for row in rows] == [("pair", 1, 0.5), ("pair", 2, 0.5)]


def test_images_and_music_have_rows_of_their_own() -> None:
    values = {f"emotion.{letter}": ("joy", "calm") for letter in "ABCD"} | {"loud": ("none",), "sure": ("4",)}
    study = answered(MUSIC, Answer(uuid4(), "C", values=values)).trial.participant.study
    rows = [(row["question"], row["position"], row["value"]) for row in long(study, sealed=False)]

    assert rows == [
        *(("choice", place, 1 if place == 3 else "") for place in (1, 2, 3, 4)),
        *(("emotion", place, "joy;calm") for place in (1, 2, 3, 4)),
        ("loud", "", ""),
        ("sure", "", 4),
    ]


@pytest.mark.parametrize(
    ("instrument", "answer", "said"),
    [
        (ORDER_ALL, Answer(uuid4(), "B", "A"), "Choose 4 images, in order"),
        (ORDER_ALL, Answer(uuid4(), "B", "A", further=("A",)), "one place only"),
        (MUSIC, Answer(uuid4(), "B", "A"), "no longer the one"),
        (MUSIC, Answer(uuid4()), "Choose the image that fits best"),
        (PRESETS["pairs"], Answer(uuid4()), "fits better, or say"),
        (PRESETS["pairs"], Answer(uuid4(), "C"), "no image C"),
        (PRESETS["pairs"], Answer(uuid4(), "A", "B"), "no longer the one"),
        (PRESETS["pairs"], Answer(uuid4(), none_fits=True), "one image has to be chosen"),
        (PRESETS["match_and_quality"], Answer(uuid4(), "A", values=RATINGS), "no longer the one"),
        (PRESETS["match_and_quality"], Answer(uuid4(), values=RATINGS, tie=True), "no longer the one"),
        (PRESETS["match_and_quality"], Answer(uuid4(), values=RATINGS | {"match.C": ()}), "Image C has no answer"),
        ({}, Answer(uuid4(), "A", "B", further=("C",)), "no longer the one"),
        ({}, Answer(uuid4(), "A", "B", values={"match.A": ("1",)}), "no longer the one"),
    ],
)
def test_what_the_instrument_does_not_ask_or_misses_is_refused(instrument: Any, answer: Answer, said: str) -> None:
    with pytest.raises(AnswerRefused, match=said):
        answered(instrument, answer)
    assert not Ballot.objects.exists()


def test_where_later_ranks_are_optional_fewer_may_be_given() -> None:
    ballot = answered(ORDER_ALL, Answer(uuid4(), "B"), second_choice_required=False)

    assert (ballot.second_id, ballot.content) == (None, {})
    (row,) = ballot_rows(ballot.trial.participant.study, sealed=False)
    assert verify_ballot(row)


def test_no_image_fits_leaves_nothing_to_rate_of_the_chosen() -> None:
    ballot = answered(PRESETS["choose_and_rate"], Answer(uuid4(), none_fits=True), allow_none_fits=True)

    assert (ballot.none_fits, ballot.content) == (True, {})


def test_a_changed_content_replaces_the_answer_and_the_history_keeps_the_old_one() -> None:
    trial = first_trial(PRESETS["match_and_quality"])
    key = uuid4()
    for value in ("5", "5", "6"):  # the same form three times: once to no effect, once with another rating
        cast_ballot(trial, Answer(key, values=RATINGS | {"match.A": (value,)}))

    first = str(trial.position_order[0])
    assert Ballot.objects.get().content["match"][first] == 6
    assert BallotRevision.objects.get().content["content"]["match"][first] == 5


def test_histories_of_a_study_without_an_instrument_say_nothing_of_content() -> None:
    trial = first_trial({})
    for letters in ("AB", "BC"):
        cast_ballot(trial, Answer(uuid4(), *letters))

    assert "content" not in BallotRevision.objects.get().content
    assert Ballot.objects.get().content == {}


def test_a_late_answer_keeps_its_content() -> None:
    trial = first_trial(PRESETS["match_and_quality"])
    now = timezone.now()
    Study.objects.update(status=Study.Status.CLOSED, closed_at=now - timedelta(hours=2), grace_minutes=60)
    type(trial.participant).objects.update(created_at=now - timedelta(hours=3))
    late = cast_ballot(loaded(trial), Answer(uuid4(), values=RATINGS, age=timedelta(hours=2)))

    assert isinstance(late, LateAnswer)
    assert set(late.content["content"]) == {"match", "quality"}


def test_while_sealed_tables_hide_conditions_positions_and_words() -> None:
    answer = Answer(uuid4(), "B", "A", further=("D",), values={"why": ("The redefined one",)})
    study = answered(ORDER_ALL, answer).trial.participant.study
    keys, labels = (set(study.conditions.values_list(name, flat=True)) for name in ("key", "sealed_label"))
    rows = long(study)
    (ballot,) = ballot_rows(study)

    assert {row["question"] for row in rows} == {"choice"}
    assert [row["condition"] for row in rows] == sorted(labels)  # not in the order of the page
    assert {row["position"] for row in rows} == {""}
    assert set(json.loads(ballot["content"])) == {"choice"}
    for shown in (str(rows), str(ballot)):
        assert "redefined one" not in shown
        assert not any(key in shown for key in keys)

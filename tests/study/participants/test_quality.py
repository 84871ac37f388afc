"""Options of a study and what is noted about the way somebody answered."""

import json
import re
from collections import Counter

import pytest

from study.instruments.presets import PRESETS
from study.models import Clip, Event, Trial
from study.participants.questions import QuestionSetError, load_question_set, shipped_question_set
from tests.factories import add_clip, make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def test_hidden_repeats_show_early_clips_again_with_another_order_possible():
    study = make_open_study(clips=5, repeats=2)
    trials = list(Visit(study).participant.trials.all())
    assert len(trials) == 7
    assert [trial.repeat for trial in trials] == [0, 0, 0, 0, 0, 1, 1]
    assert {trial.clip_id for trial in trials[5:]} == {trial.clip_id for trial in trials[:2]}
    assert all(sorted(trial.position_order) == sorted(s.pk for s in trial.clip.stimuli.all()) for trial in trials)


def test_a_match_control_shows_two_images_of_this_clip_and_two_of_another():
    from study.models import Stimulus

    study = make_open_study(clips=4, match_controls=1)
    trials = list(Visit(study).participant.trials.all())
    (control,) = [trial for trial in trials if trial.kind == Trial.Kind.MATCH]
    shown = Stimulus.objects.filter(pk__in=control.position_order)
    by_clip = Counter(shown.values_list("clip", flat=True))
    assert sorted(by_clip.values()) == [2, 2]
    assert control.clip_id in by_clip
    assert sorted(Counter(shown.values_list("condition", flat=True)).values()) == [2, 2]
    main = {trial.clip_id: trial.number for trial in trials if trial.kind == "main"}
    assert all(main[clip] < control.number for clip in by_clip)


def test_practice_comes_first_and_is_not_counted():
    study = make_open_study(clips=2, practice_trial=True)
    add_clip(study, 9, is_practice=True)
    visit = Visit(study).to_trials()
    assert visit.get("").headers["Location"].endswith("/trial/0/")
    assert "A try first" in visit.get("trial/0/").content.decode()
    visit.answer(0)
    assert "1 of 2" in visit.get("trial/1/").content.decode()
    assert visit.finish().status == "completed"
    assert Clip.objects.get(number=9).trials.get().kind == "practice"


@pytest.mark.parametrize("right", [True, False])
def test_an_attention_trial_is_flagged_where_it_was_answered_wrongly(right):
    study = make_open_study(clips=3, attention_trials=1)
    visit = Visit(study).to_trials()
    trial = visit.participant.trials.get(kind="attention")
    for number in range(1, 5):
        if number == trial.number and right:
            visit.answer(number, **trial.expected)
        elif number == trial.number:
            wrong = "".join(sorted(set("ABCD") - set(trial.expected["first"])))
            visit.answer(number, wrong[0], wrong[1])
        else:
            visit.answer(number, "ABCD"[number % 4], "ABCD"[(number + 1) % 4])
    visit.post("review/")
    failed = [flag for flag in visit.participant.flags if flag["kind"] == "attention_failed"]
    assert failed == ([] if right else [{"kind": "attention_failed", "n": 1, "of": 1}])


def test_the_same_position_always_and_haste_are_flagged_and_nobody_is_excluded():
    visit = Visit(make_open_study(clips=5)).to_trials()
    for number in range(1, 6):
        visit.answer(number, "A", "B", seconds="1.0")
    visit.post("review/")
    assert {"too_fast", "position_pattern"} <= set(visit.participant.flag_kinds)
    assert visit.participant.excluded is False


def test_events_are_kept_small_and_strange_ones_are_dropped():
    visit = Visit(make_open_study(clips=2)).to_trials()
    sent = [
        {"kind": "play", "trial": 1, "data": {"at": 1.23456, "long": "x" * 500}},
        {"kind": "made up", "trial": 1},
        "nonsense",
    ]
    assert visit.post("events/", {"events": json.dumps(sent)}).status_code == 204
    assert visit.post("events/", {"events": "{"}).status_code == 204
    event = Event.objects.get()
    assert (event.kind, event.data, event.trial.number) == ("play", {"at": 1.23}, 1)


def test_reason_and_familiarity_are_kept_where_asked_for():
    visit = Visit(make_open_study(clips=1, ask_reason=True, ask_familiarity=True)).to_trials()
    visit.answer(1, reason="calm", knows_piece="yes")
    ballot = visit.participant.trials.get(number=1).ballot
    assert (ballot.reason, ballot.knows_piece) == ("calm", True)


def test_the_shipped_question_set_is_asked_before_and_kept():
    study = make_open_study(clips=1, questions_before=shipped_question_set("musical_experience"))
    visit = Visit(study)
    visit.post("consent/", {"agree": "on"})
    assert visit.get("").headers["Location"].endswith("questions/before/")
    assert visit.post("questions/before/", {}).status_code == 422
    visit.post("questions/before/", {"training_years": "none", "importance": "5", "listening_hours": "2"})
    assert visit.participant.answers["before"] == {
        "training_years": "none",
        "importance": "5",
        "listening_hours": 2.0,
    }
    visit.post("instructions/")
    assert visit.get("").headers["Location"].endswith("trial/1/")


def test_questions_after_come_before_the_end():
    visit = Visit(make_open_study(clips=1, questions_after=shipped_question_set("musical_experience"))).to_trials()
    visit.answer(1)
    assert visit.get("review/").headers["Location"].endswith("questions/after/")


QUOTA_SET = """
questions:
  - key: age
    type: choice
    text: {en: "How old are you?"}
    options:
      - {key: under_18, text: {en: under 18}, screen_out: true}
      - {key: adult, text: {en: 18 or more}}
"""


def test_an_answer_may_end_the_visit_with_its_code():
    study = make_open_study(clips=1, questions_before=QUOTA_SET, screen_out_code="SORRY")
    visit = Visit(study)
    visit.post("consent/", {"agree": "on"})
    answer = visit.post("questions/before/", {"age": "under_18"})
    assert answer.headers["Location"].endswith("not-this-time/")
    assert "SORRY" in visit.get("not-this-time/").content.decode()
    assert visit.get("trial/1/").headers["Location"].endswith("not-this-time/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("questions: [", "line 1"),
        ("questions:\n  - key: a\n    type: colour\n    text: {en: x}\n", "line 2"),
        ("questions:\n  - key: a\n    type: number\n    text: {en: x}\n    maxx: 3\n", "maxx"),
        (
            "questions:\n  - key: a\n    type: text\n    text: {en: x}\n"
            "  - key: a\n    type: text\n    text: {en: y}\n",
            "twice",
        ),
    ],
)
def test_a_faulty_question_set_is_refused_with_its_line(text, message):
    with pytest.raises(QuestionSetError, match=message):
        load_question_set(text)


def test_feedback_is_shown_if_the_study_allows_it():
    visit = Visit(make_open_study(clips=3, repeats=1, feedback=True)).to_trials()
    visit.finish()
    assert re.search(
        "One piece came twice; you chose the same 1st for [01] of 1", visit.get("thanks/").content.decode()
    )


def test_feedback_on_pairs_speaks_of_pairs():
    pairs = dict(PRESETS["pairs"], pairs_per_clip=1)
    visit = Visit(make_open_study(clips=2, repeats=1, feedback=True, instrument=pairs)).to_trials()
    for number in (1, 2, 3):
        visit.answer(number, first="A", second="")
    visit.finish()
    shown = visit.get("thanks/").content.decode()
    assert re.search("One pair came twice; you chose the same image for [01] of 1", shown)
    assert "1st" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "title: 2026-13-45",
        "title: !!int x",
        "title: !!timestamp x",
        "title: " + "9" * 5000,
        "[" * 5000,
        "{a: " * 5000,
        "!!python/object/apply:os.system ['true']",
        "title: &a {en: *a}",
        "title: \x00",
        "? [1]\n: 2",
        "<<: 5",
    ],
)
def test_what_is_no_question_set_is_refused_in_words_and_does_nothing(text):
    with pytest.raises(QuestionSetError):
        load_question_set(text)

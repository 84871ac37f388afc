"""Every kind of question: written and read again, asked, stored as typed values, and simulated."""

import csv
from itertools import combinations

import numpy as np
import pytest

from analysis.tables.participant_table import participants_codebook_csv, participants_csv_parts
from study.models import Study
from study.participants.answers_table import answer_columns, iterate_answers, question_columns, typed_values
from study.participants.moderators import moderator_columns
from study.participants.question_form import QuestionForm
from study.participants.question_writing import (
    free_key,
    is_own_layout,
    names_in,
    question_set_yaml,
    texts_missing,
)
from study.participants.questions import SHIPPED, QuestionSetError, load_question_set, shipped_question_set
from study.simulation.people import simulate_participants
from tests.factories import make_open_study
from tests.study.participants.question_kinds import ANSWERS, EVERY_KIND, STORED
from tests.study.visits import Visit


def test_a_set_with_every_kind_is_written_as_it_was_read() -> None:
    found = load_question_set(EVERY_KIND)
    written = question_set_yaml(found)
    assert load_question_set(written, is_new=True) == found
    assert question_set_yaml(load_question_set(written)) == written
    assert is_own_layout(written)
    assert not is_own_layout(f"# a note\n{written}")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_set_that_ships_is_complete_in_both_languages(name: str) -> None:
    found = load_question_set(shipped_question_set(name), is_new=True)
    assert set(found.title) == {"en", "ko"}
    assert [texts_missing(question, ("en", "ko")) for question in found.questions] == [{}] * len(found.questions)
    assert load_question_set(question_set_yaml(found), is_new=True) == found


def test_sets_that_ship_can_be_asked_together() -> None:
    sets = {name: names_in(load_question_set(shipped_question_set(name)).questions) for name in SHIPPED}
    assert [pair for pair in combinations(SHIPPED, 2) if sets[pair[0]] & sets[pair[1]]] == []


@pytest.mark.parametrize("name", ["demographics", "sight_and_hearing"])
def test_nobody_has_to_answer_what_is_sensitive(name: str) -> None:
    questions = load_question_set(shipped_question_set(name)).questions
    assert not [question.key for question in questions if question.required]


HEAD = "questions:\n- {key: a, type: %s, text: {en: x}, %s}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD % ("several", "options: [{key: b, text: {en: b}}]"), "line 2.*at least 2"),
        (HEAD % ("matrix", "rows: [{key: b, text: {en: b}}], options: [{key: c, text: {en: c}}]"), "one option"),
        (
            HEAD % ("matrix", "to: 5, rows: [{key: b, text: {en: b}}], options: [{key: c, text: {en: c}}, "
                    "{key: d, text: {en: d}}]"),
            "options and a scale",
        ),
        (HEAD % ("matrix", "rows: [{key: b, text: {en: b}}, {key: b, text: {en: c}}]"), "two rows of 'a'"),
        (
            HEAD % ("matrix", "rows: [{key: b, text: {en: b}}]") + "- {key: a_b, type: text, text: {en: y}}\n",
            "two answers would be called 'a_b'",
        ),
        (HEAD % ("number", "min: 3, max: 2"), "takes no number"),
        ("questions:\n- {key: a, type: number}\n", r"line 2 \(questions 1 text\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(QuestionSetError, match=said):
        load_question_set(text, is_new=True)


def test_keys_are_made_of_texts_and_are_unique() -> None:
    assert free_key("How old are you?", (), "choice") == "how_old_are_you"
    assert free_key("How old are you?", {"how_old_are_you"}, "choice") == "how_old_are_you_2"
    assert free_key("나이가 어떻게 되십니까?", (), "choice") == "choice"
    assert free_key("18", (), "answer") == "answer_18"
    assert len(free_key("a word " * 20, {free_key("a word " * 20, (), "x")}, "x")) <= 40


@pytest.fixture
def study(db: None) -> Study:
    return make_open_study(clips=1, questions_before=EVERY_KIND, simulated=True)


@pytest.fixture
def visit(db: None) -> Visit:
    visit = Visit(make_open_study(clips=1, questions_before=EVERY_KIND))
    visit.post("consent/", {"agree": "on"})
    return visit


def test_answers_of_every_kind_are_stored_and_exported_in_typed_columns(visit: Visit) -> None:
    assert visit.post("questions/before/", ANSWERS).status_code == 303
    study = visit.participant.study
    assert visit.participant.answers["before"] == STORED
    (row,) = iterate_answers(study)
    values = {name: value for name, value in row.values.items() if name.startswith("before_")}
    assert values == {
        "before_age": "adult",
        "before_heard_jazz": "yes",
        "before_heard_folk": "yes",
        "before_heard_none_of_these": "no",
        "before_hours": None,
        "before_instrument": None,
        "before_importance": 6,
        "before_agrees_sings": 2,
        "before_agrees_plays": 5,
        "before_places_morning": None,
        "before_places_evening": "home",
    }
    (person,) = csv.DictReader(b"".join(participants_csv_parts(study)).decode("utf-8-sig").splitlines())
    assert (person["before_heard_folk"], person["before_agrees_plays"]) == ("yes", "5")
    book = participants_codebook_csv(study).decode("utf-8-sig")
    assert "What do you hear often? – jazz" in book
    assert {"before_heard_jazz", "before_agrees_sings"} <= {column.name for column in moderator_columns(study)}
    # The page shows what was answered.
    page = visit.get("questions/before/").content.decode()
    assert page.count("checked") == 7


def test_a_pilots_answer_to_a_question_of_another_kind_is_none() -> None:
    """A draft's question may change under its pilots: no page fails, and no column has what was not answered."""
    questions = load_question_set(EVERY_KIND)
    columns = [column for question in questions.questions for column in question_columns("before", question)]
    for other in ("words", 2.5, ["jazz"], {"sings": "2"}):
        stored = {question.key: other for question in questions.questions}
        form = QuestionForm(questions, answers=stored)
        assert len([str(field) for field in form]) == 9
        values = typed_values({"before": stored}, columns)
        assert {name for name, value in values.items() if value is not None} == {
            "words": {"before_age", "before_instrument"},
            2.5: {"before_age", "before_hours", "before_instrument", "before_importance"},
            ("jazz",): {"before_heard_jazz", "before_heard_folk", "before_heard_none_of_these"},
            ("sings",): {"before_agrees_sings"},
        }[tuple(other) if isinstance(other, list | dict) else other]


def test_no_answer_is_given_beforehand_and_what_is_missing_is_named(visit: Visit) -> None:
    assert "checked" not in visit.get("questions/before/").content.decode()
    reply = visit.post("questions/before/", ANSWERS | {"agrees_sings": "", "heard": []})
    page = reply.content.decode()
    assert reply.status_code == 422
    problem = page.partition('class="problem"')[2].partition("</div>")[0]
    assert "What do you hear often?" in problem
    assert "How far do you agree?" in problem
    assert "How old are you?" not in problem
    assert "before" not in visit.participant.answers


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"heard": ["jazz", "none_of_these"]}, "Choose “none of these” alone"),
        ({"heard": ["jazz", "opera"]}, "opera is not one of the available choices"),
        ({"agrees_sings": "6"}, "6 is not one of the available choices"),
        ({"places_morning": "sings"}, "sings is not one of the available choices"),
    ],
)
def test_what_no_form_offers_is_refused(visit: Visit, wrong: dict[str, object], said: str) -> None:
    reply = visit.post("questions/before/", ANSWERS | wrong)
    assert reply.status_code == 422
    assert said in reply.content.decode()


def test_one_of_several_ticks_may_screen_out(db: None) -> None:
    text = EVERY_KIND.replace("text: {en: folk, ko: 포크}", "text: {en: folk, ko: 포크}\n    screen_out: true")
    own = {"en": "We look for people who do not hear folk."}
    visit = Visit(make_open_study(clips=1, questions_before=text, screen_out_text=own))
    visit.post("consent/", {"agree": "on"})
    assert visit.post("questions/before/", ANSWERS).headers["Location"].endswith("/not-this-time/")
    assert own["en"] in visit.get("not-this-time/").content.decode()


def test_simulated_people_answer_every_kind(study: Study) -> None:
    people = simulate_participants(study, 6, np.random.default_rng(1))
    assert {person.status for person in people} == {"completed"}
    given = [person.answers["before"] for person in people]
    assert len({tuple(answers["heard"]) for answers in given}) > 2
    assert len({answers["agrees"]["sings"] for answers in given}) > 1
    assert all(len(answers["heard"]) == 1 for answers in given if "none_of_these" in answers["heard"])


def test_sets_of_before_keep_their_columns(db: None) -> None:
    study = make_open_study(clips=1, questions_before=shipped_question_set("musical_experience"))
    names = [column.name for column in answer_columns(study) if column.name.startswith("before_")]
    assert names == ["before_training_years", "before_listening_hours", "before_importance", "before_genres"]

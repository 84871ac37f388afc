"""What people said beside their ballots, as typed values, one row a person."""

import pytest

from study.models import Participant, Study
from study.participants.answers_table import PersonAnswers, answer_columns, device_of, iterate_answers
from study.participants.headphones import QUIETEST
from study.participants.questions import shipped_question_set
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
CORRECT = {f"quietest_{sound}": str(place) for sound, place in QUIETEST.items()}


@pytest.fixture
def study() -> Study:
    return make_open_study(
        clips=1,
        sound_check=True,
        headphone_check=True,
        questions_before=shipped_question_set("musical_experience"),
        questions_after="questions: [{key: importance, type: number, text: {en: 'And now?'}}]",
    )


def visit(study: Study, answers: dict[str, str], sound: dict[str, str], **client: str) -> Participant:
    person = Visit(study, **client)
    person.post("consent/", {"agree": "on"})
    person.post("questions/before/", answers)
    person.post("sound/", sound)
    return person.participant


def only(study: Study) -> PersonAnswers:
    (row,) = iterate_answers(study)
    return row


def test_each_answer_is_a_typed_value_under_its_part_and_key(study):
    answers = {"training_years": "2_to_5", "listening_hours": "1.5", "importance": "6", "genres": "jazz, soul"}
    visit(study, answers, {"heard": "yes"} | CORRECT, HTTP_USER_AGENT=PHONE, HTTP_ACCEPT_LANGUAGE="ko")
    assert only(study).values == {
        "consent_language": "ko",
        "device": "phone",
        "sound_heard": "yes",
        "headphones_right": 6,
        "headphones_passed": "yes",
        "before_training_years": "2_to_5",
        "before_listening_hours": 1.5,
        "before_importance": 6,
        "before_genres": "jazz, soul",
        "after_importance": None,  # the same key in the other set is another question
    }


def test_columns_say_what_was_asked(study):
    columns = {column.name: column for column in answer_columns(study)}
    assert columns["before_training_years"].text["ko"].startswith("악기나")
    assert columns["before_training_years"].options["none"]["en"] == "None"
    assert columns["before_importance"].steps == (1, 7)
    assert [name for name, column in columns.items() if column.is_personal_text] == ["before_genres"]
    assert columns["device"].text["ko"] == "동의할 때 쓴 기기"


def test_nobody_who_withdrew_or_tried_the_study_is_a_row(study):
    first = visit(study, {"training_years": "none", "importance": "1"}, {"heard": "yes"} | CORRECT)
    visit(study, {"training_years": "none", "importance": "2"}, {"heard": "yes"} | CORRECT)
    Participant.objects.filter(pk=first.pk).update(kind=Participant.Kind.PILOT)
    assert [row.values["before_importance"] for row in iterate_answers(study)] == [2]
    withdraw(next(iterate_answers(study)).participant)
    assert list(iterate_answers(study)) == []


@pytest.mark.parametrize(("wrong", "passed"), [(0, "yes"), (1, "yes"), (2, "no"), (6, "no")])
def test_five_of_six_quiet_tones_pass_the_headphone_screening(study, wrong, passed):
    mistaken = {name: "1" if place != "1" else "2" for name, place in [*CORRECT.items()][:wrong]}
    visit(study, {"training_years": "none", "importance": "1"}, {"heard": "yes"} | CORRECT | mistaken)
    assert only(study).values["headphones_right"] == 6 - wrong
    assert only(study).values["headphones_passed"] == passed


def test_without_an_answer_there_is_no_value(study):
    """Also of an answer to the screening of one sound, which studies had before."""
    person = visit(study, {"training_years": "none", "importance": "1"}, {"heard": "no"})
    assert only(study).values["headphones_right"] is None
    assert only(study).values["sound_heard"] == "no"
    Participant.objects.filter(pk=person.pk).update(answers={"sound": {"heard": "yes", "quietest": "3"}})
    assert only(study).values["headphones_passed"] is None
    assert only(study).values["device"] is None


@pytest.mark.parametrize(
    ("browser", "device"),
    [
        (PHONE, "phone"),
        (PHONE.replace(" Mobile", ""), "tablet"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1", "phone"),
        ("Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "computer"),
        ("", ""),
    ],
)
def test_the_device_is_the_kind_that_the_browser_names(browser, device):
    assert device_of(browser) == device

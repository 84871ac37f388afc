"""The ids of recruiting platforms: what is an id, whose it is, and that it is one person's."""

import pytest
from django.db import IntegrityError, transaction
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from study.errors import NotAllowedNow
from study.models import Study
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links, find_link
from study.participants.recruiting import Arrival, Fault, read_arrival
from tests.factories import make_open_study

PROLIFIC = Study(recruitment_platform=Study.Platform.PROLIFIC)
MTURK = Study(recruitment_platform=Study.Platform.MTURK)
SONA = Study(recruitment_platform=Study.Platform.SONA)
ID = "5f3c9a7be1d04c0012ab34cd"


def read(study: Study, query: str, typed: str = "") -> Arrival:
    return read_arrival(study, QueryDict(query), typed)


@pytest.mark.parametrize(
    "query",
    [
        f"PROLIFIC_PID={ID}",
        f"PROLIFIC_PID=%20{ID}%0A",
        f"PROLIFIC_PID={ID}%E2%80%8B",  # a zero-width space from a copied text
        f"PROLIFIC_PID={ID.upper()}",
        f"prolific_pid={ID}",
        f"PROLIFIC_PID={ID}&PROLIFIC_PID={ID.upper()}",
        f"PROLIFIC_PID=%7B%7B%25PROLIFIC_PID%25%7D%7D&PROLIFIC_PID={ID}",
        f"PROLIFIC_PID=&PROLIFIC_PID={ID}",
    ],
)
def test_one_person_is_one_key_however_the_id_is_written(query):
    found = read(PROLIFIC, query)
    assert (found.person, found.ids, found.fault) == (f"prolific:{ID}", {"PROLIFIC_PID": ID}, None)


def test_mechanical_turk_writes_its_ids_in_capitals():
    found = read(MTURK, "workerId=a1b2c3&assignmentId=3abc&hitId=HIT&other=1")
    assert found.ids == {"workerId": "A1B2C3", "assignmentId": "3ABC", "hitId": "HIT"}


@pytest.mark.parametrize(
    ("study", "query"),
    [
        (PROLIFIC, "PROLIFIC_PID={{%PROLIFIC_PID%}}"),
        (PROLIFIC, "PROLIFIC_PID=%7B%7B%25PROLIFIC_PID%25%7D%7D&STUDY_ID=x"),
        (PROLIFIC, "PROLIFIC_PID=%257B%257B%2525PROLIFIC_PID%2525%257D%257D"),  # encoded twice
        (PROLIFIC, "PROLIFIC_PID={{PROLIFIC_PID}}"),
        (PROLIFIC, "PROLIFIC_PID=${e://Field/PROLIFIC_PID}"),
        (PROLIFIC, "PROLIFIC_PID=PROLIFIC_PID"),
        (PROLIFIC, "PROLIFIC_PID=[PROLIFIC PID]"),
        (PROLIFIC, "PROLIFIC_PID=<your id>"),
        (PROLIFIC, "PROLIFIC_PID=undefined"),
        (PROLIFIC, "PROLIFIC_PID=null"),
        (MTURK, "assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=3X"),
        (MTURK, "assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&workerId=A1B2"),
        (MTURK, "workerId=${workerId}"),
        (MTURK, "workerId=A1B2&assignmentId=${assignmentId}"),
        (SONA, "survey_code=%25SURVEY_CODE%25"),
        (SONA, "survey_code=%SURVEY_CODE%"),
    ],
)
def test_a_placeholder_that_was_never_filled_is_a_preview(study, query):
    assert read(study, query) == Arrival(fault=Fault.PREVIEW)


@given(
    st.sampled_from(["{{%s}}", "{{%%%s%%}}", "${%s}", "%%%s%%", "[%s]", "<%s>", "{%s}", "$%s"]), st.from_regex(r"\w+")
)
def test_whatever_stands_between_the_signs_of_a_placeholder_is_no_id(signs, name):
    query = QueryDict(mutable=True)
    query["PROLIFIC_PID"] = signs % name
    assert read_arrival(PROLIFIC, query).fault == Fault.PREVIEW


@pytest.mark.parametrize("query", ["", "PROLIFIC_PID=", "PROLIFIC_PID=%20%20", "STUDY_ID=x", "PROLIFIC_PID=%E2%80%8B"])
def test_no_id_is_said_to_be_missing_and_can_be_typed(query):
    assert read(PROLIFIC, query).fault == Fault.MISSING
    assert read(PROLIFIC, query, typed=f" {ID.upper()} ").person == f"prolific:{ID}"
    assert read(PROLIFIC, query, typed="{{%PROLIFIC_PID%}}").fault == Fault.UNCLEAR


@pytest.mark.parametrize("ids", [f"{ID}&PROLIFIC_PID=other", "a" * 81, "a%00b"])
def test_two_ids_or_a_damaged_one_identify_nobody(ids):
    assert read(PROLIFIC, f"PROLIFIC_PID={ids}").fault == Fault.UNCLEAR


def test_an_id_in_the_address_is_not_replaced_by_a_typed_one():
    assert read(PROLIFIC, f"PROLIFIC_PID={ID}", typed="another").person == f"prolific:{ID}"


def test_without_a_platform_nothing_is_read():
    assert read(Study(), f"PROLIFIC_PID={ID}") == Arrival()


@pytest.mark.django_db
def test_of_the_participants_under_one_id_one_is_counted_and_fills_the_target():
    study = make_open_study(clips=1, recruitment_platform="prolific", stop_at_target=True, target_participants=2)
    other = make_open_study(clips=1, recruitment_platform="prolific")
    arrival = read(study, f"PROLIFIC_PID={ID}")
    people = [enrol(place, arrival=arrival)[0] for place in (study, study, study, other)]
    assert [person.came_again for person in people] == [False, True, True, False]
    assert study.platform_visits.get().ids == {"PROLIFIC_PID": ID}
    assert [entry.data for entry in study.log.filter(action="participant left out")] == [
        {"participant": code} for code in ("r0002", "r0003")
    ]
    with pytest.raises(IntegrityError), transaction.atomic():  # the database holds it, whatever the code does
        study.platform_visits.create(person=study.platform_visits.get().person)
    enrol(study)  # two who came again hold no place
    with pytest.raises(NotAllowedNow):
        enrol(study)


@pytest.mark.django_db
def test_pilots_may_try_a_study_under_an_id_that_takes_part():
    study = make_open_study(clips=1, recruitment_platform="prolific")
    arrival = read(study, f"PROLIFIC_PID={ID}")
    ((_label, url),) = create_personal_links(study, 1, kind="pilot")
    pilot, _token = enrol(study, arrival=arrival, link=find_link(url.rstrip("/").rpartition("/")[2]))
    person, _token = enrol(study, arrival=arrival)
    assert (pilot.excluded, person.excluded) == (False, False)
    assert [visit.ids for visit in study.platform_visits.all()] == [{"PROLIFIC_PID": ID}] * 2

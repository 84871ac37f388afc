"""The ids of recruiting platforms: what is an id, whose it is, and that it is one person's."""

import importlib
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from study.models import Participant, Study
from study.participants.enrolment import EnteredBefore, enrol
from study.participants.recruiting import Arrival, Fault, read_arrival
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study, make_study

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
def test_a_person_of_a_platform_is_one_participant_of_a_study():
    study, other = (make_open_study(clips=1, recruitment_platform="prolific") for _ in range(2))
    arrival = read(study, f"PROLIFIC_PID={ID}")
    person, _token = enrol(study, arrival=arrival)
    with pytest.raises(EnteredBefore):
        enrol(study, arrival=arrival)
    with pytest.raises(IntegrityError), transaction.atomic():  # the database holds it, whatever the code does
        Participant.objects.create(study=study, number=99, token_hash="x", platform_person=f"prolific:{ID}")
    enrol(other, arrival=arrival)
    withdraw(person)  # erases the id with all else
    assert enrol(study, arrival=arrival)[0].pk != person.pk


@pytest.mark.django_db
def test_pilots_may_try_a_study_under_an_id_that_takes_part():
    from study.participants.links import create_personal_links, find_link

    study = make_open_study(clips=1, recruitment_platform="prolific")
    arrival = read(study, f"PROLIFIC_PID={ID}")
    ((_label, url),) = create_personal_links(study, 1, kind="pilot")
    pilot, _token = enrol(study, arrival=arrival, link=find_link(url.rstrip("/").rpartition("/")[2]))
    person, _token = enrol(study, arrival=arrival)
    assert (pilot.platform_person, person.platform_person) == ("", f"prolific:{ID}")
    assert pilot.recruitment == person.recruitment


@pytest.mark.django_db
def test_the_migration_keeps_everybody_and_leaves_a_doubled_id_with_who_got_furthest():
    migration = importlib.import_module("study.migrations.0011_platform_person")
    study = make_study(clips=1)

    def person(number: int, **fields) -> Participant:
        return Participant.objects.create(study=study, number=number, token_hash=f"{number:064}", **fields)

    first = person(1, recruitment={"PROLIFIC_PID": "ABC"})
    done = person(2, recruitment={"PROLIFIC_PID": " abc"}, status="completed")
    alone = person(3, recruitment={"workerId": "a1"})
    unfilled = person(4, recruitment={"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"})
    again = person(5, recruitment={"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"})
    entries: list = []
    log = SimpleNamespace(objects=SimpleNamespace(create=lambda **fields: entries.append(fields)))
    models = {"Participant": Participant, "LogEntry": log}  # today's log entries have columns that it did not know
    migration.name_people(SimpleNamespace(get_model=lambda _app, name: models[name]), None)
    held = {row.pk: row.platform_person for row in Participant.objects.all()}
    assert held == {first.pk: "", done.pk: "prolific:abc", alone.pk: "mturk:A1", unfilled.pk: "", again.pk: ""}
    assert [(entry["action"], entry["data"]) for entry in entries] == [
        ("one platform id, several participants", {"participant": "r0002 = r0001"})
    ]

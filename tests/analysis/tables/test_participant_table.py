"""The table of participants, its codebook, and what people said beside each of their ballots."""

import csv
import io
from collections.abc import Iterable

import pytest

from analysis.tables.ballot_table import read_ballots
from analysis.tables.codebook import codebook_csv
from analysis.tables.participant_table import participants_codebook_csv, participants_csv_parts
from analysis.tables.study_tables import ballots_csv_parts
from study.models import Participant, Study
from study.participants.withdrawal import withdraw
from tests.analysis.answered_studies import asked_study

pytestmark = pytest.mark.django_db

ANSWERS = [
    {
        "consent": {"language": "ko", "device": "phone"},
        "sound": {"heard": "yes", "quietest": {"1": 2}, "right": 4},
        "before": {"training_years": "none", "listening_hours": 2.5, "importance": "7", "genres": "=1+1, jazz"},
    },
    {"before": {"training_years": "over_5", "importance": "1"}},
    {},
]


def rows(table: Iterable[bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(table).decode(), newline="")))


@pytest.fixture
def study() -> Study:
    return asked_study(ANSWERS)


def test_one_row_a_person_holds_what_they_said(study):
    first, second, third = rows(participants_csv_parts(study))
    assert first["participant"] == "r0001"
    assert (first["consent_language"], first["device"]) == ("ko", "phone")
    assert (first["sound_heard"], first["headphones_right"], first["headphones_passed"]) == ("yes", "4", "no")
    assert first["before_listening_hours"] == "2.5"
    assert first["before_importance"] == "7"
    assert first["before_genres"] == "'=1+1, jazz", "a text that a spreadsheet would compute"
    assert second["before_training_years"] == "over_5"
    assert second["before_listening_hours"] == ""
    assert third["before_training_years"] == ""


def test_each_ballot_stands_beside_its_persons_answers(study, tmp_path):
    ballots = rows(ballots_csv_parts(study))
    people = {row["participant"]: row for row in rows(participants_csv_parts(study))}
    assert len(ballots) == 6
    for ballot in ballots:
        person = people[ballot["participant"]]
        for column in ("device", "headphones_right", "before_training_years", "before_importance"):
            assert ballot[column] == person[column]
    assert "before_genres" not in ballots[0], "people's own words stand in one table only"
    path = tmp_path / "ballots.csv"
    path.write_bytes(b"".join(ballots_csv_parts(study)))
    table = read_ballots(path, verbatim=True, moderators=["before_training_years"])
    assert table.groups() == {"before_training_years": ["none", "over_5", ""]}


def test_the_same_people_are_in_both_tables(study):
    pilot, gone, excluded = study.participants.order_by("number")
    Participant.objects.filter(pk=pilot.pk).update(kind=Participant.Kind.PILOT)
    withdraw(gone)
    Participant.objects.filter(pk=excluded.pk).update(excluded=True, exclusion_reason="fell asleep")
    (row,) = rows(participants_csv_parts(study))
    assert (row["participant"], row["excluded"], row["exclusion_reason"]) == (excluded.code, "1", "fell asleep")
    assert {ballot["participant"] for ballot in rows(ballots_csv_parts(study))} == {excluded.code}


def test_a_sealed_study_keeps_peoples_words_and_their_places_in_the_plan(study):
    assert rows(participants_csv_parts(study))[0]["slot"] == "0"
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN, closed_at=None)
    study.refresh_from_db()
    row = rows(participants_csv_parts(study))[0]
    assert (row["before_genres"], row["slot"]) == ("", "")
    assert row["before_training_years"] == "none"


def test_the_codebooks_explain_every_column(study):
    said = {row["column"]: row for row in rows([participants_codebook_csv(study)])}
    assert set(said) == set(rows(participants_csv_parts(study))[0])
    assert said["before_training_years"]["meaning"].startswith("asked before the trials: How many years")
    assert "under_2 = Less than 2" in said["before_training_years"]["values"]
    assert said["before_importance"]["values"] == "1 to 7"
    assert all(row["meaning"] for row in said.values())
    assert [row["column"] for row in rows([codebook_csv(study)])] == list(rows(ballots_csv_parts(study))[0])

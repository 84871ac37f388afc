"""The tables of real studies: nothing in them is taken for a person's but what is one's."""

import csv
import io

import pytest

from analysis.tables.codebook import codebook_csv
from analysis.tables.participant_table import participants_csv_parts
from analysis.tables.study_tables import answers_csv_parts, ballots_csv_parts
from config.demo.music import PIECES
from config.deposits.persons import About, Role, findings, roles_of
from study.models import Participant
from study.participants.answers_table import answer_columns
from study.participants.questions import shipped_question_set
from tests.analysis.answered_studies import closed_study

pytestmark = pytest.mark.django_db


def rows_of(parts) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(parts).decode())))


def test_tables_and_texts_of_a_study_hold_no_identifier_until_somebody_writes_one():
    said = [
        {"before": {"age_group": "from_18", "gender": "woman", "country": country}, "consent": {"device": device}}
        for country, device in zip(
            ("Korea", "대한민국", "France", "Wales", "Perú", "Österreich"), [*["phone"] * 5, "tablet"], strict=True
        )
    ]
    study = closed_study(people=6, answers=said, questions_before=shipped_question_set("demographics"))
    roles = roles_of(answer_columns(study))
    assert roles["participants.csv:before_country"] is Role.WORDS
    assert roles["ballots.csv:before_age_group"] is Role.KNOWN
    assert "participants.csv:device" not in roles

    def found():
        tables = {
            "participants.csv": rows_of(participants_csv_parts(study)),
            "ballots.csv": rows_of(ballots_csv_parts(study)),
            "answers.csv": rows_of(answers_csv_parts(study)),
            "clips.csv": [{"clip": f"{name}.flac", "tags": ";".join(tags)} for name, (_make, tags) in PIECES.items()],
        }
        texts = {"study: codebook": codebook_csv(study).decode()}
        return findings(tables, texts, roles=roles)

    before = found()
    assert not [one for one in before if one.about in (About.IDENTIFIER, About.TIME, About.VALUE)]
    assert {one.accept_as for one in before if one.about is About.WORDS} == {"participants.csv:before_country"}
    assert {one.accept_as for one in before if one.about is About.ARRIVAL} == {
        "people:participant",
        "participants.csv:slot",
    }
    assert [(one.rows, one.accept_as) for one in before if one.about is About.TOGETHER] == [
        (1, "participants.csv:device")
    ]

    somebody = Participant.objects.order_by("number")[2]
    somebody.answers["before"]["country"] = "제 이름은 홍길동, 010-1234-5678"
    somebody.save()
    new = [one for one in found() if one not in before]
    assert {one.where for one in new} == {"participants.csv, column before_country"}
    assert sorted(one.example for one in new) == ["0••-1•••-5•••", "제 이름은 홍••"]

"""Taking part back: nothing that a person gave is found in any table afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps

from config import settings
from study.ballots.commitments import other_digests
from study.ballots.table import ballot_rows
from study.models import Ballot, BallotRevision, Event, Participant, Study
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
QUESTIONS = """
title: {en: About you}
questions:
  - {key: instrument, type: text, text: {en: "What do you play?"}}
"""


def all_rows() -> str:
    return "\n".join(
        f"{model._meta.label} {row}" for model in apps.get_models() for row in model._default_manager.values()
    )


@pytest.fixture
def visit() -> Visit:
    study = make_open_study(
        clips=2, ask_reason=True, questions_before=QUESTIONS, recruitment_platform=Study.Platform.PROLIFIC
    )
    study.open_link_token = "way-in-token"
    study.save()
    visit = Visit(study, "?PROLIFIC_PID=prolific-of-theirs")
    visit.post("consent/", {"agree": "on"})
    visit.post("questions/before/", {"instrument": "theremin"})
    visit.to_trials()
    visit.answer(1, reason="kazoo sounds")
    visit.answer(1, "C", "D", reason="no, the ocarina")
    visit.post("events/", {"events": '[{"kind": "choose", "trial": 1, "data": {"at": "xylophone"}}]'})
    visit.finish()
    return visit


def traces(visit: Visit) -> list[str]:
    """What is only this person's, wherever it may stand."""
    person = visit.participant
    ballots = Ballot.objects.filter(trial__participant=person)
    return [
        "theremin",
        "kazoo",
        "ocarina",
        "xylophone",
        "prolific-of-theirs",
        person.receipt,
        person.token_hash,
        person.nonce,
        *ballots.values_list("nonce", flat=True),
        *ballots.values_list("digest", flat=True),
        *(str(key) for key in ballots.values_list("submission_key", flat=True)),
        *person.trials.values_list("media_key", flat=True),
    ]


def test_all_that_a_person_gave_is_gone_and_others_stay(visit: Visit) -> None:
    other = Visit(visit.participant.study, "?PROLIFIC_PID=another")
    other.post("consent/", {"agree": "on"})
    other.post("questions/before/", {"instrument": "sitar"})
    other.to_trials().finish()
    person, secrets = visit.participant, traces(visit)
    before = all_rows()
    assert all(secret in before for secret in secrets)  # the control: they were there
    Participant.objects.filter(pk=person.pk).update(exclusion_reason="said that they play the theremin")

    answer = other.client.post("/withdraw/", {"receipt": person.receipt.lower().replace("-", " ")})
    assert answer.status_code == 303
    assert "have been erased" in other.client.get("/withdraw/" + answer.headers["Location"]).text
    after = all_rows()
    assert [secret for secret in secrets if secret in after] == []
    assert not Event.objects.exists()
    assert not BallotRevision.objects.filter(ballot__trial__participant=person).exists()
    assert "sitar" in after
    study = person.study
    assert {row["participant"] for row in ballot_rows(study)} == {"r0002"}
    assert set(other_digests(study, ["real"])) == {"r0002"}


def test_the_erased_persons_link_receipt_and_cookie_open_nothing(visit: Visit) -> None:
    receipt = visit.participant.receipt
    assert "have been erased" in visit.post("withdraw/").text
    for again in (visit.post("withdraw/"), visit.get("thanks/")):  # sent twice, or opened later
        assert again.status_code == 410
        assert "Your answers have been erased" in again.text
    assert visit.client.get(f"/p/{visit.token}/").status_code == 404
    assert visit.client.post("/withdraw/", {"receipt": receipt}).status_code == 422
    assert visit.client.post("/withdraw/", {"receipt": ""}).status_code == 422


def test_sqlite_overwrites_what_is_deleted_and_waits_for_the_disk(tmp_path: Path) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    if "init_command" not in options:
        pytest.skip("a matter of SQLite's settings")
    with closing(sqlite3.connect(tmp_path / "site.sqlite3")) as connection:
        connection.executescript(options["init_command"])
        for pragma, wanted in (("secure_delete", 1), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == wanted, pragma

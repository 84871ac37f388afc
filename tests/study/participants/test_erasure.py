"""Taking part back: nothing that a person gave is found in any table afterwards."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps

from config import settings
from study.ballots.commitments import other_digests
from study.ballots.table import ballot_rows
from study.models import Ballot, BallotRevision, Event, Participant, Study
from study.participants.exclusion import set_exclusion
from study.participants.links import create_personal_links
from study.participants.monitoring import monitor
from study.participants.visits import support_code, visit_digest
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
    create_personal_links(study, 1, labels=["Ludmilla"])
    visit = Visit(study, "?PROLIFIC_PID=prolific-of-theirs")
    Participant.objects.filter(pk=visit.participant.pk).update(invite_link=study.invite_links.get(), language="ko")
    visit.post("problem/", {"text": "my accordion is too loud", "page": "trial 1"})
    visit.post("consent/", {"agree": "on"})
    visit.post("questions/before/", {"instrument": "theremin"})
    visit.to_trials()
    visit.answer(1, reason="kazoo sounds")
    visit.answer(1, "C", "D", reason="no, the ocarina")
    visit.post("events/", {"events": '[{"kind": "choose", "trial": 1, "data": {"at": "xylophone"}}]'})
    visit.finish()
    set_exclusion(study, visit.participant.code, "plays the balalaika")
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
        "Ludmilla",
        "balalaika",
        "accordion",
        "'ko'",
        person.receipt,
        person.support_digest,
        visit_digest(support_code(visit.token)),
        person.token_hash,
        person.nonce,
        *ballots.values_list("nonce", flat=True),
        *ballots.values_list("digest", flat=True),
        *(str(key) for key in ballots.values_list("submission_key", flat=True)),
        *person.trials.values_list("media_key", flat=True),
    ]


@pytest.mark.parametrize("by_receipt", [False, True])
def test_all_that_a_person_gave_is_gone_and_others_stay(visit: Visit, by_receipt: bool) -> None:
    other = Visit(visit.participant.study, "?PROLIFIC_PID=another")
    other.post("consent/", {"agree": "on"})
    other.post("questions/before/", {"instrument": "sitar"})
    other.to_trials().finish()
    person, secrets = visit.participant, traces(visit)
    exact = datetime(2026, 5, 4, 3, 37, 12, tzinfo=UTC)
    Participant.objects.filter(pk=person.pk).update(created_at=exact, consented_at=exact, last_seen_at=exact)
    before = all_rows()
    assert all(secret in before for secret in [*secrets, "3, 37"])  # the control: they were there
    apart = []  # what the receipt cannot find, as no table leads there from a participant
    if by_receipt:
        apart = ["prolific-of-theirs", "accordion", visit_digest(support_code(visit.token))]
        page = other.client.get("/withdraw/").text
        assert "the receipt does not find them" in " ".join(page.split())
        answer = other.client.post("/withdraw/", {"receipt": person.receipt.lower().replace("-", " ")})
        assert answer.status_code == 303
        assert "have been erased" in other.client.get("/withdraw/" + answer.headers["Location"]).text
    else:
        assert "have been erased" in visit.post("withdraw/").text
    after = all_rows()
    assert [secret for secret in [*secrets, "3, 37"] if secret in after] == apart
    assert not Event.objects.exists()
    assert not BallotRevision.objects.filter(ballot__trial__participant=person).exists()
    assert "sitar" in after
    study = Study.objects.get()
    assert {row["participant"] for row in ballot_rows(study)} == {"r0002"}
    assert set(other_digests(study, ["real"])) == {"r0002"}
    assert study.erasures == 1
    assert monitor(study).days[0].started == 1  # without the one of whom no time is kept
    # Nobody comes in by the personal link any more, and the id counts once.
    assert not study.invite_links.exists()
    assert Visit(study, "?PROLIFIC_PID=prolific-of-theirs").participant.came_again


def test_no_table_that_knows_participants_is_forgotten() -> None:
    """Whatever points to a participant, directly or by a trial, goes with them: a new table has to be thought of."""
    known = {"Trial", "Event", "Ballot", "BallotRevision", "LateAnswer"}
    found, wanted = set(), {Participant}
    while wanted:
        model = wanted.pop()
        for relation in model._meta.related_objects:
            if relation.related_model.__name__ not in found:
                found.add(relation.related_model.__name__)
                wanted.add(relation.related_model)
    assert found == known


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

"""Whom a platform sends: an id used before locks nobody out and tells nobody, and tables do not join it to answers."""

import re
import secrets
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from study.models import Participant, PlatformVisit, Study, VisitKey
from study.participants.exclusion import set_exclusion
from study.participants.tokens import token_hash
from study.participants.visits import DECOYS, scatter, support_code, visit_of
from tests.config.test_console_commands import run
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
QUESTIONS = """
title: {en: You}
questions:
  - key: deaf
    type: choice
    text: {en: "Deaf?"}
    options: [{key: so, text: {en: "yes"}, screen_out: true}, {key: not, text: {en: "no"}}]
"""


@pytest.fixture
def study() -> Study:
    return make_open_study(
        clips=2,
        recruitment_platform="prolific",
        completion_code="C0DE",
        return_url="https://back.example/?who={id}",
        feedback=True,
    )


def pages_under(study: Study, person: str) -> list[str]:
    """Every page that somebody sees under this id, without what is random on each."""
    query = f"?PROLIFIC_PID={person}"
    first = Client().get(f"/s/{study.open_link_token}/{query}").text
    visit = Visit(study, query)
    pages = [first, visit.client.get(visit.base, follow=True).text]
    visit.to_trials()
    pages += [visit.get(path).text for path in ("consent/", "sound/", "instructions/", "trial/1/", "trial/2/")]
    visit.answer_all()
    pages += [visit.get(path).text for path in ("review/", "problem/", "withdraw/")]
    visit.post("review/")
    pages += [visit.get("thanks/").text, visit.client.get(visit.entry_url).text]
    own = {
        visit.token: "TOKEN",
        visit.base: "BASE",
        person: "PERSON",
        visit.participant.receipt: "RECEIPT",
        support_code(visit.token): "SUPPORT",
    }
    own |= dict.fromkeys(visit.participant.trials.values_list("media_key", flat=True), "KEY")
    for word, name in own.items():
        pages = [page.replace(word, name) for page in pages]
    return [_without_random_words(page) for page in pages]


def _without_random_words(page: str) -> str:
    page = re.sub(r'name="(csrfmiddlewaretoken|key|submission_key)" value="[^"]*"', r"\1", page)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", page)


def test_pages_under_a_used_and_an_unused_id_are_equal(study: Study) -> None:
    Visit(study, "?PROLIFIC_PID=ada00").to_trials().finish()
    used = pages_under(study, "ada00")  # holds no slot, so the next one gets the same orders
    unused = pages_under(study, "ben00")
    assert [person.came_again for person in study.participants.all()] == [False, True, False]
    for page, (first, second) in enumerate(zip(used, unused, strict=True)):
        assert first == second, page
    assert "C0DE" in used[-2]
    assert "https://back.example/?who=PERSON" in used[-2]
    assert "SUPPORT" in used[-2]
    # The control: pages of different states do differ.
    assert used[-1] != used[0]


def test_the_owner_of_an_id_that_was_used_first_takes_part_and_is_taken_in(study: Study, client: Client) -> None:
    Visit(study, "?PROLIFIC_PID=ada00")  # somebody else, who stops at once
    ada = Visit(study, "?PROLIFIC_PID=ada00").to_trials()
    person = ada.finish()
    assert person.came_again
    assert study.platform_visits.get().state == "began"  # that of the one who is counted
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    payment = reverse("study_payment", args=[study.slug])
    code = support_code(ada.token).lower().replace("-", " ")
    page = client.post(payment, {"code": code}).text
    assert "ada00" in page
    assert person.code in page
    assert "had been used before" in page
    set_exclusion(study, person.code, "it was her own id", excluded=False)
    client.post(payment, {"code": code, "finished": "1"})
    assert study.platform_visits.get().state == "finished"
    assert not ada.participant.left_out
    assert "Nobody in this study" in client.post(payment, {"code": "AAAA" * 4}, follow=True).text


def test_who_was_screened_out_is_left_out_under_the_same_id_and_withdrawing_does_not_help(study: Study) -> None:
    Study.objects.update(questions_before=QUESTIONS)
    first = Visit(study, "?PROLIFIC_PID=ada00")
    first.post("consent/", {"agree": "on"})
    first.post("questions/before/", {"deaf": "so"})
    assert study.platform_visits.get().state == "screened_out"
    assert Visit(study, "?PROLIFIC_PID=ada00").participant.came_again
    first.post("withdraw/")
    assert study.platform_visits.get().ids == {}
    again = Visit(study, "?PROLIFIC_PID=ada00")
    assert again.participant.came_again
    # Somebody under another's id cannot erase what that person is paid by.
    ben = Visit(study, "?PROLIFIC_PID=ben00")
    ben.post("consent/", {"agree": "on"})
    ben.post("questions/before/", {"deaf": "not"})
    ben.to_trials().finish()
    Visit(study, "?PROLIFIC_PID=ben00").post("withdraw/")
    visit = visit_of(ben.token)
    assert visit is not None
    assert (visit.state, visit.ids) == ("finished", {"PROLIFIC_PID": "ben00"})


def test_no_column_of_visits_equals_or_orders_like_one_of_participants(study: Study) -> None:
    people = [Visit(study, f"?PROLIFIC_PID=person{number:02}") for number in range(12)]
    people.append(Visit(study, "?PROLIFIC_PID=person03"))  # comes again, which no row of the visits tells
    rows = {model: list(model._default_manager.values()) for model in (Participant, PlatformVisit, VisitKey)}
    texts = {
        str(value)
        for model in apps.get_models()
        if model not in (PlatformVisit, VisitKey)
        for row in model._default_manager.values()
        for value in row.values()
        if len(str(value)) > 6
    }
    apart = [value for model in (PlatformVisit, VisitKey) for row in rows[model] for value in row.values()]
    assert [value for value in apart if str(value) in texts] == []
    assert not any("person03" in text for text in texts)
    # Stored and dumped by row number, which has no order (SQLite): not that of arrival, either way.
    arrived = [visit_of(person.token).pk for person in people[:12]]  # type: ignore[union-attr]
    assert sorted(arrived) not in (arrived, arrived[::-1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM study_platformvisit")
        dumped = [row[0] for row in cursor.fetchall()]
    assert dumped not in (arrived, arrived[::-1])
    assert {VisitKey.objects.filter(visit=pk).count() for pk in dumped} == {DECOYS + 1}
    names = {field.name for model in (PlatformVisit, VisitKey) for field in model._meta.get_fields()}
    assert names == {"id", "study", "person", "ids", "state", "keys", "visit", "digest"}  # no time, no participant
    # The control: with tokens in hand, both sides are found.
    assert visit_of(people[3].token) == visit_of(people[12].token)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="how PostgreSQL stores rows")
def test_postgresql_does_not_keep_the_order_of_arrival(study: Study) -> None:
    made = [study.platform_visits.create(person=secrets.token_hex(32)).pk for _ in range(30)]
    stored = "SELECT id FROM study_platformvisit"
    with connection.cursor() as cursor:
        cursor.execute(stored)
        assert [row[0] for row in cursor.fetchall()] == made  # the control
        scatter(study)
        cursor.execute(stored)
        after = [row[0] for row in cursor.fetchall()]
    assert after != made
    assert sorted(after) == sorted(made)


def test_ids_of_people_who_are_paid_are_listed_downloaded_and_erased(study: Study, client: Client) -> None:
    for person in ("ada00", "ben00"):
        Visit(study, f"?PROLIFIC_PID={person}&SESSION_ID=s1").to_trials().finish()
    Visit(study, "?PROLIFIC_PID=cyd00")
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    payment = reverse("study_payment", args=[study.slug])
    page = client.get(payment).text
    assert "ada00" in page
    assert "cyd00" not in page
    assert not any(person.code in page for person in study.participants.all())
    table = client.get(reverse("payment_table", args=[study.slug, "finished"])).text
    assert table.splitlines()[0].lstrip("\ufeff") == "PROLIFIC_PID,STUDY_ID,SESSION_ID"
    assert table.splitlines()[1:] == ["ada00,,s1", "ben00,,s1"]
    assert client.get(reverse("payment_table", args=[study.slug, "began"])).status_code == 404
    listed = run("participants", "to-pay", study.slug, "finished", "--as", study.owner.username)
    assert listed["number"] == 2
    entries = study.log.filter(action="downloaded", actor=study.owner)
    assert [entry.data for entry in entries] == [
        {"file": f"{study.slug}-finished.csv"},
        {"file": "platform ids (finished)", "through": "command"},
    ]
    stale = client.post(payment, {"erase": "finished", "number": "1"}, follow=True).text
    assert "Nothing was erased" in stale
    client.post(payment, {"erase": "finished", "number": "2"})
    assert sorted(study.platform_visits.values_list("state", flat=True)) == ["began", "paid", "paid"]
    assert [visit.ids for visit in study.platform_visits.filter(state="paid")] == [{}, {}]
    assert study.log.get(action="platform ids erased").data == {"visits": 2}
    assert Visit(study, "?PROLIFIC_PID=ada00").participant.came_again  # an id still counts once


def test_the_migration_moves_ids_and_finds_those_in_the_middle_again(study: Study) -> None:
    Study.objects.update(recruitment_platform="")
    ada, ben = Visit(study), Visit(study).to_trials()
    ben.finish()
    Study.objects.update(recruitment_platform="prolific")
    migration = import_module("study.migrations.0016_visits_of_platforms")

    class Rows(list):  # the participants as they were, of which today's table knows no ids
        exclude = values = iterator = lambda self, *_names, **_filters: self

    old = Rows(
        {
            "study_id": study.pk,
            "status": visit.participant.status,
            "token_hash": token_hash(visit.token),
            "recruitment": {"PROLIFIC_PID": person},
            "platform_person": f"prolific:{person}",
        }
        for visit, person in ((ada, "ada00"), (ben, "ben00"))
    )
    models = {"PlatformVisit": PlatformVisit, "VisitKey": VisitKey, "Participant": SimpleNamespace(objects=old)}
    migration.move_ids(SimpleNamespace(get_model=lambda _app, name: models[name]), None)
    assert {visit.ids["PROLIFIC_PID"]: visit.state for visit in study.platform_visits.all()} == {
        "ada00": "began",
        "ben00": "finished",
    }
    assert visit_of(ben.token) is None  # has finished: nothing is left to join
    ada.to_trials().finish()
    visit = visit_of(ada.token)
    assert visit is not None
    assert (visit.ids, visit.state) == ({"PROLIFIC_PID": "ada00"}, "finished")
    assert ada.participant.support_digest
    assert Visit(study, "?PROLIFIC_PID=ben00").participant.came_again


def test_an_id_that_was_used_before_a_new_secret_key_is_still_known(study: Study, settings) -> None:
    visit = Visit(study, "?PROLIFIC_PID=p1")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 50
    settings.SECRET_KEY_FALLBACKS = [old]
    Visit(study, "?PROLIFIC_PID=p1")
    assert study.platform_visits.count() == 1
    settings.SECRET_KEY_FALLBACKS = []  # the control: without the older key the person counts as new
    Visit(study, "?PROLIFIC_PID=p1")
    assert study.platform_visits.count() == 2
    assert visit.participant.study == study

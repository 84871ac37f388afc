"""The address that takes ballots, under everything that is no honest ballot."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from study.models import Ballot, BallotRevision, Event, Study
from tests.factories import make_open_study
from tests.shared_rows import RowsOfFile
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
KEY = "4c7d9c86-5f5b-4d1a-9d0e-2f4d3c1b0a99"


@pytest.fixture(scope="module")
def entered(rows_of_file: RowsOfFile) -> Iterator[Visit]:
    with rows_of_file():
        yield Visit(make_open_study(clips=2)).to_trials()


@pytest.fixture
def visit(entered: Visit, db: None) -> Visit:
    return deepcopy(entered)


def send(visit: Visit, number: int = 1, **fields: Any) -> Any:
    return visit.post(f"trial/{number}/", {"first": "A", "second": "B", "key": str(uuid4()), **fields}, **JSON)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A", "A"),
        ("", "B"),
        ("E", "B"),
        ("A", "E"),
        ("F", "A"),
        ("a", "B"),
        ("AB", "C"),
        ("1", "2"),
        ("A", ""),
        ("'; drop table study_ballot; --", "B"),
        ("😀", "B"),
        ("", ""),
    ],
)
def test_an_impossible_choice_is_refused_and_stores_nothing(visit: Visit, first: str, second: str) -> None:
    answer = send(visit, first=first, second=second)
    assert answer.status_code == 422
    assert not answer.json()["saved"]
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("name", ["seconds", "listened", "age"])
@pytest.mark.parametrize(
    "value", ["-1", "-1e300", "nan", "inf", "1e400", "99999999999", "twelve", "", "1;2", "\x00", "9" * 5000]
)
def test_a_broken_clock_costs_nobody_the_answer(visit: Visit, name: str, value: str) -> None:
    assert send(visit, **{name: value}).json()["saved"]
    ballot = Ballot.objects.get()
    assert ballot.seconds is None
    assert ballot.listened_seconds is None
    assert visit.participant.created_at <= ballot.answered_at <= timezone.now()


def test_a_clock_far_in_the_past_makes_no_answer_older_than_the_person(visit: Visit) -> None:
    send(visit, age="1e9")
    assert Ballot.objects.get().answered_at == visit.participant.created_at


@pytest.mark.parametrize("browser", ["", "x" * 37, "../../etc", "\x00" * 9, "ᄀ" * 9, "ABCDEFGH"])
@pytest.mark.parametrize("count", ["", "-1", "1.5", "9" * 400, "٣", "nan"])
def test_a_count_that_cannot_be_read_is_no_count_and_costs_nobody_the_answer(
    visit: Visit, browser: str, count: str
) -> None:
    assert send(visit, browser=browser, count="3").json()["saved"]
    assert Ballot.objects.get().browser_count is None
    assert send(visit, 2, browser=str(uuid4()), count=count).json()["saved"]
    assert Ballot.objects.get(trial__number=2).browser_count is None


def test_an_answer_that_claims_to_be_old_does_not_replace_a_newer_one(visit: Visit) -> None:
    send(visit, first="C", second="D")
    assert send(visit, first="A", second="B", age="600").json()["saved"]
    trial = visit.participant.trials.get(number=1)
    assert Ballot.objects.get().first_id == trial.position_order[2]
    assert BallotRevision.objects.count() == 1


def test_many_words_are_cut_and_never_refused() -> None:
    visit = Visit(make_open_study(clips=2, ask_reason=True)).to_trials()
    assert send(visit, reason="왜" * 5000).json()["saved"]
    assert Ballot.objects.get().reason == "왜" * 300


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"first": "A", "second": "B"}', "application/json"),
        ("first=A&second=B", "text/plain"),
        ("", ""),
        ("<first>A</first>", "application/xml"),
        ("--x\r\nbroken", "multipart/form-data; boundary=x"),
        ("first=A&second=B", "multipart/form-data"),
        ("%ff%fe=%00", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_of_another_type_stores_nothing_and_causes_no_error(visit: Visit, body: str, kind: str) -> None:
    answer = visit.client.generic("POST", visit.url("trial/1/"), body, content_type=kind, headers=JSON)
    assert answer.status_code in (400, 422)
    assert not Ballot.objects.exists()


def test_a_huge_body_is_refused_before_it_is_read(visit: Visit) -> None:
    for address in (
        visit.url("trial/1/"),
        visit.url("events/"),
        visit.entry_url,
        "/console/sign-in/",
        "/withdraw/",
    ):
        file = SimpleUploadedFile("x", b"x" * 3_000_000)
        answer = visit.client.post(address, {"first": "A", "second": "B", "file": file})
        assert answer.status_code == 413, address
    assert not Ballot.objects.exists()


def test_a_field_sent_twice_counts_once(visit: Visit) -> None:
    send(visit, first=["A", "C"], second=["B", "D"])
    trial = visit.participant.trials.get(number=1)
    assert Ballot.objects.get().first_id == trial.position_order[2]


def test_another_persons_cookie_answers_for_nobody(visit: Visit) -> None:
    another = Visit(visit.participant.study).to_trials()
    thief = Client()
    thief.cookies[settings.PARTICIPANT_COOKIE_NAME] = another.token
    answer = thief.post(visit.url("trial/1/"), {"first": "A", "second": "B", "key": KEY}, headers=JSON)
    assert answer.status_code == 403
    assert not Ballot.objects.exists()


def test_an_answer_whose_cookie_is_lost_waits_in_the_browser(visit: Visit) -> None:
    """The script drops what is final; somebody who comes back by their own link sends it again."""
    visit.client.cookies.clear()
    refused = {"saved": False, "final": False, "error": "Please open your own link again", "state": "nolink"}
    assert send(visit).json() == refused
    visit.client.get(f"/p/{visit.token}/")
    assert send(visit).json()["saved"]


def test_one_key_answers_one_trial_of_one_person(visit: Visit) -> None:
    """A key is no secret between people or trials: sent elsewhere it is another ballot."""
    another = Visit(visit.participant.study).to_trials()
    for person, number in ((visit, 1), (visit, 2), (another, 1)):
        assert send(person, number, key=KEY).json()["saved"]
    assert Ballot.objects.count() == 3


def test_a_participant_has_no_trials_but_their_own(visit: Visit) -> None:
    other = Visit(make_open_study(clips=5)).to_trials()
    for number in (0, 3, 5, 99999999999):
        assert send(visit, number).status_code == 404
    assert other.participant.trials.count() == 5
    assert not Ballot.objects.exists()


def test_before_consent_nothing_is_taken() -> None:
    visit = Visit(make_open_study(clips=1))
    assert send(visit).status_code == 409
    assert not Ballot.objects.exists()


def test_a_replay_after_the_end_changes_nothing_and_says_saved(visit: Visit) -> None:
    send(visit, 1, key=KEY)
    send(visit, 2)
    visit.post("review/")
    before = list(Ballot.objects.order_by("pk").values())
    assert send(visit, 1, key=KEY, first="C", second="D").json()["saved"]
    refused = send(visit, 1, first="C", second="D")
    assert refused.status_code == 409
    assert refused.json()["final"]
    assert list(Ballot.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(("ago", "taken"), [(59, True), (61, False)])
def test_after_closing_answers_are_taken_while_the_grace_period_lasts(visit: Visit, ago: int, taken: bool) -> None:
    study = visit.participant.study
    Study.objects.filter(pk=study.pk).update(
        status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(minutes=ago)
    )
    # The person came before the study closed.
    study.participants.update(created_at=timezone.now() - timedelta(hours=2))
    assert send(visit).json()["saved"] is taken
    assert send(visit, age="86400").json()["saved"]
    assert Ballot.objects.exists() is taken  # the browser's word does not open the door again


def test_events_are_limited_whatever_is_sent(visit: Visit) -> None:
    nonsense = [
        "[" * 2000,
        "{}",
        "null",
        "[1, null, {}]",
        '[{"kind": "play", "trial": {"a": 1}, "data": {"x": "y"}}]',
        '[{"kind": ["play"]}]',
        '[{"kind": "play", "data": {"x": 1e999}}]',
        '[{"kind": "play", "data": {"x": "\\u0000"}}]',
    ]
    for sent in nonsense:
        assert visit.post("events/", {"events": sent}).status_code in (204, 400), sent
    flood = "[" + ",".join(['{"kind": "play", "trial": 1}'] * 5000) + "]"
    for _time in range(3):
        visit.post("events/", {"events": flood})
    assert Event.objects.count() <= 310

"""Which of two answers to a trial counts, whatever clocks do; and answers that arrive after the end."""

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from django.utils import timezone

from analysis.study_results.deviations import deviations
from study.ballots.casting import Answer, cast_ballot, load_trial
from study.ballots.table import ballot_rows
from study.errors import NotAllowedNow
from study.models import Ballot, BallotRevision, LateAnswer, Study, Trial
from study.participants.enrolment import enrol
from study.participants.monitoring import monitor
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
PHONE, LAPTOP = "phone-0000", "laptop-0000"
NOW = timezone.now()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def first_trial() -> Trial:
    participant, _ = enrol(make_open_study(clips=2), now=NOW - minutes(600))
    return participant.trials.get(number=1)


def cast(trial: Trial, first: str, second: str, *, at: float, **more) -> None:
    """Cast an answer that arrives when the server's clock says `at` minutes."""
    cast_ballot(load_trial(pk=trial.pk), Answer(uuid4(), first, second, **more), now=NOW + minutes(at))


def first_of(trial: Trial) -> str:
    return "ABCD"[trial.position_order.index(Ballot.objects.get(trial=trial).first_id)]


@pytest.mark.parametrize("counted", [True, False])
def test_a_server_clock_that_is_set_back_lets_no_older_answer_win(counted):
    trial = first_trial()
    counts = [{"browser": PHONE, "count": count} if counted else {} for count in (1, 2)]
    cast(trial, "A", "B", at=0, **counts[0])
    cast(trial, "C", "D", at=-60, **counts[1])  # a minute later, by a clock that was set back an hour
    assert first_of(trial) == "C"


def test_by_time_alone_the_answer_kept_offline_over_a_step_of_the_clock_would_win():
    """The control of the next test: without the browser's count, the same answers are in the wrong order."""
    trial = first_trial()
    cast(trial, "C", "D", at=-60)
    cast(trial, "A", "B", at=0, age=minutes(5))
    assert first_of(trial) == "A"


def test_within_a_browser_its_own_count_decides_whatever_the_times_are():
    trial = first_trial()
    cast(trial, "C", "D", at=-60, browser=PHONE, count=2)
    cast(trial, "A", "B", at=0, age=minutes(5), browser=PHONE, count=1)
    assert first_of(trial) == "C"


def test_between_browsers_the_time_decides_and_counts_are_not_compared():
    trial = first_trial()
    cast(trial, "A", "B", at=0, browser=PHONE, count=9)
    cast(trial, "C", "D", at=1, browser=LAPTOP, count=1)
    assert first_of(trial) == "C"
    cast(trial, "B", "A", at=2, age=minutes(1.5), browser="third-0000", count=5)
    assert first_of(trial) == "C"


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_two_browsers_in_any_order_of_arrival_give_the_same_answer(order):
    given = [("A", 40, PHONE, 1), ("B", 30, LAPTOP, 1), ("C", 20, PHONE, 2), ("D", 10, LAPTOP, 2)]
    trial = first_trial()
    for place, index in enumerate(order):
        letter, age, browser, count = given[index]
        other = "B" if letter == "A" else "A"
        cast(trial, letter, other, at=place, age=minutes(age + place), browser=browser, count=count)
    assert first_of(trial) == "D"
    assert BallotRevision.objects.filter(ballot__trial=trial).count() == 3


def test_an_answer_replaced_in_its_browser_does_not_come_back_over_another_browsers():
    trial = first_trial()
    cast(trial, "B", "C", at=-90, age=minutes(1), browser=PHONE, count=2)
    cast(trial, "C", "D", at=-80, browser=LAPTOP, count=1)
    cast(trial, "A", "B", at=0, browser=PHONE, count=1)  # older than its count 2, and looks newest
    assert first_of(trial) == "C"


# --- after the end ---------------------------------------------------------------------------------------------------


@pytest.fixture
def visit() -> Visit:
    """Somebody who began two hours before now, of whose two trials the first is answered."""
    visit = Visit(make_open_study(clips=2, grace_minutes=10)).to_trials()
    visit.answer(1)
    type(visit.participant).objects.update(created_at=NOW - minutes(120))
    return visit


def close(visit: Visit, ago: float) -> None:
    """The grace period of ten minutes ended `ago` minutes before now."""
    at = timezone.now() - minutes(ago + 10)
    Study.objects.filter(pk=visit.participant.study_id).update(status=Study.Status.CLOSED, closed_at=at)


def send(visit: Visit, number: int, **fields):
    data = {"first": "C", "second": "D", "key": str(uuid4()), **fields}
    return visit.post(f"trial/{number}/", data, accept="application/json")


def test_an_answer_given_before_the_end_is_saved_beside_the_ballots_however_late_it_arrives(visit):
    close(visit, ago=30)
    key = str(uuid4())
    for _repeated in range(2):
        reply = send(visit, 2, age=str(31 * 60), key=key)
        assert reply.status_code == 200
        assert reply.json() == {"saved": True, "next": visit.url("")}
    late = LateAnswer.objects.get()
    assert late.trial.number == 2
    assert late.content["first_id"] == late.trial.position_order[2]
    assert late.answered_at < visit.participant.study.results_open_at < late.received_at
    assert [row["trial"] for row in ballot_rows(visit.participant.study)] == [1]
    page = visit.get("")
    assert "is saved" in page.content.decode()


def test_late_answers_are_counted_on_the_monitor_and_among_the_deviations(visit):
    study = visit.participant.study
    close(visit, ago=30)
    assert monitor(study).late == 0
    assert send(visit, 2, age=str(31 * 60)).json()["saved"]
    study.refresh_from_db()
    assert monitor(study).late == 1
    text = "1 answer was given in time and arrived after the end of answering. It is kept and not counted."
    assert text in deviations(study)


def test_a_changed_answer_that_arrives_late_leaves_the_ballot_as_it_was_analysed(visit):
    before = Ballot.objects.values().get()
    close(visit, ago=30)
    assert send(visit, 1, age=str(31 * 60)).json()["saved"]
    assert Ballot.objects.values().get() == before
    assert LateAnswer.objects.count() == 1


@pytest.mark.parametrize("age", ["0", str(29 * 60), "", "nan"])
def test_an_answer_given_after_the_end_is_refused_for_good(visit, age):
    close(visit, ago=30)
    reply = send(visit, 2, age=age)
    assert reply.status_code == 410
    assert reply.json()["final"]
    assert not LateAnswer.objects.exists()


def test_within_the_grace_period_a_late_answer_is_a_ballot(visit):
    close(visit, ago=-5)
    assert send(visit, 2, age="600").json()["saved"]
    assert Ballot.objects.count() == 2
    assert not LateAnswer.objects.exists()


def test_an_answer_given_before_finishing_is_kept_and_changes_no_receipt(visit):
    receipt = visit.finish().receipt
    type(visit.participant).objects.update(completed_at=timezone.now() - minutes(5))
    assert send(visit, 1, age="600").json()["saved"]
    assert send(visit, 1, age="60").json()["final"]
    assert LateAnswer.objects.count() == 1
    assert visit.participant.receipt == receipt


@pytest.mark.parametrize("fields", [{"first": "A", "second": "A"}, {"first": ""}, {"first": "E"}, {"key": "no key"}])
def test_what_could_be_no_ballot_is_not_kept_late_either(visit, fields):
    close(visit, ago=30)
    assert send(visit, 2, age=str(31 * 60), **fields).json()["final"]
    assert not LateAnswer.objects.exists()


def test_who_came_after_closing_had_no_time_to_answer_in(visit):
    close(visit, ago=30)
    type(visit.participant).objects.update(created_at=timezone.now() - minutes(39))
    assert send(visit, 2, age=str(31 * 60)).json()["final"]


def test_withdrawal_erases_late_answers_and_takes_no_more(visit):
    close(visit, ago=30)
    send(visit, 2, age=str(31 * 60))
    trial = load_trial(participant=visit.participant, number=2)
    withdraw(visit.participant)
    assert not LateAnswer.objects.exists()
    with pytest.raises(NotAllowedNow):
        cast_ballot(trial, Answer(uuid4(), "A", "B", age=minutes(60)))
    assert not LateAnswer.objects.exists()

"""One ballot for one trial, whatever happens on the way."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from study.ballots.casting import Answer, AnswerRefused, cast_ballot, digest_of, load_trial
from study.ballots.receipts import verify_ballot
from study.errors import NotAllowedNow
from study.models import Ballot, BallotRevision, Participant, Stimulus, Study
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def first_trial(**fields):
    study = make_open_study(clips=2, **fields)
    participant, _ = enrol(study)
    return participant.trials.get(number=1)


def chosen(trial):
    ballot = Ballot.objects.get(trial=trial)
    return tuple(
        "" if pk is None else "ABCDEF"[trial.position_order.index(pk)] for pk in (ballot.first_id, ballot.second_id)
    )


def test_the_same_submission_however_often_is_one_ballot():
    trial = first_trial()
    answer = Answer(uuid4(), "A", "B")
    for _ in range(3):
        cast_ballot(trial, answer)
    assert Ballot.objects.count() == 1
    assert not BallotRevision.objects.exists()


def test_a_changed_answer_counts_and_the_old_one_is_kept():
    trial = first_trial()
    cast_ballot(trial, Answer(uuid4(), "A", "B"))
    cast_ballot(trial, Answer(uuid4(), "C", "D"))
    assert chosen(trial) == ("C", "D")
    before = BallotRevision.objects.get().content
    assert before["first_id"] == trial.position_order[0]


def test_a_replay_of_a_replaced_answer_changes_nothing():
    trial = first_trial()
    old = Answer(uuid4(), "A", "B")
    cast_ballot(trial, old)
    cast_ballot(trial, Answer(uuid4(), "C", "D"))
    cast_ballot(trial, old)
    assert chosen(trial) == ("C", "D")
    assert BallotRevision.objects.count() == 1


def test_of_two_answers_the_one_given_later_counts_whichever_arrives_first():
    trial = first_trial()
    participant = trial.participant
    participant.created_at -= timedelta(hours=1)
    participant.save()
    cast_ballot(trial, Answer(uuid4(), "C", "D"))
    cast_ballot(trial, Answer(uuid4(), "A", "B", age=timedelta(minutes=5)))
    assert chosen(trial) == ("C", "D")
    assert BallotRevision.objects.count() == 1


@settings(max_examples=20, deadline=None)
@given(order=st.permutations([0, 1, 2]), replays=st.lists(st.integers(0, 2), max_size=4))
def test_any_order_of_arrival_gives_the_latest_answer(order, replays):
    trial = first_trial()
    participant = trial.participant
    participant.created_at -= timedelta(hours=1)
    participant.save()
    answers = [
        Answer(uuid4(), first, second, age=timedelta(minutes=age))
        for first, second, age in (("A", "B", 30), ("B", "C", 20), ("C", "D", 10))
    ]
    for index in [*order, *replays]:
        cast_ballot(trial, answers[index])
    assert chosen(trial) == ("C", "D")
    assert Ballot.objects.filter(trial=trial).count() == 1
    assert BallotRevision.objects.filter(ballot__trial=trial).count() == 2


@pytest.mark.parametrize(
    ("first", "second"), [(None, None), ("A", "A"), ("A", None), ("E", "A"), ("A", "AB"), (None, "A")]
)
def test_an_incomplete_or_impossible_answer_is_refused_with_a_reason(first, second):
    trial = first_trial()
    with pytest.raises(AnswerRefused, match=r"\w+"):
        cast_ballot(trial, Answer(uuid4(), first, second))
    assert not Ballot.objects.exists()


def test_a_second_choice_may_be_left_out_where_it_is_optional():
    trial = first_trial(second_choice_required=False)
    cast_ballot(trial, Answer(uuid4(), "A"))
    assert chosen(trial) == ("A", "")


def test_none_fits_is_a_ballot_where_the_study_offers_it():
    trial = first_trial(allow_none_fits=True)
    assert cast_ballot(trial, Answer(uuid4(), None, none_fits=True)).none_fits
    with pytest.raises(AnswerRefused):
        cast_ballot(first_trial(), Answer(uuid4(), None, none_fits=True))


def test_after_finishing_no_answer_changes():
    visit = Visit(make_open_study(clips=2)).to_trials()
    visit.finish()
    with pytest.raises(NotAllowedNow):
        cast_ballot(visit.participant.trials.get(number=1), Answer(uuid4(), "C", "D"))


def test_nobody_finishes_with_answers_left_to_give():
    visit = Visit(make_open_study(clips=2)).to_trials()
    visit.answer(1)
    with pytest.raises(NotAllowedNow):
        finish(visit.participant)


def test_finishing_twice_gives_the_same_receipt():
    visit = Visit(make_open_study(clips=2)).to_trials()
    receipt = visit.finish().receipt
    assert finish(visit.participant).receipt == receipt


def test_the_script_gets_saved_and_the_next_address():
    visit = Visit(make_open_study(clips=2)).to_trials()
    key = str(uuid4())
    answers = [
        visit.post("trial/1/", {"first": "A", "second": "B", "key": key}, accept="application/json").json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1] == {"saved": True, "next": visit.url("trial/2/")}
    refused = visit.post("trial/2/", {"first": "A"}, accept="application/json")
    assert refused.status_code == 422
    assert refused.json()["saved"] is False


def test_a_reply_lost_after_the_end_is_answered_as_saved():
    visit = Visit(make_open_study(clips=1)).to_trials()
    data = {"first": "A", "second": "B", "key": str(uuid4())}
    visit.post("trial/1/", data)
    visit.post("review/")
    assert visit.post("trial/1/", data, accept="application/json").json()["saved"] is True


def test_a_digest_agrees_with_the_ballot_table():
    from study.ballots.table import ballot_rows

    visit = Visit(make_open_study(clips=2)).to_trials()
    visit.finish()
    rows = ballot_rows(visit.participant.study, sealed=False)
    assert all(verify_ballot(row) for row in rows)
    rows[0]["first"], rows[0]["second"] = rows[0]["second"], rows[0]["first"]
    assert not verify_ballot(rows[0])


def test_a_receipt_is_found_in_an_export_of_earlier_versions_and_in_no_other():
    from study.ballots.receipts import find_receipt, receipt_commitment
    from study.ballots.table import ballot_rows

    study = make_open_study(clips=2)
    people = [Visit(study).to_trials().finish() for _ in range(3)]
    digests: dict = {}
    for row in ballot_rows(study, sealed=False):
        digests.setdefault(row["participant"], []).append(row["digest"])
    stated = {person.code: receipt_commitment(person.receipt, digests[person.code]) for person in people}
    assert [find_receipt(person.receipt, digests, stated) for person in people] == ["r0001", "r0002", "r0003"]
    digests["r0002"][0] = "0" * 64
    assert find_receipt(people[1].receipt, digests, stated) is None


def test_while_sealed_the_table_shows_opaque_labels_and_nothing_that_opens_a_digest():
    from study.ballots.table import ballot_rows

    visit = Visit(make_open_study(clips=2)).to_trials()
    visit.finish()
    row = ballot_rows(visit.participant.study)[0]
    keys = set(visit.participant.study.conditions.values_list("key", flat=True))
    assert row["first"] not in keys
    assert row["nonce"] == row["digest"] == ""


def verbs_of(queries):
    """The verbs of the statements, without those of transactions."""
    verbs = [query["sql"].split()[0] for query in queries]
    return [verb for verb in verbs if verb in ("SELECT", "UPDATE", "INSERT")]


def test_an_answer_takes_two_reads_and_three_writes():
    trial = first_trial()
    with CaptureQueriesContext(connection) as queries:
        cast_ballot(load_trial(pk=trial.pk), Answer(uuid4(), "A", "B"))
    assert verbs_of(queries) == ["SELECT", "SELECT", "UPDATE", "UPDATE", "INSERT"]


def test_the_page_takes_one_read_more_to_know_which_trials_are_answered():
    visit = Visit(make_open_study(clips=3)).to_trials()
    with CaptureQueriesContext(connection) as queries:
        visit.post("trial/1/", {"first": "A", "second": "B"}, accept="application/json")
    assert verbs_of(queries) == ["SELECT", "SELECT", "SELECT", "UPDATE", "UPDATE", "INSERT"]


def test_a_trial_is_found_by_its_own_participant_and_number_only():
    trial = first_trial()
    other, _ = enrol(trial.participant.study)
    assert load_trial(participant__handle=other.handle, number=1) == other.trials.get(number=1)
    assert load_trial(participant__handle=other.handle, number=9) is None
    assert load_trial(participant__handle="' OR 1=1 --", number=1) is None


def test_the_digest_covers_the_conditions_chosen():
    trial = first_trial()
    keys = dict(Stimulus.objects.values_list("pk", "condition__key"))
    ballot = cast_ballot(trial, Answer(uuid4(), "C", "A"))
    assert (ballot.first_id, ballot.second_id) == (trial.position_order[2], trial.position_order[0])
    assert ballot.digest == digest_of(ballot, trial, keys)


def test_the_presence_and_the_ballot_are_written_both_or_neither(monkeypatch):
    trial = first_trial()
    seen = Participant.objects.filter(pk=trial.participant_id)
    before = seen.get().last_seen_at

    def fail(*_args, **_options):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Ballot, "save", fail)
        with pytest.raises(RuntimeError):
            cast_ballot(trial, Answer(uuid4(), "A", "B"))
    assert seen.get().last_seen_at == before
    cast_ballot(trial, Answer(uuid4(), "A", "B"))
    assert seen.get().last_seen_at > before


def test_a_study_paused_while_a_ballot_is_on_its_way_loses_nothing():
    """Read while the study was open, written when it is paused: the answer is judged again, and stored."""
    trial = load_trial(pk=first_trial().pk)
    study = Study.objects.filter(pk=trial.participant.study_id)
    study.update(status=Study.Status.PAUSED)
    assert cast_ballot(trial, Answer(uuid4(), "A", "B")).first_id == trial.position_order[0]
    trial = load_trial(pk=trial.pk)
    study.update(status=Study.Status.CLOSED, closed_at=timezone.now(), grace_minutes=0)
    with pytest.raises(NotAllowedNow):
        cast_ballot(trial, Answer(uuid4(), "C", "D"))
    assert Ballot.objects.get().first_id == trial.position_order[0]


def test_a_participant_who_finishes_while_a_changed_answer_is_on_its_way_keeps_the_old_one():
    visit = Visit(make_open_study(clips=1)).to_trials()
    visit.answer(1)
    trial = load_trial(participant=visit.participant, number=1)
    finish(visit.participant)
    with pytest.raises(NotAllowedNow):
        cast_ballot(trial, Answer(uuid4(), "C", "D"))
    assert chosen(trial) == ("A", "B")


def test_a_participant_who_withdraws_while_a_ballot_is_on_its_way_leaves_nothing():
    trial = load_trial(pk=first_trial().pk)
    withdraw(trial.participant)
    with pytest.raises(NotAllowedNow):
        cast_ballot(trial, Answer(uuid4(), "A", "B"))
    assert not Ballot.objects.exists()

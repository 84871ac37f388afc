"""Statements whose text is kept say what the ORM's own would, on whatever database the tests run."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from study.ballots.casting import OF_AN_ANSWER, Answer, cast_ballot, trial_to_answer
from study.ballots.kept_statements import KeptInsert, KeptRead, KeptUpdate
from study.models import BallotRevision, Participant, Stimulus, Trial
from study.participants.enrolment import enrol
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    study = make_open_study(clips=3)
    return [enrol(study)[0] for _ in range(3)]


def note_presence():
    """An update of one person's row, where the study has a status."""
    return KeptUpdate(
        lambda id, status, now: (Participant.objects.filter(pk=id, study__status=status), {"last_seen_at": now}),
        id=int,
        status=str,
        now=datetime,
    )


def test_a_kept_read_gives_what_the_query_set_gives(people):
    columns = ("pk", "kind", "position_order", "participant__created_at", "expected")
    kept = KeptRead(
        lambda handle, number: (
            Trial.objects.filter(participant__handle=handle, number__gt=number).order_by("number").values_list(*columns)
        ),
        handle=str,
        number=int,
    )
    for person in people:
        for number in (0, 1, 3):
            wanted = person.trials.filter(number__gt=number).order_by("number").values_list(*columns)
            assert kept(handle=person.handle, number=number) == list(wanted)
    with CaptureQueriesContext(connection) as queries:
        assert kept(handle="' OR 1=1 --", number=0) == []
    assert len(queries) == 1


def test_a_value_that_has_no_place_in_the_statement_is_an_error(people):
    kept = KeptRead(lambda number: Trial.objects.values_list("pk"), number=int)
    with pytest.raises(ValueError, match="no place for number"):
        kept(number=1)


def test_a_kept_update_changes_the_rows_it_names_and_counts_them(people):
    now = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    kept = note_presence()
    assert kept(id=people[0].pk, status="paused", now=now) == 0
    assert kept(id=people[1].pk, status="open", now=now) == 1
    seen = dict(Participant.objects.values_list("pk", "last_seen_at"))
    assert [seen[person.pk] == now for person in people] == [False, True, False]


def test_a_kept_insert_fills_in_what_save_would(people):
    kept = KeptInsert(BallotRevision)
    trial = people[0].trials.first()
    ballot = cast_ballot(trial, Answer(uuid4(), "A", "B"))
    row = BallotRevision(
        ballot=ballot, content={"first": [1, "ä"]}, submission_key=uuid4(), answered_at=ballot.answered_at
    )
    kept(row)
    stored = BallotRevision.objects.get(pk=row.pk)
    assert (stored.content, stored.submission_key) == (row.content, row.submission_key)
    assert stored.replaced_at == row.replaced_at is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        kept(BallotRevision(ballot_id=ballot.pk, content=None, submission_key=uuid4(), answered_at=None))


def test_what_an_answer_needs_is_read_as_the_orm_reads_it(people):
    trial = people[1].trials.get(number=2)
    answer, keys = Answer(uuid4(), "C", "A"), dict(Stimulus.objects.values_list("pk", "condition__key"))
    for known in (
        trial_to_answer(answer, pk=trial.pk),
        trial_to_answer(answer, handle=people[1].handle, number=2),
    ):
        parts = (known, known.participant, known.participant.study, known.clip)
        for part, (_prefix, names) in zip(parts, OF_AN_ANSWER.values(), strict=True):
            whole = type(part).objects.get(pk=part.pk)
            assert {name: part.__dict__[name] for name in names} == {name: getattr(whole, name) for name in names}
        assert known.next_waiting == 3
        chosen = [trial.position_order[place] for place in (2, 0)]
        assert known.chosen_keys == {stimulus: keys[stimulus] for stimulus in chosen}
    nothing = Answer(uuid4(), None, "F", none_fits=True)  # no choice, and a place that this trial does not have
    assert trial_to_answer(nothing, pk=trial.pk).chosen_keys == {None: ""}
    assert trial_to_answer(None, handle=people[1].handle, number=9) is None


def test_a_kept_insert_waits_for_an_update_that_changes_a_row(people):
    now = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    kept = KeptInsert(BallotRevision, where=note_presence())
    ballot = cast_ballot(people[0].trials.first(), Answer(uuid4(), "A", "B"))
    seen = Participant.objects.values_list("last_seen_at", flat=True)

    def row(**values):
        return BallotRevision(
            **{"ballot": ballot, "content": ["ä"], "submission_key": uuid4(), "answered_at": now} | values
        )

    before = seen.get(pk=people[0].pk)
    assert not kept(row(), id=people[0].pk, status="paused", now=now)
    assert (BallotRevision.objects.count(), seen.get(pk=people[0].pk)) == (0, before)
    with pytest.raises(IntegrityError):  # both or neither
        kept(row(answered_at=None), id=people[0].pk, status="open", now=now)
    assert (BallotRevision.objects.count(), seen.get(pk=people[0].pk)) == (0, before)
    stored = row()
    assert kept(stored, id=people[0].pk, status="open", now=now)
    assert BallotRevision.objects.get().pk == stored.pk
    assert seen.get(pk=people[0].pk) == now

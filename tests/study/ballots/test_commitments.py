"""What binds a person's ballots: the commitment in the chain, the receipt that states it, and the digests under it."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from study.ballots.commitments import ENDED, FINISHED, bind_unfinished, digests_of, fixed_commitments, other_digests
from study.ballots.receipts import ballot_digest, binds, commitment_of, normal_receipt, secret_of, states, verify_ballot
from study.ballots.table import ballot_rows
from study.models import Ballot, ChainHead, Participant
from study.participants.completion import finish
from study.setup.lifecycle import close_study
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def closed(study, **fields):
    close_study(study)
    type(study).objects.filter(pk=study.pk).update(closed_at=timezone.now() - timedelta(days=1))
    study.refresh_from_db()
    return study


def test_finishing_fixes_a_commitment_that_the_receipt_states():
    study = make_open_study(clips=3, repeats=1, attention_trials=1)
    person = Visit(study).to_trials().finish()
    assert [len(group) for group in person.receipt.split("-")] == [4] * 8
    [fixed] = fixed_commitments(study.log.all())[person.code]
    assert fixed.finished
    assert states(person.receipt, fixed.commitment)

    rows = [row["digest"] for row in ballot_rows(study, sealed=False)]
    others = other_digests(study, ["real"])[person.code]
    assert len(others) == 2  # of the attention trial and of the answers
    assert fixed.commitment == commitment_of(secret_of(person.receipt), person.code, [*rows, *others])

    # Whoever rewrites a ballot with a fresh digest and makes a commitment of the stolen receipt is disproved by it.
    forged = commitment_of(secret_of(person.receipt), person.code, ["0" * 64, *rows[1:], *others])
    assert not states(person.receipt, forged)

    finish(person)
    assert study.log.filter(action=FINISHED).count() == 1


def test_a_receipt_is_read_as_people_write_it():
    receipt = "OIBA-2345-6723-ABCD-OIBA-2345-6723-ABCD"
    assert normal_receipt(" 01ba 2345-6723abcd o18a23456723ABCD ") == receipt
    assert binds(receipt)
    assert not binds(receipt[:29])


def test_whoever_stopped_is_bound_when_answers_have_ended():
    study = make_open_study(clips=2)
    finished = Visit(study).to_trials().finish()
    Visit(study).to_trials()  # has answered nothing
    stopped = Visit(study).to_trials()
    stopped.answer(1)
    bind_unfinished(study)
    assert not study.log.filter(action=ENDED).exists()
    closed(study)
    assert study.log.get(action="closed").data == {"ballots": 3}
    for _ in range(2):
        bind_unfinished(study)
    entry = study.log.get(action=ENDED)
    person = stopped.participant
    digests = digests_of(Participant.objects.filter(pk=person.pk))[person.pk]
    assert entry.data == {"people": 1, "commitments": {person.code: commitment_of(person.nonce, person.code, digests)}}
    assert set(fixed_commitments(study.log.all())) == {finished.code, person.code}


@pytest.mark.parametrize(
    ("change", "noticed_by"),
    [
        ({"first": "original_tags"}, (1, 2)),
        ({"order": "a;b;c;d"}, (2,)),
        ({"reason": "It fits."}, (2,)),
        ({"knows_piece": "1"}, (2,)),
    ],
)
def test_the_digest_covers_order_reason_and_familiarity_too(change, noticed_by):
    row = {
        "participant": "r0001",
        "clip": "a.wav",
        "repeat": "0",
        "trial": "1",
        "first": "redefined_tags",
        "second": "",
        "none_fits": "0",
        "order": "d;c;b;a",
        "reason": "=it is “loud”",
        "knows_piece": "0",
    }
    for version in (1, 2):
        signed = row | {"nonce": "ab", "digest": ballot_digest("ab", row, version=version)}
        assert verify_ballot(signed)
        assert verify_ballot(signed | change) != (version in noticed_by)


def test_the_upgrade_chains_the_log_that_is_there_and_binds_who_has_finished():
    migration = importlib.import_module("study.migrations.0014_log_as_a_chain")
    study = make_open_study(clips=2)
    person = Visit(study).to_trials().finish()
    old = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"
    Participant.objects.filter(pk=person.pk).update(receipt=old)
    study.log.filter(action=FINISHED).delete()
    study.log.update(nonce="", digest="", head="", actor_name="")
    ChainHead.objects.all().delete()

    migration.chain(apps, None)

    entries = list(study.log.all())
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert all(entry.content_digest() == entry.digest for entry in entries)
    assert study.chain.head == entries[-1].head
    digests = digests_of(Participant.objects.filter(pk=person.pk))[person.pk]
    [fixed] = fixed_commitments(entries)[person.code]
    assert fixed.from_upgrade
    assert fixed.commitment == commitment_of(secret_of(old), person.code, digests)
    assert Ballot.objects.count() == 2

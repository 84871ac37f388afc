"""The log is a hash chain: what is changed, removed or moved breaks the heads after it; erasure does not."""

import pytest

from study.digests import entry_digest, next_head
from study.models import ChainHead, LogEntry
from study.models.log import erase_entry, record
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def heads_agree(entries) -> bool:
    head = ""
    for number, entry in enumerate(entries, start=1):
        head = next_head(head, number, entry.digest)
        if entry.number != number or entry.head != head:
            return False
    return True


def test_entries_are_chained_for_each_study_and_for_the_installation():
    study, other = make_study(), make_study()
    for chain in (study, None, study, other, None):
        record(chain, "described", actor=study.owner, value=1e20, share=2.0)
    for chain in (study, other, None):
        entries = list(LogEntry.objects.filter(study=chain))
        assert heads_agree(entries)
        assert all(entry.content_digest() == entry.digest for entry in entries)
        assert ChainHead.objects.get(study=chain).head == entries[-1].head
    assert LogEntry.objects.filter(study=None, action="described").count() == 2
    # As PostgreSQL gives them back, in which there is no 1e20.
    assert study.log.last().data == {"value": 10**20, "share": 2}


def test_the_digest_is_of_plain_values_as_the_documentation_says():
    study = make_study()
    entry = record(study, "plan saved", actor=study.owner, reason="why", fields={"alpha": 0.05})
    at = entry.at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    values = (entry.number, at, study.owner.username, "plan saved", "why", {"fields": {"alpha": 0.05}})
    assert entry.digest == entry_digest(entry.nonce, *values)


def test_an_entry_about_a_participant_has_the_hour_only():
    entry = record(make_study(), "participant left out", participant="r0001", reason="a bot")
    assert entry.digested_at.endswith(":00:00+00:00")
    assert (entry.at.minute, entry.at.second, entry.at.microsecond) == (0, 0, 0)


def test_erasing_an_entry_keeps_the_chain_and_nothing_of_its_content():
    study = make_study()
    entry = record(study, "participant left out", actor=study.owner, participant="r0001", reason="told us her name")
    record(study, "described")
    erase_entry(entry)
    assert heads_agree(study.log.all())
    row = LogEntry.objects.values().get(pk=entry.pk)
    emptied = {name: row[name] for name in ("at", "actor_id", "actor_name", "reason", "data", "nonce", "erased")}
    assert emptied == {
        "at": None,
        "actor_id": None,
        "actor_name": "",
        "reason": "",
        "data": {},
        "nonce": "",
        "erased": True,
    }
    assert (row["action"], row["number"]) == ("participant left out", entry.number)


def test_an_account_that_is_deleted_changes_no_entry(django_user_model):
    helper = django_user_model.objects.create_user("helper")
    entry = record(make_study(), "described", actor=helper)
    helper.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name) == (None, "helper")
    assert entry.content_digest() == entry.digest

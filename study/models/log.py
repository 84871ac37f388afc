"""The log of what was done: one hash chain for each study, and one for the installation.

Each entry's head covers the head before it, so an entry that is changed, removed or moved breaks every head after it.
Entries are added only by `record` and never changed; `erase_entry` empties one and leaves the chain valid.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from study.digests import entry_digest, next_head
from study.models.participants import Participant
from study.models.studies import Study
from study.opaque_tokens import new_nonce

PERSON = "participant"
"""The name of the detail that makes an entry one about a participant: its time is given to the hour only."""


# Entries that this installation wrote. Those of before a study was brought in (`config.bundles.taking_in`) are a
# stranger's words: whatever is decided by the log must not ask them.
_ENTRIES_OF_BEFORE = KeyTextTransform("entries", KeyTransform("brought_in", "study__plan"))
WRITTEN_HERE = models.Q(number__gt=Coalesce(Cast(_ENTRIES_OF_BEFORE, models.PositiveIntegerField()), 0))
_through: ContextVar[str] = ContextVar("through", default="")


class ChainHead(models.Model):
    """The number and the head of a chain's last entry. Its row is the lock under which entries are added."""

    # None: the chain of the installation. No constraint in the database: checking it would lock the study's row after
    # the chain's, and every other transaction locks the study first.
    study = models.OneToOneField(Study, null=True, on_delete=models.CASCADE, related_name="chain", db_constraint=False)
    number = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(Coalesce("study", 0), name="one_head_for_each_chain")]

    def __str__(self) -> str:
        return f"{self.number}: {self.head[:16]}"


class LogEntry(models.Model):
    """One action on a study or on the installation: who, when and why."""

    # None: an entry of the installation's chain. No constraint, as above. Its index is that of `log_in_order`.
    study = models.ForeignKey(
        Study, null=True, on_delete=models.CASCADE, related_name="log", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    # Of entries about a participant only the hour is kept; None once erased.
    at = models.DateTimeField(null=True, default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    # Covered by the digest: an account that is deleted changes no entry.
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=60)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    nonce = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    erased = models.BooleanField(default=False)

    class Meta:
        ordering = ("number", "pk")
        verbose_name_plural = "log entries"
        constraints = [models.UniqueConstraint(Coalesce("study", 0), "number", name="log_number_once")]
        indexes = [
            models.Index(fields=["study", "action", "number"], name="log_by_action"),
            models.Index(fields=["study", "number"], name="log_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"

    @property
    def digested_at(self) -> str:
        """The time as the digest covers it: ISO 8601 in UTC, to the second; empty once erased."""
        return "" if self.at is None else self.at.astimezone(UTC).isoformat(timespec="seconds")

    def content_digest(self) -> str:
        """Compute the digest of the entry's content as it is now."""
        return entry_digest(
            self.nonce, self.number, self.digested_at, self.actor_name, self.action, self.reason, self.data
        )


def person_of(actor: Any) -> Any:
    """Return `actor` if it is an account; None for the system."""
    return actor if getattr(actor, "is_authenticated", False) else None


@contextmanager
def acting_through(way: str) -> Iterator[None]:
    """Have entries within tell by which way their account acted: a command or a token. On the pages nothing is told.

    Whoever may run commands on the server can name any account, and a token can be in others' hands: the log says so.
    """
    before = _through.set(way)
    try:
        yield
    finally:
        _through.reset(before)


@transaction.atomic(savepoint=False)
def record(
    study: Study | None, action: str, *, actor: Any = None, reason: str = "", at: datetime | None = None, **data: Any
) -> LogEntry:
    """Add an entry to the study's chain (None: the installation's); call it in the transaction of the change.

    It locks the chain until the transaction ends, so it comes after every other lock of the transaction.
    """
    chain = lock_chain(study)
    who = person_of(actor)
    if who and (way := _through.get()):
        data["through"] = way
    at = at or timezone.now()
    entry = LogEntry(
        study=study,
        number=chain.number + 1,
        at=at.replace(minute=0, second=0, microsecond=0) if PERSON in data else at,
        actor=who,
        actor_name=who.get_username() if who else "",
        action=action,
        reason=reason,
        data=_plain(data),
        nonce=new_nonce(),
    )
    entry.digest = entry.content_digest()
    chain.head = entry.head = next_head(chain.head, entry.number, entry.digest)
    chain.number = entry.number
    entry.save(force_insert=True)
    chain.save(update_fields=["number", "head"])
    return entry


def lock_chain(study: Study | None) -> ChainHead:
    """Lock the chain until the transaction ends, so that nobody else adds to it; make its row if it has none."""
    chains = ChainHead.objects.select_for_update(of=("self",))
    chain = chains.filter(study=study).first()
    if chain is None:
        ChainHead.objects.get_or_create(study=study)
        chain = chains.get(study=study)
    return chain


def erase_entry(entry: LogEntry) -> None:
    """Empty an entry. Its number, action, digest and head stay, so the chain stays valid; repeating changes nothing."""
    entry.at = entry.actor = None
    entry.actor_name = entry.reason = entry.nonce = ""
    entry.data = {}
    entry.erased = True
    entry.save(update_fields=["at", "actor", "actor_name", "reason", "nonce", "data", "erased"])


def erase_entries_of(participant: Participant) -> None:
    """Erase the entries that say why this participant is left out, by hand or by rules of the plan."""
    for entry in LogEntry.objects.filter(study=participant.study_id, **{f"data__{PERSON}": participant.code}):
        if entry.reason or entry.data.get("rules"):
            erase_entry(entry)


def _plain(data: Any) -> Any:
    """The details as every database gives them back: PostgreSQL writes 1e20 as an integer, and the digest differs.

    Amounts of money, which JSON would round, become text.
    """
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, Decimal):
        return str(data)
    return json.loads(json.dumps(data, allow_nan=False))

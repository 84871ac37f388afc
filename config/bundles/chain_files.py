"""Write a study's hash chain and commitments into its export."""

from collections.abc import Iterator
from typing import Any

from study.ballots.commitments import ENDED, FINISHED, fixed_commitments, other_digests
from study.ballots.table import kinds_of
from study.models import LogEntry, Study
from study.published_heads.without_conditions import WITHOUT_CONDITIONS

VERSION = 1


def chain_facts(study: Study, head: str) -> dict[str, Any]:
    """Return what `chain.json` holds beside the entries."""
    return {"version": VERSION, "study": study.slug, "head": head}


def chain_entries(study: Study, until: int) -> Iterator[dict[str, Any]]:
    """Yield the entries of the study's chain as `chain.json` holds them, up to the one with the number `until`."""
    sealed = study.is_sealed
    for first in range(0, until, _AT_ONCE):
        part = study.log.filter(number__gt=first, number__lte=min(first + _AT_ONCE, until))
        for entry in part.order_by("number"):
            yield _entry(entry, sealed)


_AT_ONCE = 2000


def _entry(entry: LogEntry, sealed: bool) -> dict[str, Any]:
    link = {"number": entry.number, "digest": entry.digest, "head": entry.head}
    if entry.erased:
        return link | {"action": entry.action, "erased": True}
    if sealed and entry.action not in WITHOUT_CONDITIONS:
        return link | {"hidden": True}
    return link | {
        "at": entry.digested_at,
        "actor": entry.actor_name,
        "action": entry.action,
        "reason": entry.reason,
        "data": entry.data,
        "nonce": entry.nonce,
    }


def readable_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without what only proves it, as `study.json` holds it for readers."""
    return {name: value for name, value in entry.items() if name not in ("nonce", "digest", "head")}


def commitments_json(study: Study) -> dict[str, Any]:
    """Return each person's commitment by their code, as `commitments.json` of an unsealed study holds it.

    `others` are the digests that a commitment covers and ballots.csv does not hold. The secret of a commitment is half
    of the person's receipt; of somebody who stopped and has none, it is given, so that anybody can check.
    """
    others = other_digests(study, kinds_of(study))
    people = study.participants.filter(kind__in=kinds_of(study)).only("study", "kind", "number", "receipt", "nonce")
    secret_of = {person.code: None if person.receipt else person.nonce for person in people.iterator()}
    found: dict[str, Any] = {}
    entries = study.log.filter(action__in=(FINISHED, ENDED)).only("study", "number", "action", "data", "erased")
    for code, commitments in fixed_commitments(entries.iterator()).items():
        if code not in others:  # withdrawn
            continue
        last = commitments[-1]
        row = {"commitment": last.commitment, "entry": last.entry, "finished": last.finished, "others": others[code]}
        found[code] = row if secret_of[code] is None else row | {"secret": secret_of[code]}
    return found

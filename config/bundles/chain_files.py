"""Write a study's hash chain and commitments into its export."""

from typing import Any

from study.ballots.commitments import ENDED, FINISHED, fixed_commitments, other_digests
from study.ballots.table import kinds_of
from study.models import LogEntry, Study
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.withdrawal import WITHDREW
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED

VERSION = 1
# Entries that cannot name a condition, by their action. While a study is sealed, only these are exported whole: every
# other entry, also of an action that is added later, is hidden behind its digest.
WITHOUT_CONDITIONS = frozenset(
    {
        FINISHED,
        ENDED,
        PUBLISHED,
        NOT_PUBLISHED,
        "opened",
        "paused",
        "resumed",
        "closed",
        WITHDREW,
        LEFT_OUT,
        INCLUDED,
        "links created",
        "shared",
        "unshared",
        "downloaded",
        "platform ids erased",
        "erased after its time",
    }
)


def chain_json(study: Study) -> dict[str, Any]:
    """Return the study's chain as `chain.json` holds it."""
    entries = [_entry(entry, study.is_sealed) for entry in study.log.order_by("number")]
    head = entries[-1]["head"] if entries else ""
    return {"version": VERSION, "study": study.slug, "entries": entries, "head": head}


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


def readable_log(chain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the chain's entries without what only proves them, as `study.json` holds them for readers."""
    return [{k: v for k, v in entry.items() if k not in ("nonce", "digest", "head")} for entry in chain["entries"]]


def commitments_json(study: Study) -> dict[str, Any]:
    """Return each person's commitment by their code, as `commitments.json` of an unsealed study holds it.

    `others` are the digests that a commitment covers and ballots.csv does not hold. The secret of a commitment is half
    of the person's receipt; of somebody who stopped and has none, it is given, so that anybody can check.
    """
    others = other_digests(study, kinds_of(study))
    people = {person.code: person for person in study.participants.filter(kind__in=kinds_of(study))}
    found: dict[str, Any] = {}
    for code, commitments in fixed_commitments(study.log.filter(action__in=(FINISHED, ENDED))).items():
        if code not in others:  # withdrawn
            continue
        last = commitments[-1]
        row = {"commitment": last.commitment, "entry": last.entry, "finished": last.finished, "others": others[code]}
        found[code] = row if people[code].receipt else row | {"secret": people[code].nonce}
    return found

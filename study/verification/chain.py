"""Check a chain of log entries: numbers, digests, heads, its last head, and what was erased."""

from collections.abc import Sequence

from study.digests import next_head
from study.models import ChainHead, LogEntry, Study
from study.participants.withdrawal import WITHDREW
from study.verification.findings import Findings

# Erasure is for people who withdraw; the names of all actions about one participant begin like this.
ERASABLE = "participant "


def check_chain(study: Study | None, entries: Sequence[LogEntry], found: Findings) -> None:
    """Check the entries of one chain, in the order of their numbers."""
    faults: list[str] = []
    head, expected = "", 1
    for entry in entries:
        if entry.number != expected:
            missing = f"entry {expected} is" if entry.number == expected + 1 else f"entries from {expected} are"
            faults.append(f"Log: {missing} missing before entry {entry.number} ({entry.action}).")
            expected = entry.number
        elif entry.head != next_head(head, entry.number, entry.digest):
            faults.append(f"Log: entry {entry.number} ({entry.action}) does not follow from the entries before it.")
        if not entry.erased and entry.content_digest() != entry.digest:
            faults.append(f"Log: entry {entry.number} ({entry.action}) was changed after it was written.")
        head, expected = entry.head, expected + 1
    found.add_faults(faults)
    _check_last(study, entries, found)
    _check_erased(entries, found)
    found.checked.append(f"the log: {len(entries)} entries in one chain, the last head {head or 'none'}")


def _check_last(study: Study | None, entries: Sequence[LogEntry], found: Findings) -> None:
    chain = ChainHead.objects.filter(study=study).first()
    number, head = (chain.number, chain.head) if chain else (0, "")
    last = (entries[-1].number, entries[-1].head) if entries else (0, "")
    if last[0] < number:
        found.faults.append(f"Log: it ends with entry {last[0]}, and entry {number} was written: its end was cut off.")
    elif last != (number, head):
        found.faults.append(
            f"Log: its last entry, {last[0]}, is not the one that the chain's own row names ({number})."
        )


def _check_erased(entries: Sequence[LogEntry], found: Findings) -> None:
    withdrawals = [entry.number for entry in entries if entry.action == WITHDREW]
    for entry in entries:
        if entry.erased and not entry.action.startswith(ERASABLE):
            found.faults.append(
                f"Log: entry {entry.number} ({entry.action}) was erased; only entries about a participant may be."
            )
        elif entry.erased and not any(number > entry.number for number in withdrawals):
            found.faults.append(f"Log: entry {entry.number} ({entry.action}) was erased, and nobody withdrew after it.")

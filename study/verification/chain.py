"""Check a chain of log entries: numbers, digests, heads, its last head, and what was erased."""

from collections.abc import Callable, Iterable, Iterator

from study.digests import next_head
from study.models import ChainHead, LogEntry, Study
from study.participants.withdrawal import WITHDREW
from study.verification.findings import Findings

# Erasure is for people who withdraw; the names of all actions about one participant begin like this.
ERASABLE = "participant "
_AT_ONCE = 1000


def check_chain(
    study: Study | None, found: Findings, look: Callable[[Iterable[LogEntry]], Iterable[LogEntry]] = iter
) -> int:
    """Check the entries of one chain (None: the installation's), reading them once; return the number of the last.

    Entries that are added meanwhile are not looked at.

    Args:
        look: is given the entries in their order, and yields them on.
    """
    chain = ChainHead.objects.filter(study=study).first()
    number, written = (chain.number, chain.head) if chain else (0, "")
    faults: list[str] = []
    erased: list[tuple[int, str]] = []
    head, expected, count, last, withdrawal = "", 1, 0, 0, 0
    for entry in look(_entries(study, number)):
        if entry.number != expected:
            missing = f"entry {expected} is" if entry.number == expected + 1 else f"entries from {expected} are"
            faults.append(f"Log: {missing} missing before entry {entry.number} ({entry.action}).")
            expected = entry.number
        elif entry.head != next_head(head, entry.number, entry.digest):
            faults.append(f"Log: entry {entry.number} ({entry.action}) does not follow from the entries before it.")
        if not entry.erased and entry.content_digest() != entry.digest:
            faults.append(f"Log: entry {entry.number} ({entry.action}) was changed after it was written.")
        if entry.erased:
            erased.append((entry.number, entry.action))
        if entry.action == WITHDREW:
            withdrawal = entry.number
        head, expected, count, last = entry.head, expected + 1, count + 1, entry.number
    found.add_faults(faults)
    if last < number:
        found.faults.append(f"Log: it ends with entry {last}, and entry {number} was written: its end was cut off.")
    elif (last, head) != (number, written):
        found.faults.append(f"Log: its last entry, {last}, is not the one that the chain's own row names ({number}).")
    for erased_number, action in erased:
        if not action.startswith(ERASABLE):
            found.faults.append(
                f"Log: entry {erased_number} ({action}) was erased; only entries about a participant may be."
            )
        elif withdrawal <= erased_number:
            found.faults.append(f"Log: entry {erased_number} ({action}) was erased, and nobody withdrew after it.")
    found.checked.append(f"the log: {count} entries in one chain, the last head {head or 'none'}")
    return number


def _entries(study: Study | None, number: int) -> Iterator[LogEntry]:
    """Yield the entries up to this one, and those after it that were not written by the chain's own row."""
    log = LogEntry.objects.filter(study=study).order_by("number")
    yield from log.filter(number__lte=number).iterator(_AT_ONCE)
    later = list(log.filter(number__gt=number)[:_AT_ONCE])
    now = ChainHead.objects.filter(study=study).first()
    if later and (now.number if now else 0) == number:
        yield from later

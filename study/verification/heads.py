"""Check that every head that was published is still in its chain."""

from collections.abc import Iterable

from study.models import LogEntry, Study
from study.published_heads.heads import Head, head_faults
from study.verification.findings import Findings

_AT_ONCE = 500


def check_heads(study: Study | None, published: Iterable[Head], found: Findings) -> None:
    """Compare published heads of one chain (None: the installation's) with the chain as it is now."""
    published = list(published)
    if not published:
        found.unchecked.append("whether the whole log was made anew: give the heads that were published (--heads FILE)")
        return
    log = LogEntry.objects.filter(study=study)
    chain = dict(log.order_by("-number").values_list("number", "head")[:1])
    numbers = sorted({one.number for one in published})
    for first in range(0, len(numbers), _AT_ONCE):
        chain |= dict(log.filter(number__in=numbers[first : first + _AT_ONCE]).values_list("number", "head"))
    found.add_faults(head_faults(published, chain))
    found.checked.append(f"{len(published)} published heads, up to entry {max(one.number for one in published)}")


def of_no_chain(published: Iterable[Head], slugs: Iterable[str]) -> list[str]:
    """Return what is wrong because a study is gone of which a head was published: opened studies are never deleted."""
    gone = sorted({one.slug for one in published} - set(slugs))
    return [f"A head of the study {slug} was published, and there is no such study here." for slug in gone]

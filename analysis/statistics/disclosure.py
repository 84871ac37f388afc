"""Which groups of people a table must not tell apart, so that it points to nobody.

Hiding a small cell is not enough if the others and the total are shown: the difference gives it away. The rule is that
of primary and secondary cell suppression (Hundepool et al. 2012, Statistical Disclosure Control, ch. 4).
"""

from __future__ import annotations

from collections.abc import Mapping

SMALLEST_GROUP = 5
"""People below which a group is not told apart: it could point to a person, and has no spread to speak of."""


def hidden_groups(counts: Mapping[str, int]) -> frozenset[str]:
    """The groups whose sizes are hidden: those under five, and as many others as keep them from being computed.

    Groups of nobody are not hidden. Who knows this rule and the number of people in all hidden groups together still
    cannot tell the size of one that is under five: each size from 1 to 4 remains possible, or at least two of them if
    nothing but small groups is hidden. Together the hidden groups have at least five people, unless nobody else is
    there. Other groups are added in the order of their names, from the first small one on; to add the smallest would
    tell something about their sizes.
    """
    names = sorted(name for name, count in counts.items() if count > 0)
    small = [name for name in names if counts[name] < SMALLEST_GROUP]
    if not small:
        return frozenset()
    start = names.index(small[0])
    others = [name for name in names[start:] + names[:start] if name not in small]
    hidden = list(small)
    while others and not _is_enough(sum(counts[name] for name in hidden), len(small), len(hidden) - len(small)):
        hidden.append(others.pop(0))
    return frozenset(hidden)


def _is_enough(people: int, small: int, others: int) -> bool:
    """Whether `people` in `small` groups of 1 to 4 and `others` of 5 or more can be spread in more than one way."""
    if others:
        return people - SMALLEST_GROUP * others >= (small - 1) + (SMALLEST_GROUP - 1)
    return max(SMALLEST_GROUP, small + 1) <= people < small * (SMALLEST_GROUP - 1)

"""No size of a small group of people can be computed from what a table shows."""

from itertools import product

import pytest

from analysis.statistics.disclosure import SMALLEST_GROUP, hidden_groups

NAMES = "abcd"


def shown(counts: dict[str, int]) -> tuple[object, ...]:
    """What a reader sees: the sizes that are told, and how many people are in the hidden groups."""
    hidden = hidden_groups(counts)
    told = tuple((name, count) for name, count in counts.items() if name not in hidden)
    return told, frozenset(hidden), sum(counts[name] for name in hidden)


def recoverable(rule, most: int = 12) -> list[dict[str, int]]:
    """The tables of three groups of up to `most` people in which `rule` leaves one size for a group under five.

    Tried against all tables, since the reader knows the rule. Tables of which all groups are hidden do not count:
    nothing but the number of all people is shown.
    """
    possible: dict[object, list[dict[str, int]]] = {}
    for sizes in product(range(most + SMALLEST_GROUP), repeat=3):
        counts = dict(zip("abc", sizes, strict=True))
        possible.setdefault(rule(counts), []).append(counts)
    return [
        tables[0]
        for (told, hidden, _total), tables in possible.items()
        if any(count for _name, count in told) and max(tables[0].values()) <= most
        for name in hidden
        if len(sizes := {table[name] for table in tables}) == 1 and min(sizes) < SMALLEST_GROUP
    ]


def test_no_size_under_five_can_be_computed_by_who_knows_the_rule():
    assert recoverable(shown) == []


def test_hiding_the_small_groups_alone_would_give_them_away():
    def small_alone(counts: dict[str, int]) -> tuple[object, ...]:
        small = frozenset(name for name, count in counts.items() if 0 < count < SMALLEST_GROUP)
        told = tuple((name, count) for name, count in counts.items() if name not in small)
        return told, small, sum(counts[name] for name in small)

    assert {"a": 3, "b": 10, "c": 10} in recoverable(small_alone)


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ((20, 10, 5, 0), ""),  # nobody is no group
        ((20, 3, 10, 12), "bc"),
        ((20, 3, 5, 12), "bcd"),  # 8 people in b and c: c has five at least, so b would have three at most
        ((20, 3, 4, 12), "bc"),  # seven in two small groups: 3 and 4 or 4 and 3
        ((20, 4, 4, 12), "bcd"),  # eight in two groups under five: four each
        ((20, 1, 12, 9), "bc"),
        ((3, 2, 0, 0), "ab"),
        ((3, 1, 0, 0), "ab"),  # there is nobody else to hide behind
    ],
)
def test_as_many_groups_are_hidden_as_keep_the_small_ones_from_being_computed(sizes, hidden):
    assert hidden_groups(dict(zip(NAMES, sizes, strict=True))) == frozenset(hidden)

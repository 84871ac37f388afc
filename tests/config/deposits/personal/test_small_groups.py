"""Small groups: counts equal those by hand and by force, and the mend makes every group large enough."""

from collections import Counter
from itertools import combinations

import numpy as np

from config.deposits.personal import small_groups as module
from config.deposits.personal.small_groups import K, small_groups


def test_ten_people_by_hand():
    groups = small_groups(
        {"device": ["phone"] * 9 + ["tablet"], "language": ["ko"] * 5 + ["en"] * 5, "same": ["x"] * 10}
    )
    assert groups is not None
    assert (groups.whole.columns, groups.whole.alone, groups.whole.small, groups.whole.smallest) == (
        ("device", "language"),
        1,
        5,
        1,
    )
    assert [(part.columns, part.new) for part in groups.parts] == [(("device",), 1), (("device", "language"), 4)]
    assert groups.cure == ("device",)


def test_counts_equal_those_by_force():
    rng = np.random.default_rng(3)
    columns = {
        name: [str(v) for v in rng.integers(0, width, 300)]
        for name, width in zip("abcde", (2, 3, 4, 9, 40), strict=True)
    }
    groups = small_groups(columns)
    assert groups is not None

    def small(names: tuple[str, ...]) -> set[int]:
        keys = list(zip(*(columns[name] for name in names), strict=True))
        counts = Counter(keys)
        return {person for person, key in enumerate(keys) if counts[key] < K}

    expected = {}
    for size in (1, 2, 3):
        for chosen in combinations("abcde", size):
            before = set().union(*(small(part) for less in range(1, size) for part in combinations(chosen, less)))
            if new := small(chosen) - before:
                expected[chosen] = (len(new), len(small(chosen)))
    assert {part.columns: (part.new, part.small) for part in groups.parts} == expected
    assert groups.whole.small == len(small(tuple("abcde")))
    kept = tuple(name for name in "abcde" if name not in groups.cure)
    assert groups.cure
    assert not small(kept)
    assert all(small(tuple(n for n in "abcde" if n not in out)) for out in combinations("abcde", len(groups.cure) - 1))


def test_wide_columns_are_counted_exactly_and_too_many_are_said(monkeypatch):
    people = 2_000
    columns = {f"c{k}": [f"{(person * (k + 7)) % 1999}" for person in range(people)] for k in range(4)}
    groups = small_groups(columns)
    assert groups is not None
    assert groups.whole.small == people
    monkeypatch.setattr(module, "MOST_SETS", 10)
    fewer = small_groups(columns)
    assert fewer is not None
    assert (groups.largest_part, fewer.largest_part) == (3, 2)
    assert small_groups({}) is None

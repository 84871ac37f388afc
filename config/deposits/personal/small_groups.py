"""Groups of people who share what others may know of them: who is alone in one can be found (k-anonymity).

L. Sweeney, k-anonymity: a model for protecting privacy, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems
10(5), 557–570 (2002). Counts are exact: for every column, pair and triple, and for all columns together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

K = 5
# More sets of columns than this are not counted: 40 columns have 10,700 sets of up to three.
MOST_SETS = 12_000
_WIDEST = 1 << 20  # of a table of counts; beyond, values are numbered anew


@dataclass(frozen=True)
class Combination:
    """People in small groups by some columns.

    Attributes:
        columns: that make the groups.
        alone: people whose values nobody else has.
        small: people in groups of fewer than k, those alone among them.
        new: those of `small` whom no smaller set of columns puts into a small group.
        smallest: people in the smallest group.
    """

    columns: tuple[str, ...]
    alone: int
    small: int
    new: int
    smallest: int


@dataclass(frozen=True)
class SmallGroups:
    """What columns tell together.

    Attributes:
        people: how many there are.
        whole: all columns together.
        parts: sets of one, two or three columns that make small groups of people who are in none without the last of
            them, those with most such people first.
        largest_part: up to how many columns sets were counted: 3, or fewer if there are too many columns.
        cure: a smallest set of columns, of up to three, without which no group is small; empty if there is none.
    """

    people: int
    whole: Combination
    parts: tuple[Combination, ...]
    largest_part: int
    cure: tuple[str, ...]


def small_groups(columns: Mapping[str, Sequence[str]], k: int = K) -> SmallGroups | None:
    """Count the people in groups of fewer than `k` by these columns: (n,) values of the same people in each.

    None if there are no columns or no people. An empty value is a value: who did not answer is told by that.
    """
    import numpy as np

    names = [name for name, values in columns.items() if len(set(values)) > 1]
    people = len(next(iter(columns.values()), ()))
    if not people:
        return None
    codes = {name: np.unique(np.asarray(columns[name], dtype=object), return_inverse=True)[1] for name in names}
    largest = max(size for size in (1, 2, 3) if size == 1 or _sets(len(names), size) <= MOST_SETS)
    in_small: dict[tuple[str, ...], np.ndarray] = {}
    parts = []
    for size in range(1, largest + 1):
        for chosen in combinations(names, size):
            sizes = _sizes(chosen, codes, people)
            small = sizes < k
            known = np.zeros(people, dtype=bool)
            for part in combinations(chosen, size - 1):
                known |= in_small.get(part, False)
            if size < largest:
                in_small[chosen] = small | known
            if new := int((small & ~known).sum()):
                parts.append(_combination(chosen, sizes, k, new))
    sizes = _sizes(names, codes, people)
    whole = _combination(tuple(names), sizes, k, new=int((sizes < k).sum()))
    parts.sort(key=lambda part: (len(part.columns), -part.new))
    return SmallGroups(people, whole, tuple(parts), largest, _cure(names, codes, people, k) if whole.small else ())


def _sets(columns: int, size: int) -> int:
    return sum(comb(columns, each) for each in range(1, size + 1))


def _combination(columns: tuple[str, ...], sizes: np.ndarray, k: int, new: int) -> Combination:
    return Combination(columns, int((sizes == 1).sum()), int((sizes < k).sum()), new, int(sizes.min()))


def _sizes(names: Sequence[str], codes: Mapping[str, np.ndarray], people: int) -> np.ndarray:
    """The size of each person's group, (n,), by all of these columns."""
    import numpy as np

    joined, width = np.zeros(people, dtype=np.int64), 1
    for name in names:
        values = int(codes[name].max()) + 1
        joined, width = joined * values + codes[name], width * values
        if width > _WIDEST:
            joined = np.unique(joined, return_inverse=True)[1]
            width = int(joined.max()) + 1
    return np.bincount(joined, minlength=width)[joined]


def _cure(names: Sequence[str], codes: Mapping[str, np.ndarray], people: int, k: int) -> tuple[str, ...]:
    """The fewest columns to leave out; of equal sets, the one that leaves most values to tell."""
    for size in range(1, min(3, len(names)) + 1):
        if _sets(len(names), size) > MOST_SETS:
            break
        cures = [
            left_out
            for left_out in combinations(names, size)
            if _sizes([name for name in names if name not in left_out], codes, people).min() >= k
        ]
        if cures:
            return min(cures, key=lambda left_out: sum(int(codes[name].max()) for name in left_out))
    return ()

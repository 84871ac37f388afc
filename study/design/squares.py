"""Latin and Williams squares, from which balanced orders are built."""

from functools import lru_cache
from itertools import permutations

Rows = tuple[tuple[int, ...], ...]

# Five images have 120 orders and six have 720, too many for a block: there, Williams squares are used.
ALL_ORDERS_UP_TO = 4


def williams(count: int) -> Rows:
    """Rows in which each of `count` items occurs once in each place and follows each other item equally often.

    One square of `count` rows for an even number, a square and its mirror (2 × `count` rows) for an odd one:
    each ordered pair is adjacent once, or twice (E. J. Williams, Australian Journal of Scientific Research,
    1949).
    """
    if count < 1:
        raise ValueError(f"A square needs at least one item, not {count}.")
    first = [0]
    low, high = 1, count - 1
    while low <= high:
        first.append(low)
        low += 1
        if low <= high:
            first.append(high)
            high -= 1
    rows = [tuple((value + shift) % count for value in first) for shift in range(count)]
    if count % 2 and count > 1:
        rows += [tuple(reversed(row)) for row in rows]
    return tuple(rows)


@lru_cache
def latin_sets(count: int) -> tuple[Rows, ...]:
    """The orders of one block, in sets of `count` rows that are Latin squares.

    Up to four items: every order once (2, 6 or 24), grouped into classes of cyclic shifts, each of which is a Latin
    square. More items: the Williams squares. So `count` consecutive participants see each image once in each position,
    and each block has every order (or every pair of neighbours) once.
    """
    if count <= ALL_ORDERS_UP_TO:
        starts = [(0, *rest) for rest in permutations(range(1, count))]
        return tuple(tuple(start[shift:] + start[:shift] for shift in range(count)) for start in starts)
    rows = williams(count)
    return tuple(rows[start : start + count] for start in range(0, len(rows), count))


def block_length(count: int) -> int:
    """The number of orders in a block of positions: 2, 6, 24, 10, 6 for two to six images."""
    return sum(len(rows) for rows in latin_sets(count))

"""Position orders and clip orders, drawn in balanced blocks from the seed and the block's number."""

from functools import lru_cache

from study.design.squares import ALL_ORDERS_UP_TO, Rows, block_length, latin_sets, williams
from study.design.streams import stream


@lru_cache(maxsize=4096)
def position_block(seed: int, kind: str, clip: int, block: int, conditions: int) -> Rows:
    """One block of position orders of a clip: each row holds the condition index at each position.

    With two, three or four conditions a block holds each of the 2, 6 or 24 orders once; with five or six it is a
    randomly relabelled Williams square. Consecutive rows form Latin squares, so that an unfinished block is nearly
    balanced too.
    """
    rng = stream(seed, "positions", kind, clip, block)
    sets = latin_sets(conditions)
    labels = (
        tuple(range(conditions))
        if conditions <= ALL_ORDERS_UP_TO
        else tuple(int(value) for value in rng.permutation(conditions))
    )
    rows: list[tuple[int, ...]] = []
    for index in rng.permutation(len(sets)):
        square = sets[int(index)]
        rows += [tuple(labels[value] for value in square[int(row)]) for row in rng.permutation(len(square))]
    return tuple(rows)


# The names of the positions on the page, in order.
LETTERS = "ABCDEF"


def position_order(seed: int, kind: str, clip: int, showing: int, conditions: int) -> tuple[int, ...]:
    """The position order when a clip is shown for the `showing`-th time (from 0)."""
    block, row = divmod(showing, block_length(conditions))
    return position_block(seed, kind, clip, block, conditions)[row]


@lru_cache(maxsize=1024)
def clip_order_block(seed: int, kind: str, block: int, clips: int) -> Rows:
    """One block of clip orders: a Williams square with relabelled clips and shuffled rows."""
    rng = stream(seed, "clips", kind, block)
    labels = [int(value) for value in rng.permutation(clips)]
    rows = williams(clips)
    return tuple(tuple(labels[value] for value in rows[int(row)]) for row in rng.permutation(len(rows)))


def clip_order(seed: int, kind: str, slot: int, clips: int) -> tuple[int, ...]:
    """The order in which the participant in `slot` hears `clips` clips (indices, or places in an allocation)."""
    block, row = divmod(slot, len(williams(clips)))
    return clip_order_block(seed, kind, block, clips)[row]

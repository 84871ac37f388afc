"""Which slot of the balanced plan the next participant takes.

Slots are numbered from 0, and each has its own orders. The next participant takes the lowest slot that is not held; a
slot is held by a participant who has completed, or was active within the last `ACTIVE_MINUTES`. So the slot of a
participant who left is given again, and a study that continues recruiting fills every hole.

The bound: let m be one more than the highest slot held, `active` the number of unfinished participants, `holes` the
number of slots below m that are not held, and `returned` the number of participants who completed after their slot had
been given again. For each clip and position order, the completed counts of two orders differ by at most
1 + active + holes + returned: the slots below m hold each order ⌊m/b⌋ or ⌈m/b⌉ times (b is the block's length), each
active participant or hole removes one, and each returned participant adds one. Without drop-outs and unfinished
participants the bound is 1.

If trials show pairs (`study.design.pairs`), the same bound holds for the counts of two pairs of a clip, and for how
often the one and the other image of a pair of a clip were on the left.
"""

from collections.abc import Iterable

# A participant is assumed to have left if the browser has sent nothing for so long.
ACTIVE_MINUTES = 30


def next_slot(held: Iterable[int]) -> int:
    """The lowest slot from 0 that is not in `held`."""
    taken = set(held)
    slot = 0
    while slot in taken:
        slot += 1
    return slot

"""Which slot of the balanced plan the next person takes.

Slots are numbered from 0 and each has its orders. The next person takes the lowest slot that nobody holds;
a slot is held by a person who has completed, or was active within the last `ACTIVE_MINUTES`. So a slot whose
person left is given again, and a study that keeps recruiting fills every hole.

The bound: let m be one more than the highest slot held, `active` the people in the middle, `holes` the slots
below m that nobody holds, `returned` the people who came back and completed after their slot had been given
away. For each clip and position order, the completed counts of two orders differ by at most
1 + active + holes + returned: slots below m hold each order ⌊m/b⌋ or ⌈m/b⌉ times (b the block's length), each
active person or hole takes one away, each returned person adds one. Without drop-outs and with nobody in the
middle that is 1.
"""

from collections.abc import Iterable

# Somebody who has sent nothing for so long is taken to have left.
ACTIVE_MINUTES = 30


def next_slot(held: Iterable[int]) -> int:
    """The lowest slot from 0 that is not in `held`."""
    taken = set(held)
    slot = 0
    while slot in taken:
        slot += 1
    return slot

"""The experimental design: which participant sees which clips and images, in which order.

Pure functions of the study's seed, importing nothing else of the study; only `conditions` imports the models, to create
the study's condition rows. Door: the names in `__all__`; `draw_plan(design, slot)` returns all trials of a slot,
`next_slot` the slot of the next participant.
"""

from study.design.orders import LETTERS
from study.design.pairs import number_of_pairs
from study.design.plans import NEWEST_ORDERS, Design, PlannedTrial, draw_plan, draw_practice
from study.design.slots import next_slot

__all__ = [
    "LETTERS",
    "NEWEST_ORDERS",
    "Design",
    "PlannedTrial",
    "draw_plan",
    "draw_practice",
    "next_slot",
    "number_of_pairs",
]

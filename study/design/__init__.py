"""Who sees what in which order: pure functions from a recorded seed.

`draw_plan(design, slot)` says everything that the person in one slot of the study's balanced plan sees;
`slots` says which slot the next person takes. The same seed, arrivals and times give the same assignment.
"""

from study.design.orders import LETTERS
from study.design.plans import Design, PlannedTrial, draw_plan, draw_practice
from study.design.slots import next_slot

__all__ = ["LETTERS", "Design", "PlannedTrial", "draw_plan", "draw_practice", "next_slot"]

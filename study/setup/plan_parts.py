"""Parts of `study.plan` that other wings store beside the analysis, each under a key of its own.

No part of what opening fixes. An export carries them, and so each says which values it takes from a stranger's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlanPart:
    """One key of the plan.

    Attributes:
        check: raises StudyError for a value that Earsight does not store there; the message says what is wrong.
        of_copy: what of a value a copy of the study begins with; what is empty is left out.
    """

    key: str
    check: Callable[[Any], object]
    of_copy: Callable[[Any], Any]


_parts: dict[str, PlanPart] = {}


def register(part: PlanPart) -> None:
    """Add a part; one with the same key is replaced."""
    _parts[part.key] = part


def parts_in(plan: Mapping[str, Any]) -> list[PlanPart]:
    """Return the registered parts that a plan has, in their order in it."""
    return [_parts[key] for key in plan if key in _parts]


def plan_of_copy(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan with what a copy takes of each part."""
    taken = {part.key: part.of_copy(plan[part.key]) for part in parts_in(plan)}
    return {key: taken.get(key, value) for key, value in plan.items() if key not in taken or taken[key]}

"""What a verification found: checks made, faults, and what could not be checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_REPORTED = 20
"""At most this many faults of one kind are named; the others are counted."""


@dataclass
class Findings:
    """Sentences for people, in the order of the checks."""

    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def add_faults(self, faults: Sequence[str]) -> None:
        """Add faults of one kind."""
        self.faults += faults[:MAX_REPORTED]
        if len(faults) > MAX_REPORTED:
            self.faults.append(f"… and {len(faults) - MAX_REPORTED} more of this kind.")

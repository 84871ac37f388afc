"""The tags of n clips as columns of booleans, and the effects of rules on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from generation.redefinition.rules.rule_set import RuleStep

Action = Literal["removed", "added", "merged", "kept"]


@dataclass(frozen=True)
class Effect:
    """What one rule did to one tag.

    action: "removed", "added", "merged" (into `into`) or "kept" (against evidence or another tag).
    rows: (n,) bool, the clips it happened to. contested: the researcher should look at these clips.
    by_evidence: the detectors decided, not the tags.
    """

    step: RuleStep
    action: Action
    tag: str
    into: tuple[str, ...]
    rows: np.ndarray
    why: str
    contested: bool = False
    by_evidence: bool = False


Recorder = Callable[[Effect], None]


@dataclass
class Columns:
    """The tags of n clips: `values` tag → (n,) bool; `places` tag → a number that orders the tags as in the input."""

    n: int
    values: dict[str, np.ndarray]
    places: dict[str, float]

    def get(self, tag: str) -> np.ndarray:
        """The tag's column, (n,) bool; all False for a tag that no clip carries."""
        column = self.values.get(tag)
        return np.zeros(self.n, dtype=bool) if column is None else column

    def any_of(self, tags: tuple[str, ...]) -> np.ndarray:
        """The clips that carry at least one of `tags`, (n,) bool."""
        found = np.zeros(self.n, dtype=bool)
        for tag in tags:
            if tag in self.values:
                found |= self.values[tag]
        return found

    def add(self, tag: str, rows: np.ndarray, place: float | None = None) -> None:
        """Set `tag` on `rows`. A new tag takes `place` in the order, or the last place."""
        self.values[tag] = self.get(tag) | rows
        if tag not in self.places:
            self.places[tag] = max(self.places.values(), default=0.0) + 1 if place is None else place

    def remove(self, tag: str, rows: np.ndarray) -> None:
        """Clear `tag` on `rows`."""
        if tag in self.values:
            self.values[tag] = self.values[tag] & ~rows

    def in_order(self) -> list[str]:
        """All tags in their order."""
        return sorted(self.values, key=lambda tag: self.places[tag])

    def copy(self) -> "Columns":
        """An independent copy. The arrays are shared, as no method changes an array in place."""
        return Columns(self.n, dict(self.values), dict(self.places))


def remove_tags(
    columns: Columns,
    step: RuleStep,
    tags: tuple[str, ...],
    rows: np.ndarray,
    record: Recorder,
    *,
    contested: bool = False,
) -> None:
    """Clear all `tags` on `rows` for the reason of the rule, and record each tag that some clip loses."""
    for tag in tags:
        losing = columns.get(tag) & rows
        if losing.any():
            columns.remove(tag, losing)
            record(Effect(step, "removed", tag, (), losing, step.rule.why, contested))

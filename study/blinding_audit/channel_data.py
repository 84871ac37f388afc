"""One channel: what a participant could observe there about every image."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

Tokens = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class ChannelData:
    """The tokens of each observation, in the order of the observations."""

    family: str
    name: str
    tokens: Tokens


def equality_pattern(values: Iterable[Hashable]) -> tuple[int, ...]:
    """Number the values by first appearance: two channels with equal patterns carry the same information."""
    numbers: dict[Hashable, int] = {}
    return tuple(numbers.setdefault(value, len(numbers)) for value in values)


def varies(tokens: Tokens) -> bool:
    """Whether tokens differ and at least one occurs twice; otherwise nothing can be learnt from them."""
    if len(set(tokens)) < 2:
        return False
    counts = Counter(token for own in tokens for token in set(own))
    return any(count > 1 for count in counts.values())

"""What a researcher may decide about contested tags, and what comes of it. Light: pages use it."""

from collections.abc import Mapping, Sequence
from typing import Any


def contested_tags(contested: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """The tags that a researcher may decide about, with whether each stands while nobody decides."""
    standing: dict[str, bool] = {}
    for entry in contested:
        for names, stands in (("offered", False), ("removed", False), ("kept", True)):
            standing |= dict.fromkeys(entry.get(names, ()), stands)
    return standing


def apply_decisions(
    redefined: Sequence[str], contested: Sequence[Mapping[str, Any]], decisions: Mapping[str, str]
) -> list[str]:
    """The redefined tags after what the researcher decided about the contested ones."""
    standing = contested_tags(contested)
    tags = [tag for tag in redefined if not (tag in standing and decisions.get(tag) == "remove")]
    back = [tag for tag, stands in standing.items() if not stands and decisions.get(tag) == "keep"]
    return tags + [tag for tag in back if tag not in tags]

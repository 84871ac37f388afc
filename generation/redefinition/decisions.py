"""The researcher's decisions about contested tags. Imports nothing heavy: pages use it."""

from collections.abc import Mapping, Sequence
from typing import Any


def contested_tags(contested: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """The tags that a researcher may decide about → whether the clip has the tag until then."""
    undecided: dict[str, bool] = {}
    for entry in contested:
        for names, has_tag in (("offered", False), ("removed", False), ("kept", True)):
            undecided |= dict.fromkeys(entry.get(names, ()), has_tag)
    return undecided


def apply_decisions(
    redefined: Sequence[str], contested: Sequence[Mapping[str, Any]], decisions: Mapping[str, str]
) -> list[str]:
    """The redefined tags after the researcher's decisions (tag → "keep" or "remove") about contested ones."""
    undecided = contested_tags(contested)
    tags = [tag for tag in redefined if not (tag in undecided and decisions.get(tag) == "remove")]
    added = [tag for tag, has_tag in undecided.items() if not has_tag and decisions.get(tag) == "keep"]
    return tags + [tag for tag in added if tag not in tags]

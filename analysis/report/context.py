"""What a report knows beside the numbers: names, images, dates, what to say about where the data came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REDEFINED = "#1f4e79"
ORIGINAL = "#d98032"
# For studies without the two factors: dark to light, told apart in grey, from Okabe and Ito's palette.
_OTHERS = ("#00405f", "#b5541c", "#00795a", "#8a3f73", "#5f5f5f", "#b58900")


@dataclass(frozen=True)
class ConditionView:
    """How a condition is named and drawn: hue for the tag set, fill for the prompt form."""

    key: str
    label: str
    colour: str
    hollow: bool


@dataclass(frozen=True)
class ClipView:
    """A clip's name and, where the report shows them, its images as data addresses by condition key."""

    key: str
    label: str
    images: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportContext:
    """Everything of a report that is not in the analysis JSON.

    Attributes:
        title: the report's headline, usually the study's question.
        conditions: in the study's order; empty means "name them by their keys".
        clips: in the study's order; empty likewise.
        facts: short texts under the headline (dates, plan digest).
        notices: what must stand at the top (simulated answers, drawn by `sketch`, still sealed).
        language: "en" or "ko".
        versions: software and version, for the methods.
        flow: people at each milestone, in order, {"started": 40, …}.
        details: rows (name, value) of the study's design for the methods.
        deviations: sentences on what went another way than planned; None where no plan is known.
        checklists: (name, items), an item being (number, title, answer or "" where missing).
    """

    title: str
    conditions: Sequence[ConditionView] = ()
    clips: Sequence[ClipView] = ()
    facts: Sequence[str] = ()
    notices: Sequence[str] = ()
    language: str = "en"
    versions: Mapping[str, str] = field(default_factory=dict)
    flow: Mapping[str, int] = field(default_factory=dict)
    details: Sequence[tuple[str, str]] = ()
    deviations: Sequence[str] | None = None
    checklists: Sequence[tuple[str, Sequence[tuple[str, str, str]]]] = ()


def condition_views(
    keys: Sequence[str],
    labels: Mapping[str, str] | None = None,
    levels: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[ConditionView]:
    """How to draw the conditions `keys`: by their levels where they are tag set × form, else one hue each."""
    labels, levels = labels or {}, levels or {}
    views = []
    for number, key in enumerate(keys):
        level = levels.get(key) or _levels_from_key(key)
        if level.get("tags") in ("redefined", "original"):
            colour = REDEFINED if level["tags"] == "redefined" else ORIGINAL
            hollow = level.get("form") == "sentence"
        else:
            colour, hollow = _OTHERS[number % len(_OTHERS)], number % 2 == 1
        label = labels.get(key) or key.replace("_", " ").capitalize()
        views.append(ConditionView(key, label, colour, hollow))
    return views


def _levels_from_key(key: str) -> dict[str, str]:
    tags, _, form = key.partition("_")
    if tags in ("redefined", "original") and form in ("tags", "sentence"):
        return {"tags": tags, "form": form}
    return {}

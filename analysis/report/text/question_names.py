"""How the report calls questions, scales and their ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import QuestionView, ReportContext


def view_of(name: str, context: ReportContext) -> QuestionView:
    """The view of a question; one that the context does not name is called by its key."""
    return context.questions.get(name) or QuestionView(name)


def kind_name(block: Mapping[str, Any]) -> str:
    """The kind of a question as a heading."""
    names = {
        "choose": _("rank order"),
        "pair": _("two images compared"),
        "rate": _("rating"),
        "pick": _("categories"),
        "text": _("answer in words"),
        "confidence": _("confidence"),
    }
    return names.get(str(block["kind"]), str(block["kind"]))


def scale_of(block: Mapping[str, Any], view: QuestionView) -> str:
    """The name of a scale with its ends: “match” (1 to 7)."""
    if block["kind"] not in ("rate", "confidence") or block.get("lowest") is None:
        return f"“{view.key}”"
    return _("“%(name)s” (%(low)s to %(high)s)") % {
        "name": view.key,
        "low": f"{block['lowest']:g}",
        "high": f"{block['highest']:g}",
    }


def anchors(block: Mapping[str, Any], view: QuestionView) -> str:
    """The ends of a scale in the words that people read: 1 = not at all, 7 = perfectly; empty without words."""
    ends = ((block.get("lowest"), view.low), (block.get("highest"), view.high))
    return ", ".join(f"{number:g} = {words}" for number, words in ends if number is not None and words)


def bin_name(ends: Sequence[float]) -> str:
    """A step of a scale, or a part of a slider."""
    low, high = ends
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"

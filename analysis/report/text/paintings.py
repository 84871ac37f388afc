"""How often images were painted again by hand, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.report.analysis_json import value_at
from study.setup.paintings import RepaintReason


def reason_words(reason: str) -> str:
    """The name of a reason in the current language; a key that this version does not know stays as it is."""
    return str(RepaintReason(reason).label) if reason in RepaintReason.values else reason


def paintings_text(data: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Sentences on what was painted again by hand, and why; empty if no image was painted here, or none was counted."""
    block = data.get("paintings")
    if not block:
        return ""
    if not block["repaints"]:
        return _("No image of the clips that were judged was painted again by hand.")
    text = ngettext(
        "Looking at the images, the researchers had those of %(again)d of %(n)d clip painted again, %(times)d times in "
        "all (%(reasons)s). No clip was painted more than %(most)d times.",
        "Looking at the images, the researchers had those of %(again)d of %(n)d clips painted again, %(times)d times "
        "in all (%(reasons)s). No clip was painted more than %(most)d times.",
        block["clips"],
    ) % {
        "n": block["clips"],
        "again": block["repainted_clips"],
        "times": block["repaints"],
        "reasons": ", ".join(f"{reason_words(reason)} {n}" for reason, n in block["reasons"].items() if n),
        "most": max(map(int, block["attempts"])),
    }
    named = {key: named_as_reason(data, key) for key in block["conditions"]}
    if any(named.values()):
        counts = ", ".join(f"{labels.get(key, key)} {n}" for key, n in named.items())
        text += " " + _("As the image that was the reason they named: %(counts)s.") % {"counts": counts}
    return f"{text} " + _(
        "All images of a clip were painted again together. Which clips were is a choice of people who could see the "
        "conditions, and may favour one."
    )


def named_as_reason(data: Mapping[str, Any], condition: str) -> int:
    """How often the condition's image was named as the reason to paint a clip again."""
    return sum((value_at(data, "paintings", "conditions", condition, "named") or {}).values())

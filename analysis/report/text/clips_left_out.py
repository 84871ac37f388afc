"""How many clips people left out before the study opened, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def clips_left_out_text(data: Mapping[str, Any]) -> str:
    """Sentences on the clips that were left out by hand; empty if they were not counted."""
    block = data.get("clips_left_out")
    if block is None:
        return ""
    if not block["by_hand"]:
        return _("No clip was left out by hand.")
    if block["with_images"]:
        text = ngettext(
            "Before the study opened, the researchers left out %(n)d clip by hand, of which they could see the images. "
            "This is a choice of people who could see the conditions, and may favour one.",
            "Before the study opened, the researchers left out %(n)d clips by hand; of %(seen)d of them they could see "
            "the images. This is a choice of people who could see the conditions, and may favour one.",
            block["by_hand"],
        )
    else:
        text = ngettext(
            "Before the study opened, the researchers left out %(n)d clip by hand, which had no images.",
            "Before the study opened, the researchers left out %(n)d clips by hand, which had no images.",
            block["by_hand"],
        )
    return text % {"n": block["by_hand"], "seen": block["with_images"]}

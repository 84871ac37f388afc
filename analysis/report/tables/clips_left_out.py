"""The table of the clips that were left out by hand."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.tables.text_table import TextTable


def clips_left_out_table(data: Mapping[str, Any]) -> TextTable:
    """By reason, how many clips were left out, and how many of them had images."""
    reasons = (data.get("clips_left_out") or {}).get("reasons", [])
    return TextTable(
        key="clips_left_out",
        title=_("Clips left out by hand"),
        header=[_("Reason"), _("Clips"), _("With images")],
        rows=[[row["reason"], str(row["clips"]), str(row["with_images"])] for row in reasons],
        note=_("Reasons in the researchers' words. With images: they could be seen before the clip was left out."),
    )

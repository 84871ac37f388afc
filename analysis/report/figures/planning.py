"""The figure of the page Power: how many people each number of clips needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analysis.report.figures import charts
from analysis.report.figures.charts import Bar


def people_by_clips_figure(designs: Sequence[Mapping[str, Any]]) -> SafeString:
    """An SVG of people by number of clips, for the numbers that reach the wanted power; empty without any."""
    rows = [
        Bar(_("%(n)s clips") % {"n": row["clips"]}, float(row["design"]["participants"]))
        for row in designs
        if row["design"]
    ]
    if not rows:
        return SafeString("")
    title = _("People needed")
    return SafeString(charts.bars(rows, title=title, description=_("People needed by number of clips.")))

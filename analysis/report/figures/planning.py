"""The figure of the page Power: how many people each number of clips needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analysis.report.figures import charts
from analysis.report.figures.charts import Bar

MOST_TIMES_THE_FEWEST = 8


def people_by_clips_figure(designs: Sequence[Mapping[str, Any]]) -> SafeString:
    """An SVG of people by number of clips, for the numbers that reach the wanted power; empty without any.

    Numbers of clips that need far more people than others are left to the table: their bar would hide the others.
    """
    people = {row["clips"]: float(row["design"]["participants"]) for row in designs if row["design"]}
    most = MOST_TIMES_THE_FEWEST * min(people.values(), default=0.0)
    rows = [Bar(_("%(n)s clips") % {"n": clips}, number) for clips, number in people.items() if number <= most]
    if not rows:
        return SafeString("")
    title = _("People needed")
    return SafeString(charts.bars(rows, title=title, description=_("People needed by number of clips.")))

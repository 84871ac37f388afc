"""The flow of people as a sentence of the methods, with the numbers of the figure."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext


def flow_text(context: ReportContext) -> str:
    """How many people reached each stage, and why others did not; empty if it was not counted."""
    if not context.flow:
        return ""
    text = _("The flow of people, as CONSORT 2025 asks for it (Hopewell et al. 2025): %(stages)s.") % {
        "stages": _counted((stage.label, stage.people) for stage in context.flow)
    }
    left = _counted(row for stage in context.flow for row in stage.left)
    if left:
        text += " " + _("On the way left: %(reasons)s.") % {"reasons": left}
    return text


def _counted(rows: Iterable[tuple[str, int]]) -> str:
    return "; ".join(_("%(n)s %(what)s") % {"n": f"{people:,}", "what": what} for what, people in rows)

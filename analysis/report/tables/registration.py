"""The table of what was registered beside what was done."""

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.tables.text_table import TextTable


def registration_table(context: ReportContext) -> TextTable:
    """One row for each item of the registration; none of a study without one."""
    shown = {True: _("yes"), False: _("no"), None: "—"}
    view = context.registration
    return TextTable(
        key="registration",
        title=_("Registered and done"),
        header=[_("Item"), _("Registered"), _("Done"), _("As registered")],
        rows=[[row.item, row.registered, row.done, shown[row.same]] for row in view.rows] if view else [],
        note=view.sentence if view else "",
        left=(1, 2, 3),
    )

"""The table of the images that were painted again by hand."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.tables.text_table import TextTable
from analysis.report.text.paintings import named_as_reason, reason_words


def paintings_table(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """By condition, how many images were painted again, how often in all, and how often each reason named its image."""
    block = data.get("paintings") or {}
    given = [reason for reason, n in (block.get("reasons") or {}).items() if n]
    views = [view for view in context.conditions if view.key in block.get("conditions", {})]
    rows = [
        [
            view.label,
            str(found["repainted"]),
            str(found["paintings"]),
            str(named_as_reason(data, view.key)),
            *(str(found["named"][reason]) for reason in given),
        ]
        for view in views
        if (found := block["conditions"][view.key])
    ]
    return TextTable(
        key="paintings",
        title=_("Images painted again by hand"),
        header=[
            _("Condition"),
            _("Painted again"),
            _("Paintings in all"),
            _("Named as the reason"),
            *(reason_words(reason).capitalize() for reason in given),
        ],
        rows=rows if given else [],
        note=_("All images of a clip are painted again together; a reviewer may name the image that is the reason."),
    )

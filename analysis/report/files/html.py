"""The report as one HTML file that loads nothing from outside and can be printed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ConditionView, ReportContext
from analysis.report.tables.text_tables import TextTable, text_tables
from analysis.report.text.korean_particles import with_particles

# The file has its own styles and images and no scripts: it is as safe when it has been saved as on this site.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_STYLE = Path(__file__).parent / "report.css"


def render_report(data: Mapping[str, Any], context: ReportContext, *, alpha: float = 0.05) -> str:
    """The report of the analysis JSON `data` in `context.language`.

    Args:
        data: as `analyze --json` writes it; blocks that are null are left out of the report.
        context: names, images and notices.
        alpha: a p value below it is significant.
    """
    with translation.override(context.language):
        context = with_default_views(data, context)
        contents = report_contents(data, context, alpha)
        contents["figures"] = [
            replace(figure, svg=mark_safe(figure.svg))  # noqa: S308 (charts escape all texts)
            for figure in contents["figures"]
        ]
        for row in contents["points_table"]:
            row["swatch"] = _swatch(row["view"])
        tables = [_aligned(table) for table in text_tables(data, context, contents) if table.key != "points"]
        style = mark_safe(_STYLE.read_text(encoding="utf-8"))  # noqa: S308 (our own file)
        page = render_to_string(
            "analysis/report.html",
            {"language": context.language, "context": context, "data": data, "style": style, "policy": POLICY}
            | contents
            | {"tables": tables},
        )
        return with_particles(page)


def _swatch(view: ConditionView) -> SafeString:
    """A small square in the condition's colour and fill, for tables."""
    inside = (
        f'<path d="M-2 6 6-2M1 11 11 1M6 14 14 6" stroke="{view.colour}" stroke-width="2"/>'
        if view.hollow
        else f'<rect width="12" height="12" fill="{view.colour}"/>'
    )
    return mark_safe(  # noqa: S308 (colours are ours)
        f'<svg class="swatch" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{inside}'
        f'<rect x=".5" y=".5" width="11" height="11" fill="none" stroke="{view.colour}"/></svg>'
    )


def _aligned(table: TextTable) -> dict[str, Any]:
    """A table for the template: every cell with whether it is aligned to the left."""
    sides = [index == 0 or index in table.left for index in range(len(table.header))]
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "groups": table.groups,
        "columns": list(zip(table.header, sides, strict=True)),
        "cells": [list(zip(row, sides, strict=True)) for row in table.rows],
    }

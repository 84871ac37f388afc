"""The report as one HTML file that loads nothing from outside and can be printed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ConditionView, ReportContext
from analysis.report.figures.figure import Figure
from analysis.report.tables.text_tables import TextTable, text_tables
from analysis.report.text.korean_particles import with_particles

# The file has its own styles and images and no scripts: it is as safe when it has been saved as on this site.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_STYLE = Path(__file__).parent / "report.css"
_STYLE_OF_QUESTIONS = Path(__file__).parent / "questions.css"


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
        contents["figures"], contents["interface"] = _safe(contents["figures"]), _safe(contents["interface"])
        contents["blocks"] = [
            {
                "block": block,
                "figures": _safe(block.figures),
                "tables": [_drawn(table, level=3) for table in block.tables],
            }
            for block in contents["blocks"]
        ]
        for row in contents["points_table"]:
            row["swatch"] = _swatch(row["view"])
        tables = [_drawn(table, level=2) for table in text_tables(data, context, contents) if table.key != "points"]
        styles = [_STYLE, _STYLE_OF_QUESTIONS] if contents["blocks"] else [_STYLE]
        style = mark_safe("".join(path.read_text(encoding="utf-8") for path in styles))  # noqa: S308 (our own files)
        links = _links(contents["blocks"])
        page = render_to_string(
            "analysis/report.html",
            {"language": context.language, "context": context, "data": data, "style": style, "policy": POLICY}
            | contents
            | {
                "tables": tables,
                "first": links if contents["leads"] else "",
                "last": "" if contents["leads"] else links,
            },
        )
        return with_particles(page)


def _links(blocks: Sequence[Any]) -> str:
    """The entries of the questions in the list of contents; empty without questions."""
    return render_to_string("analysis/_report_question_links.html", {"blocks": blocks}) if blocks else ""


def _safe(figures: Sequence[Figure]) -> list[Figure]:
    return [
        replace(figure, svg=mark_safe(figure.svg))  # noqa: S308 (charts escape all texts)
        for figure in figures
    ]


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


def _drawn(table: TextTable, *, level: int) -> dict[str, Any]:
    """A table for the template, under a heading of this level."""
    rendered = render_to_string("analysis/_report_table.html", {"table": _aligned(table), "level": level})
    html = rendered.lstrip().removesuffix("\n")
    return {"key": table.key, "title": table.title, "html": mark_safe(html)}  # noqa: S308 (a template escapes it)


def _aligned(table: TextTable) -> dict[str, Any]:
    """A table for its template: every cell with whether it is aligned to the left."""
    sides = [index == 0 or index in table.left for index in range(len(table.header))]
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "style": table.key.rpartition("-")[2],
        "groups": table.groups,
        "columns": list(zip(table.header, sides, strict=True)),
        "cells": [list(zip(row, sides, strict=True)) for row in table.rows],
    }

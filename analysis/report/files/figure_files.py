"""The report's figures as files: SVG, PDF and PNG of each."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation

from analysis.report.contents import all_figures, with_default_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure import Figure
from analysis.report.files.typesetting import TypstProject, for_typst, typeset
from study.zip_entries import zip_entry


def report_figures(data: Mapping[str, Any], context: ReportContext) -> list[Figure]:
    """The report's figures in the context's language."""
    with translation.override(context.language):
        context = with_default_views(data, context)
        return all_figures(data, context)


def figure_projects(figures: Sequence[Figure]) -> dict[str, TypstProject]:
    """File name → project of each figure as PDF and as PNG (300 dots an inch)."""
    # Without the date of its making, so that the same figure gives the same file.
    page = '#set document(date: none)\n#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")\n'
    return {
        f"{figure.key}.{kind}": TypstProject({"main.typ": page, "figure.svg": for_typst(figure.svg)}, kind)
        for figure in figures
        for kind in ("pdf", "png")
    }


def figure_files(data: Mapping[str, Any], context: ReportContext) -> dict[str, bytes]:
    """File name → content of each figure as SVG, PDF and PNG (300 dots an inch).

    Raises:
        RuntimeError: Typst failed; the message is Typst's.
    """
    figures = report_figures(data, context)
    projects = figure_projects(figures)
    files = {f"{figure.key}.svg": figure.svg.encode() for figure in figures}
    files |= dict(zip(projects, typeset(list(projects.values())), strict=True))
    return dict(sorted(files.items()))


def figures_zip(data: Mapping[str, Any], context: ReportContext) -> bytes:
    """All of `figure_files` as one zip; the same figures give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in figure_files(data, context).items():
            archive.writestr(zip_entry(f"figures/{name}"), content)
    return out.getvalue()

"""The report's figures as files: SVG, PDF and PNG of each."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation

from analysis.report.contents import with_default_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure_list import Figure, figure_list

_TYPESETTER = Path(__file__).parent / "typst_process.py"
_TIMEOUT = 120  # seconds
_DPI = 300


def report_figures(data: Mapping[str, Any], context: ReportContext) -> list[Figure]:
    """The report's figures in the context's language."""
    with translation.override(context.language):
        context = with_default_views(data, context)
        return figure_list(data, context.conditions, context.clips)


def figure_files(data: Mapping[str, Any], context: ReportContext) -> dict[str, bytes]:
    """File name → content of each figure as SVG, PDF and PNG (300 dots an inch).

    Raises:
        RuntimeError: Typst failed; the message is Typst's.
    """
    figures = report_figures(data, context)
    files = {f"{figure.key}.svg": figure.svg.encode() for figure in figures}
    page = '#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")\n'
    jobs = [(figure, kind) for figure in figures for kind in ("pdf", "png")]
    made = typeset([({"main.typ": page, "figure.svg": for_typst(figure.svg)}, kind) for figure, kind in jobs])
    files |= {f"{figure.key}.{kind}": content for (figure, kind), content in zip(jobs, made, strict=True)}
    return dict(sorted(files.items()))


def for_typst(svg: str) -> str:
    """The SVG with a font that Typst has."""
    return svg.replace("system-ui", "Libertinus Serif")


def figures_zip(data: Mapping[str, Any], context: ReportContext) -> bytes:
    """All of `figure_files` as one zip; the same figures give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in figure_files(data, context).items():
            archive.writestr(zipfile.ZipInfo(f"figures/{name}", (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def typeset(projects: Sequence[tuple[Mapping[str, str], str]]) -> list[bytes]:
    """Compile Typst projects, each the texts of its files and "pdf" or "png"; why in a process: typst_process.py.

    Raises:
        RuntimeError: Typst failed; the message is Typst's.
    """
    finished = subprocess.run(  # noqa: S603 (our own file)
        [sys.executable, "-I", str(_TYPESETTER)],
        input=json.dumps([{"files": files, "format": kind, "dpi": _DPI} for files, kind in projects]).encode(),
        capture_output=True,
        check=False,
        timeout=_TIMEOUT,
    )
    if finished.returncode:
        raise RuntimeError(f"the report could not be typeset: {finished.stderr.decode(errors='replace')[-2000:]}")
    return [base64.b64decode(content) for content in json.loads(finished.stdout)]

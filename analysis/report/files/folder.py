"""The report's files in a folder: HTML, PDF, LaTeX, BibTeX, sheets, JSON, tables as CSV."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.report.context import ReportContext
from analysis.report.files.html import render_report
from analysis.report.files.latex import BIBTEX, report_latex
from analysis.report.files.pdf import report_pdf
from analysis.report.files.xlsx import report_xlsx
from study.cells import csv_text


def write_report(
    data: Mapping[str, Any], folder: Path, context: ReportContext | None = None, *, alpha: float = 0.05
) -> list[Path]:
    """Writes the report in every form into `folder`, made if need be, and returns the files.

    Args:
        data: what `analyze --json` writes.
        context: names and images; without it conditions and clips go by their keys.
        alpha: below which a p value counts as shown.
    """
    context = context or ReportContext(title="Analysis of ballots")
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes] = {
        "report.html": render_report(data, context, alpha=alpha),
        "report.pdf": report_pdf(data, context, alpha=alpha),
        "report.tex": report_latex(data, context, alpha=alpha),
        "references.bib": BIBTEX,
        "report.xlsx": report_xlsx(data),
        "analysis.json": json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "scores.csv": scores_csv(data),
        "by_clip.csv": by_clip_csv(data),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return [folder / name for name in files]


def scores_csv(data: Mapping[str, Any]) -> str:
    """One row a condition: points, mean points with interval, 1st and 2nd choices."""
    rows: list[list[Any]] = [["condition", "points", "mean_points", "ci95_low", "ci95_high", "first", "second"]]
    for key, row in (data.get("scores") or {}).items():
        low, high = row.get("ci95") or (None, None)
        rows.append([key, row["points"], row["mean_points"], low, high, row["first"], row["second"]])
    return csv_text(rows)


def by_clip_csv(data: Mapping[str, Any]) -> str:
    """One row a clip and condition: points."""
    cells = [
        [clip, condition, value]
        for clip, row in (data.get("by_clip") or {}).items()
        for condition, value in row.items()
    ]
    return csv_text([["clip", "condition", "points"], *cells])

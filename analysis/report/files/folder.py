"""A folder with the report in every form: HTML, PDF, LaTeX, BibTeX, XLSX, JSON, tables as CSV, and each figure."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from analysis.report.context import ReportContext
from analysis.report.files.csv_tables import by_clip_csv, scores_csv
from analysis.report.files.figure_files import figure_projects, report_figures
from analysis.report.files.html import render_report
from analysis.report.files.latex import BIBTEX, report_latex
from analysis.report.files.pdf import pdf_project
from analysis.report.files.typesetting import Typesetting
from analysis.report.files.xlsx import report_xlsx


def write_report(
    data: Mapping[str, Any],
    folder: Path,
    context: ReportContext | None = None,
    *,
    alpha: float = 0.05,
    typesetting: Typesetting | None = None,
) -> list[Path]:
    """Write the report in every form into `folder`, create the folder if needed, and return the files.

    Args:
        data: as `analyze --json` writes it.
        context: names and images; None: conditions and clips are named by their keys.
        alpha: a p value below it is significant.
        typesetting: a process that was started before, for example while the data were analysed.
    """
    context = context or ReportContext(title="Analysis of ballots")
    folder.mkdir(parents=True, exist_ok=True)
    figures = report_figures(data, context)
    projects = {"report.pdf": pdf_project(data, context, alpha=alpha)}
    projects |= {f"figures/{name}": project for name, project in figure_projects(figures).items()}
    with nullcontext(typesetting) if typesetting else Typesetting() as process:
        process.start(list(projects.values()))  # the other files are made meanwhile
        files: dict[str, str | bytes] = {
            "report.html": render_report(data, context, alpha=alpha),
            "report.tex": report_latex(data, context, alpha=alpha),
            "references.bib": BIBTEX,
            "report.xlsx": report_xlsx(data, context),
            "analysis.json": json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            "scores.csv": scores_csv(data),
            "by_clip.csv": by_clip_csv(data),
        }
        files |= {f"figures/{figure.key}.svg": figure.svg for figure in figures}
        files |= dict(zip(projects, process.result(), strict=True))
    (folder / "figures").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return [folder / name for name in files]

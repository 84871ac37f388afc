"""The files of a ready analysis, for the results page and the export bundle."""

import json
from collections.abc import Callable
from typing import Any

from analysis.models import Analysis
from analysis.report import render_report
from analysis.report.figures.figure_list import Figure
from analysis.report.files.csv_tables import by_clip_csv, scores_csv
from analysis.study_results.checklists import checklist_csv, heds_json
from analysis.study_results.report_context import report_context

LANGUAGES = ("en", "ko")
CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "tex": "application/x-tex; charset=utf-8",
    "bib": "application/x-bibtex; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
    "svg": "image/svg+xml",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _html(analysis: Analysis, language: str) -> str:
    return render_report(_result(analysis), report_context(analysis, language), alpha=_alpha(analysis))


def _pdf(analysis: Analysis, language: str) -> bytes:
    from analysis.report.files.pdf import report_pdf

    return report_pdf(_result(analysis), report_context(analysis, language), alpha=_alpha(analysis))


def _tex(analysis: Analysis, language: str) -> str:
    from analysis.report.files.latex import report_latex

    context = report_context(analysis, language, with_images=False)
    return report_latex(_result(analysis), context, alpha=_alpha(analysis))


def _figures(analysis: Analysis, language: str) -> bytes:
    from analysis.report.files.figure_files import figures_zip

    return figures_zip(_result(analysis), report_context(analysis, language))


def figures(analysis: Analysis, language: str) -> list[Figure]:
    """The report's figures in the language."""
    from analysis.report.files.figure_files import report_figures

    return report_figures(_result(analysis), report_context(analysis, language))


def one_figure(analysis: Analysis, language: str, name: str) -> bytes:
    """The figure in the file `name`, such as "points.pdf"; KeyError for another name."""
    from analysis.report.files.figure_files import figure_file

    key, _dot, kind = name.rpartition(".")
    return figure_file({figure.key: figure for figure in figures(analysis, language)}[key], kind)


def _bib(analysis: Analysis, language: str) -> str:
    from analysis.report.files.latex import BIBTEX

    return BIBTEX


def _xlsx(analysis: Analysis, language: str) -> bytes:
    from analysis.report.files.xlsx import report_xlsx

    return report_xlsx(_result(analysis))


def _result(analysis: Analysis) -> dict[str, Any]:
    assert analysis.result is not None, "only a ready analysis has files"
    return analysis.result


def _alpha(analysis: Analysis) -> float:
    return float(analysis.study.alpha)


_Writer = Callable[[Analysis, str], str | bytes]
_WRITERS: dict[str, tuple[_Writer, str]] = {
    **{f"report-{code}.html": (_html, code) for code in LANGUAGES},
    **{f"report-{code}.pdf": (_pdf, code) for code in LANGUAGES},
    **{f"report-{code}.tex": (_tex, code) for code in LANGUAGES},
    **{f"figures-{code}.zip": (_figures, code) for code in LANGUAGES},
    "references.bib": (_bib, "en"),
    "report.xlsx": (_xlsx, "en"),
    "scores.csv": (lambda analysis, _language: scores_csv(_result(analysis)), "en"),
    "by_clip.csv": (lambda analysis, _language: by_clip_csv(_result(analysis)), "en"),
    **{
        f"checklist-{code}.csv": (
            lambda analysis, language: checklist_csv(analysis.study, analysis, language),
            code,
        )
        for code in LANGUAGES
    },
    "heds.json": (
        lambda analysis, _language: json.dumps(heds_json(analysis.study, analysis), indent=2, ensure_ascii=False),
        "en",
    ),
}
REPORT_FILES = tuple(_WRITERS)


def report_file(analysis: Analysis, name: str) -> bytes:
    """The content of the file `name`, one of `REPORT_FILES`; KeyError for another name."""
    writer, language = _WRITERS[name]
    content = writer(analysis, language)
    return content.encode() if isinstance(content, str) else content

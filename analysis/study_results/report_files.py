"""The files of a ready analysis, for the results page and the export bundle."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from django.utils import translation

from analysis.models import Analysis
from analysis.report import ReportContext, render_report
from analysis.report.figures.figure import Figure
from analysis.report.files.csv_tables import by_clip_csv, scores_csv
from analysis.study_results.checklists import FilledItem, checklist_csv, filled_checklists, heds_json
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


class Report:
    """The report of a ready analysis in one language: its context is built once, and all files are made from it."""

    def __init__(self, analysis: Analysis, language: str) -> None:
        assert analysis.result is not None, "only a ready analysis has files"
        self.analysis, self.language = analysis, language
        self.result: dict[str, Any] = analysis.result
        self.alpha = float(analysis.study.alpha)

    @cached_property
    def checklists(self) -> list[tuple[str, list[FilledItem]]]:
        with translation.override(self.language):
            return filled_checklists(self.analysis.study, self.analysis)

    @cached_property
    def context(self) -> ReportContext:
        return report_context(self.analysis, self.language, self.checklists)

    def figures(self) -> list[Figure]:
        """The report's figures in its language."""
        from analysis.report.files.figure_files import report_figures

        return report_figures(self.result, self.context)

    def file(self, name: str) -> bytes:
        """The content of the file `name`, one of `REPORT_FILES`; KeyError for another name."""
        with translation.override(self.language):
            content = _WRITERS[name][0](self)
        return content.encode() if isinstance(content, str) else content


def _html(report: Report) -> str:
    return render_report(report.result, report.context, alpha=report.alpha)


def _pdf(report: Report) -> bytes:
    from analysis.report.files.pdf import report_pdf

    return report_pdf(report.result, report.context, alpha=report.alpha)


def _tex(report: Report) -> str:
    from analysis.report.files.latex import report_latex

    return report_latex(report.result, report.context, alpha=report.alpha)


def _figures(report: Report) -> bytes:
    from analysis.report.files.figure_files import figures_zip

    return figures_zip(report.result, report.context)


def _bib(_report: Report) -> str:
    from analysis.report.files.latex import BIBTEX

    return BIBTEX


def _xlsx(report: Report) -> bytes:
    from analysis.report.files.xlsx import report_xlsx

    return report_xlsx(report.result, report.context)


def _heds(report: Report) -> str:
    simulated = {"simulated": True} if report.analysis.study.simulated else {}
    return json.dumps(simulated | heds_json(report.checklists), indent=2, ensure_ascii=False)


# The language of those that have none is English.
_WRITERS: dict[str, tuple[Callable[[Report], str | bytes], str]] = {
    **{f"report-{code}.html": (_html, code) for code in LANGUAGES},
    **{f"report-{code}.pdf": (_pdf, code) for code in LANGUAGES},
    **{f"report-{code}.tex": (_tex, code) for code in LANGUAGES},
    **{f"figures-{code}.zip": (_figures, code) for code in LANGUAGES},
    "references.bib": (_bib, "en"),
    "report.xlsx": (_xlsx, "en"),
    "scores.csv": (lambda report: scores_csv(report.result), "en"),
    "by_clip.csv": (lambda report: by_clip_csv(report.result), "en"),
    **{f"checklist-{code}.csv": (lambda report: checklist_csv(report.checklists), code) for code in LANGUAGES},
    "heds.json": (_heds, "en"),
}
REPORT_FILES = tuple(_WRITERS)


def language_of(name: str) -> str:
    """The language of the report that the file `name`, one of `REPORT_FILES`, belongs to."""
    return _WRITERS[name][1]


def files_in(language: str) -> list[str]:
    """The names of the files of the report in this language."""
    return [name for name in REPORT_FILES if language_of(name) == language]


def report_file(analysis: Analysis, name: str) -> bytes:
    """The content of the file `name`, one of `REPORT_FILES`; KeyError for another name. For several: `Report`."""
    return Report(analysis, language_of(name)).file(name)


def report_files(analysis: Analysis) -> Iterator[tuple[str, bytes]]:
    """Name and content of all report files, language by language."""
    for language in LANGUAGES:
        report = Report(analysis, language)
        for name in files_in(language):
            yield name, report.file(name)

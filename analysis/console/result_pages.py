"""The console's pages about results."""

import json
import zipfile
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from analysis.models import Analysis
from analysis.report.files.html import POLICY
from analysis.study_results import analyses
from analysis.study_results.prepared import REPORT, TABLE, TABLES, figures_of, is_large, report_job
from analysis.study_results.report_context import notices
from analysis.study_results.report_files import CONTENT_TYPES, LANGUAGES, REPORT_FILES, language_of
from analysis.tables.codebook import answers_codebook_csv, codebook_csv
from analysis.tables.participant_table import participants_codebook_csv
from study.access import Right
from study.console.common import access_to, study_page
from study.console.jobs import job_row, open_result, prepared_file, send_result
from study.errors import StudyError
from study.models import JobFile, Study

FIGURE_KINDS = ("svg", "pdf", "png")


def _page_of_analysis(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Pass the study and its newest ready analysis to the view; 404 while it is sealed or there is none.

    If somebody has withdrawn since that analysis, nothing of it is given out: the results page says so.
    """

    @wraps(view)
    @require_safe
    @study_page(Right.RESULTS)
    def page(request: HttpRequest, study: Study, **kwargs: Any) -> HttpResponse:
        if analyses.latest_unsealed(study) is None:
            raise Http404("no results to show")
        try:
            return view(request, study, analyses.ensure_results(study), **kwargs)
        except StudyError as error:
            messages.error(request, str(error))
            return redirect("study_results", slug=study.slug)

    return page


@require_safe
@study_page(Right.RESULTS, change=Right.EDIT)
def study_results(request: HttpRequest, study: Study) -> HttpResponse:
    """The results: sealed, not yet requested, being computed, or ready."""
    newest = analyses.newest(study)
    ready = analyses.latest_unsealed(study)
    under_way = newest is not None and newest.state in Analysis.UNFINISHED
    holds_erased = ready is not None and analyses.holds_erased(ready)
    context: dict[str, Any] = {
        "study": study,
        "newest": newest,
        "ready": ready,
        "current": ready is not None and analyses.is_current(ready),
        "holds_erased": holds_erased,
        "under_way": under_way,
        "notices": notices(study),
        "languages": named_languages(),
    }
    if ready is not None and not holds_erased and not under_way:
        context["report"] = job_row(report_job(study, report_language(request), request.user))
    return render(request, "analysis/results.html", context)


@require_POST
@study_page(Right.EDIT)
def study_analyse(request: HttpRequest, study: Study) -> HttpResponse:
    """Request an analysis of the answers as they are now."""
    try:
        analyses.request_analysis(study)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_results", slug=study.slug)


@_page_of_analysis
def study_report_page(request: HttpRequest, study: Study, analysis: Analysis) -> HttpResponse:
    """The report as one HTML page."""
    language = report_language(request)
    file = _prepared(request, study, f"report-{language}.html")
    if not isinstance(file, JobFile):
        return file
    if "download" in request.GET:
        return send_result(request, file, name=f"{study.slug}-report-{language}.html")
    return send_report_page(request, file)


@_page_of_analysis
def study_figures(request: HttpRequest, study: Study, analysis: Analysis) -> HttpResponse:
    """Each figure of the report, to look at and to download alone."""
    language = report_language(request)
    file = _prepared(request, study, f"figures-{language}.zip")
    if not isinstance(file, JobFile):
        return file
    with open_result(file) as stored, zipfile.ZipFile(stored) as archive:
        figures = [
            figure | {"svg": archive.read(f"figures/{figure['key']}.svg").decode()} for figure in figures_of(file)
        ]
    context = {
        "study": study,
        "figures": figures,
        "kinds": FIGURE_KINDS,
        "language": language,
        "languages": named_languages(),
    }
    return render(request, "analysis/figures.html", context)


@_page_of_analysis
def study_figure(request: HttpRequest, study: Study, analysis: Analysis, language: str, name: str) -> HttpResponse:
    """One figure as a file to download."""
    if language not in LANGUAGES:
        raise Http404("no such language")
    file = _prepared(request, study, f"figures-{language}.zip")
    if not isinstance(file, JobFile):
        return file
    return download_figure(file, name, f"{study.slug}-{language}-{name}")


@_page_of_analysis
def study_result_file(request: HttpRequest, study: Study, analysis: Analysis, name: str) -> HttpResponse:
    """One of the files for download: the report in each format, its numbers, ballots, participants, codebooks."""
    if name in TABLES:
        access_to(request).require(Right.DATA)
    small: dict[str, Callable[[], bytes]] = {
        "codebook.csv": lambda: codebook_csv(study),
        "answers_codebook.csv": lambda: answers_codebook_csv(study),
        "participants_codebook.csv": lambda: participants_codebook_csv(study),
        "analysis.json": lambda: json.dumps(analysis.result, indent=2, ensure_ascii=False).encode(),
    }
    if name in TABLES and not is_large(study, name):
        small[name] = lambda: b"".join(TABLES[name](study))
    if name in small:
        return _download(small[name](), f"{study.slug}-{name}")
    if name not in TABLES and name not in REPORT_FILES:
        raise Http404("no such export")
    file = _prepared(request, study, name)
    return send_result(request, file, name=f"{study.slug}-{name}") if isinstance(file, JobFile) else file


def _prepared(request: HttpRequest, study: Study, name: str) -> JobFile | HttpResponse:
    """The file that a worker has made from the data as they are now; else the page that waits for it."""
    kind, arguments = (TABLE, {"name": name}) if name in TABLES else (REPORT, {"language": language_of(name)})
    return prepared_file(request, study, kind, name, arguments)


def send_report_page(request: HttpRequest, file: JobFile, *, name: str = "") -> HttpResponse:
    """Return a report as a page of its own, which our pages may show in a frame; `name`: to save it under."""
    response = send_result(request, file, name=name, inline=True)
    response["Content-Security-Policy"] = f"{POLICY}; frame-ancestors 'self'"
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def download_figure(file: JobFile, figure: str, name: str) -> HttpResponse:
    """Return a figure of the ZIP file of figures, as a file of this name to save.

    Raises:
        Http404: there is no such figure.
    """
    try:
        with open_result(file) as stored, zipfile.ZipFile(stored) as archive:
            content = archive.read(f"figures/{figure}")
    except KeyError:
        raise Http404("no such figure") from None
    return _download(content, name)


def _download(content: bytes, name: str) -> HttpResponse:
    """Return content as a file to save, with the type of its name's ending."""
    response = HttpResponse(content, content_type=CONTENT_TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def report_language(request: HttpRequest) -> str:
    """The language of the report: that of the address, else that of the page, else English."""
    language = request.GET.get("language", translation.get_language() or "en").split("-")[0]
    return language if language in LANGUAGES else "en"


def named_languages() -> list[tuple[str, str]]:
    """The languages of reports, each with its own name."""
    return [(code, translation.get_language_info(code)["name_local"]) for code in LANGUAGES]

"""The console's pages about results."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.report_context import notices
from analysis.study_results.report_files import (
    CONTENT_TYPES,
    LANGUAGES,
    REPORT_FILES,
    figures,
    one_figure,
    report_file,
)
from analysis.tables.codebook import codebook_csv
from analysis.tables.participant_table import participants_codebook_csv, participants_csv
from analysis.tables.study_tables import ballots_csv
from study.access import study_or_404
from study.errors import StudyError
from study.models import Study


def _unsealed_analysis(request: HttpRequest, slug: str) -> tuple[Study, Analysis]:
    """The study and its newest ready analysis; 404 while it is sealed or there is none."""
    study = study_or_404(request.user, slug)
    analysis = analyses.latest_unsealed(study)
    if analysis is None:
        raise Http404("no results to show")
    return study, analysis


@require_safe
@login_required
def study_results(request: HttpRequest, slug: str) -> HttpResponse:
    """The results: sealed, not yet requested, being computed, or ready."""
    study = study_or_404(request.user, slug)
    newest = study.analyses.first()
    ready = analyses.latest_unsealed(study)
    return render(
        request,
        "analysis/results.html",
        {
            "study": study,
            "newest": newest,
            "ready": ready,
            "current": ready is not None and analyses.is_current(ready),
            "under_way": newest is not None and newest.state in Analysis.UNFINISHED,
            "notices": notices(study),
            "languages": _named_languages(),
        },
    )


@require_POST
@login_required
def study_analyse(request: HttpRequest, slug: str) -> HttpResponse:
    """Request an analysis of the answers as they are now."""
    study = study_or_404(request.user, slug)
    try:
        analyses.request_analysis(study)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_results", slug=study.slug)


@require_safe
@login_required
def study_report_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The report as one HTML page."""
    study, analysis = _unsealed_analysis(request, slug)
    language = _language(request)
    response = HttpResponse(report_file(analysis, f"report-{language}.html"))
    # The page contains its own styles and images and has no scripts.
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
        "form-action 'none'; base-uri 'none'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{study.slug}-report-{language}.html"'
    return response


@require_safe
@login_required
def study_figures(request: HttpRequest, slug: str) -> HttpResponse:
    """Each figure of the report, to look at and to download alone."""
    study, analysis = _unsealed_analysis(request, slug)
    language = _language(request)
    context = {
        "study": study,
        "figures": figures(analysis, language),
        "kinds": ("svg", "pdf", "png"),
        "language": language,
        "languages": _named_languages(),
    }
    return render(request, "analysis/figures.html", context)


@require_safe
@login_required
def study_figure(request: HttpRequest, slug: str, language: str, name: str) -> HttpResponse:
    """One figure as a file to download."""
    study, analysis = _unsealed_analysis(request, slug)
    if language not in LANGUAGES:
        raise Http404("no such language")
    try:
        content = one_figure(analysis, language, name)
    except KeyError:
        raise Http404("no such figure") from None
    return _download(content, f"{study.slug}-{language}-{name}")


@require_safe
@login_required
def study_result_file(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One of the files for download: the report in each format, its numbers, ballots, participants, codebooks."""
    study, analysis = _unsealed_analysis(request, slug)
    writers: dict[str, Callable[[], bytes]] = {
        "ballots.csv": lambda: ballots_csv(study),
        "codebook.csv": lambda: codebook_csv(study),
        "participants.csv": lambda: participants_csv(study),
        "participants_codebook.csv": lambda: participants_codebook_csv(study),
        "analysis.json": lambda: json.dumps(analysis.result, indent=2, ensure_ascii=False).encode(),
    }
    if name not in writers and name not in REPORT_FILES:
        raise Http404("no such export")
    content = writers[name]() if name in writers else report_file(analysis, name)
    return _download(content, f"{study.slug}-{name}")


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _language(request: HttpRequest) -> str:
    """The language of the report: that of the address, else that of the page, else English."""
    language = request.GET.get("language", translation.get_language() or "en").split("-")[0]
    return language if language in LANGUAGES else "en"


def _named_languages() -> list[tuple[str, str]]:
    return [(code, translation.get_language_info(code)["name_local"]) for code in LANGUAGES]

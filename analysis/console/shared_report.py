"""What a link to a shared report shows, to anybody who has it: the report, its figures, and nothing of the console.

No page here sets a cookie or leads into the console. A link that has ended, was ended by hand or never existed gets the
page of a link that does not exist, and counts as a guess.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from analysis.console.result_pages import (
    FIGURE_KINDS,
    download_figure,
    named_languages,
    report_language,
    send_report_page,
)
from analysis.models import SharedReport
from analysis.study_results.report_context import notices
from analysis.study_results.report_files import LANGUAGES
from analysis.study_results.shared_reports import (
    file_names,
    find_share,
    is_superseded,
    job_of,
    note_opened,
)
from study.console.jobs import send_result
from study.errors import NotAllowedNow
from study.models import Job, JobFile
from study.survey.decorators import survey_page
from study.survey.visit_ends import unknown_link


def _page_of_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Pass what the link shows and the job with its files to the view; keep it out of caches and search engines."""

    @survey_page
    def with_share(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        share = find_share(token)
        if share is None:
            raise unknown_link(request)
        try:
            job = job_of(share)
        except NotAllowedNow:  # it has ended since the line above
            raise unknown_link(request) from None
        return view(request, share, job, token=token, **kwargs)

    @wraps(view)
    @require_safe
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = with_share(request, **kwargs)
        # The address is the key: no search engine is to keep it, no other site to get it.
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return page


@_page_of_link
def shared_report(request: HttpRequest, share: SharedReport, job: Job, token: str) -> HttpResponse:
    """The page of the link: the report, its files and its figures; while a worker makes them, that it does.

    `?part` is the part that a script loads again until they are made.
    """
    language = report_language(request)
    note_opened(share)
    study = share.analysis.study
    with translation.override(language):
        page, printed, figures = file_names(language)
        context = {
            "study": study,
            "share": share,
            "token": token,
            "language": language,
            "languages": named_languages(),
            "notices": notices(study),
            "superseded": is_superseded(share),
            "job": job,
            "unfinished": job.state in Job.UNFINISHED,
            "page": page,
            "printed": printed,
            "zip": figures,
            "figures": job.outcome.get(language, []),
            "kinds": FIGURE_KINDS,
        }
        if "part" in request.GET:
            return render(request, "analysis/_shared_waiting.html", context)
        status = 202 if context["unfinished"] else 200 if job.state == Job.State.READY else 503
        return render(request, "analysis/shared_report.html", context, status=status)


@_page_of_link
def shared_report_file(request: HttpRequest, share: SharedReport, job: Job, token: str, name: str) -> HttpResponse:
    """One file of the shared report: as a page for the browser, else to download."""
    send = send_report_page if name.endswith(".html") else send_result
    return send(request, _file(job, name), name=f"{share.analysis.study.slug}-{name}")


@_page_of_link
def shared_figure(
    request: HttpRequest, share: SharedReport, job: Job, token: str, language: str, name: str
) -> HttpResponse:
    """One figure of the shared report to download."""
    if language not in LANGUAGES:
        raise Http404("no such language")
    file = _file(job, f"figures-{language}.zip")
    return download_figure(file, name, f"{share.analysis.study.slug}-{language}-{name}")


def _file(job: Job, name: str) -> JobFile:
    """A file of the link.

    Raises:
        Http404: there is none of that name, or it is not ready.
    """
    is_ready = job.state == Job.State.READY
    file: JobFile | None = job.results.filter(name=name).select_related("job").first() if is_ready else None
    if file is None:
        raise Http404("no such file")
    return file

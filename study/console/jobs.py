"""The pages of jobs: the progress of one, the files it made, and the list of a study's jobs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.files import File
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from study import jobs
from study.access import Right
from study.console.common import access_to, study_page
from study.console.media import ranged_response
from study.errors import StudyError
from study.jobs.kinds import kind_named
from study.jobs.requests import ensure_current
from study.models import Job, JobFile, Study
from study.web.http import wants_json


def prepared_file(
    request: HttpRequest, study: Study, kind: str, name: str, arguments: Mapping[str, Any] | None = None
) -> JobFile | HttpResponse:
    """Return the file `name` that a worker has made from the data as they are now; else the page that waits for it.

    Raises:
        StudyError: the kind's files may not be given out now.
    """
    arguments = arguments or {}
    file = jobs.ready_file(study, kind, arguments, name)
    if file is None:
        job = jobs.request_job(study, kind, arguments, actor=request.user)
        file = jobs.ready_file(study, kind, arguments, name)  # a worker may have been as fast as that
    return file or redirect(address_of(job, then=request.get_full_path()))


def address_of(job: Job, *, then: str = "") -> str:
    """Return the address of the job's page, which opens `then` once the job is ready, else its only file."""
    address = reverse("study_job", args=[job.study.slug, job.pk])
    return f"{address}?{urlencode({'then': then})}" if then else address


@require_safe
@study_page(Right.LOOK)
def study_jobs(request: HttpRequest, study: Study) -> HttpResponse:
    """List the study's jobs, newest first, with their files."""
    access = access_to(request)
    kinds = study.jobs.order_by().values_list("kind", flat=True).distinct()
    given = [name for name in kinds if access.allows(right_to(name))]
    rows = study.jobs.filter(kind__in=given).select_related("actor").prefetch_related("files")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return render(request, "study/jobs.html", {"study": study, "page": page, "rows": [job_row(job) for job in page]})


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def study_job(request: HttpRequest, study: Study, job_id: int) -> HttpResponse:
    """Show how far a job is; then its files or what went wrong. As JSON to a script; `?part` is the part that moves."""
    job = get_object_or_404(study.jobs.select_related("actor").prefetch_related("files"), pk=job_id)
    access_to(request).require(right_to(job.kind))
    row = job_row(job)
    if wants_json(request):
        files = [{"name": file.name, "size": file.size, "url": url} for file, url in row["files"]]
        state = {"state": job.state, "done": job.done, "total": job.total, "at_hand": job.at_hand}
        return JsonResponse(state | {"error": job.error, "faults": job.faults, "files": files})
    then = request.GET.get("then", "")
    if not url_has_allowed_host_and_scheme(then, allowed_hosts=None):
        then = ""
    if not then and len(row["files"]) == 1:
        then = row["files"][0][1]
    context = row | {"study": study, "then": then, "part": "part" in request.GET}
    return render(request, "study/_job.html" if context["part"] else "study/job.html", context)


def right_to(kind: str) -> Right:
    """Return the right that a job of this kind and its files need."""
    known = kind_named(kind)
    return known.right if known else Right.EDIT


def job_row(job: Job) -> dict[str, Any]:
    """Return what pages show of a job: its title, the page it belongs to, and its files with their addresses."""
    kind = kind_named(job.kind)
    files = [file for file in job.files.all() if file.is_result] if job.state == Job.State.READY else []
    return {
        "job": job,
        "title": kind.title(job) if kind else job.kind,
        "page": reverse(kind.page, args=[job.study.slug]) if kind else job.study.get_absolute_url(),
        "files": [(file, reverse("job_file", args=[job.study.slug, job.pk, file.pk])) for file in files],
        "unfinished": job.state in Job.UNFINISHED,
        "is_upload": kind is not None and kind.version is None,
        "progress": kind.progress(job) if kind and kind.progress and job.total else "",
    }


@require_safe
@study_page(Right.LOOK)
def job_file(request: HttpRequest, study: Study, job_id: int, file_id: int) -> HttpResponse:
    """Send a file that a job made, if it may be given out now."""
    file = get_object_or_404(JobFile.objects.select_related("job"), job__study=study, job=job_id, pk=file_id)
    access_to(request).require(right_to(file.job.kind))
    if not file.is_result:
        raise Http404("what was uploaded is not given out")
    file.job.study = study
    try:
        ensure_current(file.job)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_job", study.slug, job_id)
    return send_result(request, file)


def open_result(file: JobFile) -> File:
    """Open a file that a job has made; if it is lost, the next request has it made again.

    Raises:
        Http404: it is lost, or was erased a moment ago.
    """
    try:
        opened: File = file.file.open("rb")
    except FileNotFoundError as error:
        Job.objects.filter(pk=file.job_id, state=Job.State.READY).update(state=Job.State.EXPIRED)
        raise Http404("erased") from error
    return opened


def send_result(request: HttpRequest, file: JobFile, *, name: str = "", inline: bool = False) -> HttpResponse:
    """Send a job's file, or a range of it. The caller has made sure that it may be given out.

    Args:
        name: the name to save it under, if not its own.
        inline: to look at in the browser.
    """
    response = ranged_response(request, open_result(file), file.size, file.content_type, f'"{file.digest}"')
    response["Content-Disposition"] = content_disposition_header(not inline, name or file.name) or "attachment"
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
@study_page(Right.EDIT)
def job_cancel(request: HttpRequest, study: Study, job_id: int) -> HttpResponse:
    """Cancel a job that has not ended."""
    job = get_object_or_404(study.jobs, pk=job_id)
    try:
        jobs.cancel(job)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_job", study.slug, job_id)

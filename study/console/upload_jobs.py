"""Uploads on pages: small ones are read in the request, others by a worker, whose job the page leads to and back from.

A script that shows how much is sent (`static/js/console/send.js`, `upload.js`) asks for JSON: `next` is the page that
follows, `html` is what was wrong, `job` the address of the work, which tells its state as JSON.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from study import jobs
from study.console.jobs import address_of
from study.jobs.requests import going_on
from study.models import Job, Study
from study.web.http import wants_json

# What a request reads itself: some seconds of work at most.
SMALL_FILES, SMALL_BYTES = 8, 20_000_000


def is_small(files: Sequence[UploadedFile]) -> bool:
    """Whether an upload can be read while its sender waits. What a zip holds is not known before it is read."""
    has_zip = any((file.name or "").casefold().endswith(".zip") for file in files)
    return len(files) <= SMALL_FILES and not has_zip and sum(file.size or 0 for file in files) <= SMALL_BYTES


def hand_over(
    request: HttpRequest, study: Study, kind: str, files: Sequence[UploadedFile], *, alone: bool = False
) -> HttpResponse:
    """Give an upload to a worker and lead to its job, which leads back to the page of its kind.

    Args:
        alone: refuse it while another of its kind is read.

    Raises:
        StudyError: the kind may not run now.
    """
    job = jobs.request_job(study, kind, actor=request.user, inputs=files, alone=alone)
    page = address_of(job, then=f"{request.path}?job={job.pk}")
    return JsonResponse({"job": address_of(job), "next": page}) if wants_json(request) else HttpResponseRedirect(page)


def lead_to(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect a browser, or tell a script the address."""
    return JsonResponse({"next": address}) if wants_json(request) else HttpResponseRedirect(address)


def ended(request: HttpRequest, study: Study, kind: str) -> Job | None:
    """Return the job whose end the page is to tell, by `?job=`."""
    number = request.GET.get("job", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return study.jobs.filter(kind=kind, pk=int(number)).exclude(state__in=Job.UNFINISHED).first()


def tell_end(request: HttpRequest, job: Job) -> None:
    """Tell by messages what was done, and why it ended if that was too early; its faults are the page's to tell."""
    if job.outcome.get("message"):
        messages.success(request, job.outcome["message"])
    if job.state == Job.State.CANCELLED:
        messages.warning(request, _("The upload was cancelled."))
    elif job.error and not job.faults:
        messages.error(request, job.error)


def context(study: Study, kind: str) -> dict[str, Any]:
    """Return what a page with an upload form shows: the job that goes on, and its address."""
    job = going_on(study, kind)
    return {"upload": job, "upload_url": address_of(job) if job else ""}

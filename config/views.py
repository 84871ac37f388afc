"""The root address, and the download that needs all apps."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect
from django.views import csrf
from django.views.decorators.http import require_safe

from analysis.study_results import analyses
from config.bundles.job import BUNDLE, ensure_current, file_name
from config.requests.forms_by_script import is_by_script
from study import jobs
from study.access import Right
from study.console.common import study_page
from study.console.jobs import prepared_file, send_result
from study.errors import StudyError
from study.models import JobFile, Study
from study.survey.decorators import without_cookies


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect the root address to the studies; participants come by a study's own link."""
    return redirect("study_list")


@require_safe
@study_page(Right.DATA)
def study_bundle(request: HttpRequest, study: Study) -> HttpResponse:
    """Send the study as one zip if a worker has written it from the data as they are now; else ask for it, and wait."""
    if analyses.latest_unsealed(study) is None:
        raise Http404("no results to export")
    try:
        file: JobFile | HttpResponse | None = jobs.ready_file(study, BUNDLE, {}, file_name(study))
        if file is None:
            ensure_current(study)
            file = prepared_file(request, study, BUNDLE, file_name(study))
        return send_result(request, file) if isinstance(file, JobFile) else file
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_results", slug=study.slug)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request that fails the CSRF check. Participants who have lost their cookies are told how to go on."""
    match = request.resolver_match
    if reason == REASON_NO_CSRF_COOKIE and match is not None and (match.url_name or "").startswith("survey_"):
        return without_cookies(request)
    if is_by_script(request):
        return JsonResponse({"is_old": True}, status=403)
    return csrf.csrf_failure(request, reason)

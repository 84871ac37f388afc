"""The root address, and the download that needs all apps."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import csrf
from django.views.decorators.http import require_safe

from analysis.study_results import analyses
from config.bundles import export_study
from study.access import study_or_404
from study.survey.decorators import without_cookies


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect the root address to the studies; participants come by a study's own link."""
    return redirect("study_list")


@require_safe
@login_required
def study_bundle(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the study as one zip if its analysis is ready: computing it is a task of a worker."""
    study = study_or_404(request.user, slug)
    analysis = analyses.latest_unsealed(study)
    if analysis is None:
        raise Http404("no results to export")
    if not analyses.is_current(analysis):  # also if somebody has withdrawn since
        messages.error(request, _("Answers have come or changed since the analysis: analyse again, then export."))
        return redirect("study_results", slug=study.slug)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        export_study(study, path)
        # The open file stays readable until it is sent, although its folder is deleted.
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{study.slug}.zip")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a request that fails the CSRF check. Participants who have lost their cookies are told how to go on."""
    match = request.resolver_match
    if reason == REASON_NO_CSRF_COOKIE and match is not None and (match.url_name or "").startswith("survey_"):
        return without_cookies(request)
    return csrf.csrf_failure(request, reason)

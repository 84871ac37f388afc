"""Shared by the console's views: the decorator that checks access, condition names under the seal, refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from study.access import study_or_404
from study.errors import StudyError
from study.models import Study
from study.web.http import wants_json


def study_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a signed-in researcher and pass the study as the view's second argument, or respond with 404."""

    @wraps(view)
    @login_required
    def page(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        return view(request, study_or_404(request.user, slug), **kwargs)

    return page


def condition_rows(study: Study) -> list[dict[str, Any]]:
    """Return the conditions as pages show them: under the seal only opaque labels, in the order of these."""
    if study.is_blinded:
        return [{"label": row.sealed_label} for row in study.conditions.order_by("sealed_label")]
    return [{"label": row.label, "key": row.key, "levels": row.levels} for row in study.conditions.all()]


def refusal_response(request: HttpRequest, error: StudyError, url_name: str, *args: Any) -> HttpResponse:
    """Redirect a browser with the error as message, or return the error as JSON to a script."""
    if wants_json(request):
        return JsonResponse({"ok": False, "problem": str(error)}, status=409)
    messages.error(request, str(error))
    return redirect(url_name, *args)

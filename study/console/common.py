"""Shared by the console's views: who may see a page, one save at a time, condition names under the seal, refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect

from study.access import study_or_404
from study.console.forms.versions import KeptForm
from study.errors import StudyError
from study.models import Study
from study.setup.path_steps import step_after
from study.web.http import wants_json


def study_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a signed-in researcher and pass the study as the view's second argument, or respond with 404."""

    @wraps(view)
    @login_required
    def page(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        return view(request, study_or_404(request.user, slug), **kwargs)

    return page


def one_at_a_time(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a POST see what the one before it has stored, and let no other change the study until it has saved.

    It stands below `study_page`.
    """

    @wraps(view)
    def page(request: HttpRequest, study: Study, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, study, **kwargs)
        with transaction.atomic():
            return view(request, get_object_or_404(Study.objects.select_for_update(), pk=study.pk), **kwargs)

    return page


def redirect_after_save(
    request: HttpRequest, study: Study, url_name: str, message: str, *, step: str = "", form: KeptForm | None = None
) -> HttpResponse:
    """Say that it is saved, and what was kept of somebody else's; go on to the next step if that button was pressed.

    Args:
        url_name: the page to show otherwise.
        step: the key of the page's step of the path.
    """
    messages.success(request, message)
    if form is not None and (kept := form.taken_in_words()):
        messages.info(request, kept)
    following = step_after(step, study) if "go-on" in request.POST else None
    return redirect(following.url_name if following else url_name, study.slug)


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

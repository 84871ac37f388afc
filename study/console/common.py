"""Shared by the console's views: who may see a page, one save at a time, condition names under the seal, refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from study.access import Access, Right, access_or_404
from study.console.forms.versions import KeptForm
from study.errors import StudyError
from study.models import LogEntry, Study
from study.published_heads.without_conditions import OF_THE_STUDY, WITHOUT_CONDITIONS
from study.setup.path_steps import step_after
from study.web.http import wants_json

View = Callable[..., HttpResponseBase]


def study_page(right: Right, *, change: Right | None = None) -> Callable[[View], View]:
    """Require a signed-in researcher with a right, and pass the study as the view's second argument.

    Strangers get 404; who works on the study without the right gets 403 and is told whom to ask.

    Args:
        right: needed to open the page.
        change: needed to send a form to it, if more. Who lacks it reads the page with its forms out of use.
    """
    if not isinstance(right, Right):
        raise TypeError("Name the right that the page needs: @study_page(Right.LOOK).")

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def page(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            access = access_or_404(request.user, slug)
            sends = request.method not in ("GET", "HEAD", "OPTIONS")
            access.require(change if change and sends else right)
            request.access = access  # type: ignore[attr-defined]
            request.read_only = change is not None and not access.allows(change)  # type: ignore[attr-defined]
            return view(request, access.study, **kwargs)

        return page

    return decorate


def access_to(request: HttpRequest) -> Access:
    """Return the access to the study of a request that `study_page` has let in."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


def readable_entries(access: Access) -> QuerySet[LogEntry]:
    """Return the entries of the study's log that the role may read: a runner's name no image and no condition."""
    entries = access.study.log.all()
    return entries if access.allows(Right.LOOK) else entries.filter(action__in=WITHOUT_CONDITIONS | OF_THE_STUDY)


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


def hold_for_next_page(request: HttpRequest, study: Study, what: str, value: Any) -> None:
    """Keep in the session, for the study's next page, what is stored as a hash only and shown once."""
    request.session[f"{what}:{study.pk}"] = value


def take_held(request: HttpRequest, study: Study, what: str) -> Any:
    """Return what `hold_for_next_page` has kept for this study, and keep it no longer; None if there is nothing."""
    return request.session.pop(f"{what}:{study.pk}", None) if request.method == "GET" else None


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

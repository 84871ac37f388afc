"""Decorators of the survey's views: errors become pages, and a participant's page gets its participant."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow
from study.models import Participant
from study.participants.completion import answered_by_number
from study.participants.stages import is_open
from study.survey.cookies import find_participant, replace_old_cookie
from study.survey.next_page import next_url
from study.survey.responses import choose_language, see_other
from study.survey.visit_ends import VisitEnds, cookies_missing, needs_own_link, stop_if_over
from study.web.http import wants_json


def survey_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show a `VisitEnds` as a page or as JSON, and never let the response be cached."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except VisitEnds as end:
            response = _ends(request, end)
            if end.retry_after:
                response["Retry-After"] = str(end.retry_after)
        add_never_cache_headers(response)
        return response

    return page


def _ends(request: HttpRequest, end: VisitEnds) -> HttpResponse:
    if end.study is not None:
        choose_language(request, end.study)
    if wants_json(request):
        # Not final: without a cookie or after too many guesses, the browser keeps its answers and sends them later.
        final = end.state not in ("nolink", "slow")
        body = {"saved": False, "error": end.heading, "final": final, "state": end.state}
        return JsonResponse(body, status=end.status)
    context = {"end": end, "study": end.study, "is_pilot": end.is_pilot}
    return render(request, "survey/ends.html", context, status=end.status)


@survey_page
def without_cookies(request: HttpRequest) -> HttpResponse:
    """Answer a form from a browser that has lost all cookies, or takes none."""
    raise needs_own_link() if wants_json(request) else cookies_missing()


def participant_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A `survey_page` of one participant: call the view with the participant instead of the handle.

    The visit ends if the cookie is not the participant's, they have withdrawn, or the study takes no more answers.
    A page that is not open at the participant's stage (`study.participants.stages`) leads to the one that is due.
    """

    @wraps(view)
    def page(request: HttpRequest, handle: str, *args: object, **kwargs: object) -> HttpResponse:
        participant = find_participant(request, handle)
        choose_language(request, participant.study)
        stop_if_over(participant)
        if not _is_open(request, participant):
            return to_what_is_due(request, participant)
        try:
            response = view(request, participant, *args, **kwargs)
        except NotAllowedNow:  # finished in another tab, or the study was closed since the page was shown
            response = see_other(f"/q/{handle}/")
        replace_old_cookie(request, response, participant)
        return response

    return survey_page(page)


def _is_open(request: HttpRequest, participant: Participant) -> bool:
    match = request.resolver_match
    assert match is not None
    assert match.url_name is not None
    page = " ".join([match.url_name.removeprefix("survey_"), *filter(None, [match.kwargs.get("part")])])
    return is_open(page, participant, lambda: answered_by_number(participant))


def to_what_is_due(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Lead to the page that is due instead of one that is not open; a script is told the address."""
    url = next_url(participant)
    if wants_json(request):
        error = _("Another page of the survey comes first.")
        return JsonResponse({"saved": False, "error": error, "final": True, "next": url}, status=409)
    return see_other(url)

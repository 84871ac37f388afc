"""Requests and responses: what the views of the survey share."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from study import texts
from study.models import Participant, Study
from study.participants.links import full_url
from study.survey.cookies import token_of

logger = logging.getLogger(__name__)


def after_sending(response: HttpResponseBase, note: Callable[[], None]) -> None:
    """Call `note` when the server has sent the response, so that nobody waits for what it writes."""

    def call() -> None:
        try:
            note()
        except DatabaseError:
            logger.warning("What was sent could not be noted.", exc_info=True)

    # What Django closes with the response, by its close(), which the server calls after the last byte.
    response._resource_closers.append(call)  # type: ignore[attr-defined]


def render_participant_page(
    request: HttpRequest, participant: Participant, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of one participant, with the values that all of them need."""
    context |= {"participant": participant, "study": participant.study} | shared_context(request, participant)
    return render(request, f"survey/{template}.html", context, status=status)


def shared_context(request: HttpRequest, participant: Participant) -> dict[str, Any]:
    """The plain values that all pages of a participant need."""
    return {
        "is_pilot": participant.kind == Participant.Kind.PILOT,
        "languages": texts.languages_of(participant.study),
        "own_link": full_url(reverse("survey_personal", args=[token_of(request, participant)])),
        "language_url": reverse("survey_language", args=[participant.handle]),
        "path": request.get_full_path(),
    }


def choose_language(request: HttpRequest, study: Study) -> None:
    """Activate the study's first language if the browser's is not offered."""
    offered = texts.languages_of(study)
    if translation.get_language() not in offered:
        translation.activate(offered[0])
        request.LANGUAGE_CODE = offered[0]


def posted(request: HttpRequest) -> QueryDict | None:
    """`request.POST` of a POST, else None. Unlike `request.POST or None`, an empty form is validated too."""
    return request.POST if request.method == "POST" else None


def see_other(url: str) -> HttpResponse:
    """Redirect after a POST with status 303, so that reloading the next page or going back sends nothing again."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response

"""Requests and responses: what the views of the survey share."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from study import texts
from study.models import Participant, Study
from study.participants.links import full_url
from study.survey.cookies import COOKIE


def render_participant_page(
    request: HttpRequest, participant: Participant, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of one participant, with the values that all of them need."""
    context |= {
        "participant": participant,
        "study": participant.study,
        "is_pilot": participant.kind == Participant.Kind.PILOT,
        "languages": texts.languages_of(participant.study),
        "own_link": full_url(reverse("survey_personal", args=[request.COOKIES.get(COOKIE, "")])),
        "language_url": reverse("survey_language", args=[participant.handle]),
    }
    return render(request, f"survey/{template}.html", context, status=status)


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

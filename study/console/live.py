"""Parts of a page that its script keeps as the server has them now: asked for again, and sent only when changed.

No connection is held open: a server of few threads would soon serve nobody else. A request whose part is unchanged
costs the reading of `live_state` and no page.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_language

from study.console.common import access_to
from study.digests import canonical_digest
from study.models import Study
from study.participants.live_state import live_state

# Reads what a live part shows: the context of its template.
Shown = Callable[[], Mapping[str, Any]]


def live_tag(request: HttpRequest, study: Study) -> str:
    """The ETag of this address's live part as it is now: of the study's state, and of who reads it how.

    It is read before what the page shows: whatever comes in between makes the next request bring the part again.
    """
    query = request.GET.copy()
    query.pop("fragment", None)
    reader = [request.path, sorted(query.lists()), access_to(request).role, get_language()]
    return quote_etag(canonical_digest([live_state(study), reader])[:24])


def live_part(request: HttpRequest, study: Study, template: str, shown: Shown) -> HttpResponse:
    """Return the part, or 304 if the browser has it."""
    tag = live_tag(request, study)
    response = get_conditional_response(request, etag=tag) or render(request, template, shown())
    response["ETag"] = tag
    response["Cache-Control"] = "no-store, private"
    return response


def live_page(request: HttpRequest, study: Study, template: str, shown: Shown, **around: Any) -> HttpResponse:
    """Return the page with its part, which its script keeps live until the study is closed and the seal is off.

    Args:
        around: what the page shows around the part.
    """
    tag = live_tag(request, study)
    is_live = study.status != Study.Status.CLOSED or study.is_sealed
    response = render(request, template, {"live_tag": tag, "is_live": is_live, **around, **shown()})
    response["Cache-Control"] = "no-store, private"
    return response

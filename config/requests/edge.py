"""The edge of every request: sent text is made storable, and what cannot be read is refused in plain words.

No view has to remember it: forms, query strings and cookies are cleaned before any view, form or session reads them.
"""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views import defaults

from study.web.http import UNSTORABLE, storable, storable_fields, wants_json

# What a person is told, by status.
_SENTENCES = {
    400: gettext_noop("This could not be read. Go back to the page before, reload it, and send it again."),
    405: gettext_noop("This address does not do that. Go back to the page before and use its buttons."),
    409: gettext_noop("Somebody did the same at the same moment. Go back to the page before, reload it, and look."),
    413: gettext_noop("This is more than a form can hold. Shorten the text, or send fewer or smaller files at once."),
}


class ReadableRequest(WSGIRequest):
    """A request that a content type cannot break: `config.wsgi` has Django make these.

    Django reads the query with the charset of the content type before any middleware, so that nothing could answer one
    that is no text's, such as base64. Here the query is UTF-8 then, and the form is refused.
    """

    has_strange_charset = False

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError, SuspiciousOperation):  # the last: more fields than Django takes
            self.has_strange_charset = True
            self._encoding = None


class RequestEdgeMiddleware:
    """Clean what is sent.

    Only what sets headers comes before it, so that nothing reads cookies, query or form earlier, and a refusal here has
    its headers too. A form is cleaned when it is first read: a
    view may choose its upload handlers until then.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name, value in request.META.items():
            # Headers too: the browser's name is stored with failed sign-ins.
            if name.startswith("HTTP_") and UNSTORABLE.search(value):
                request.META[name] = storable(value)
        request.COOKIES = {storable(name): storable(value) for name, value in request.COOKIES.items()}
        _rename_old_cookies(request)
        request.GET = storable_fields(request.GET)  # type: ignore[assignment]
        _clean_when_read(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Refuse addresses that no database can store. The 404 gets its headers on the way out."""
        if UNSTORABLE.search(request.path_info):
            raise Http404
        if content_length(request) is None:
            raise BadRequest("Content-Length is no number.")


def _rename_old_cookies(request: HttpRequest) -> None:
    """Read a language and a form's key that were set before cookies had a prefix: pages that were open can be sent.

    A neighbour who plants such a key gains nothing, since Django also compares the origin. Sign-ins are begun anew.
    """
    if settings.COOKIE_PREFIX:
        for name in (settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME):
            old = request.COOKIES.get(name.removeprefix(settings.COOKIE_PREFIX))
            if old is not None:
                request.COOKIES.setdefault(name, old)


def content_length(request: HttpRequest) -> int | None:
    """How many bytes the request says it has; None if it names no number, which Django would fail to read."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _clean_when_read(request: HttpRequest) -> None:
    load = request._load_post_and_files

    def load_and_clean() -> None:
        try:
            if getattr(request, "has_strange_charset", False):
                raise LookupError("the charset is no text's")
            load()
        except (ValueError, LookupError) as error:  # a charset or a boundary that nobody can read
            request._mark_post_parse_error()  # type: ignore[attr-defined]
            raise BadRequest("The form could not be read.") from error
        request._post = storable_fields(request._post)  # type: ignore[attr-defined]

    request._load_post_and_files = load_and_clean  # type: ignore[method-assign]


def refusal(request: HttpRequest, response: HttpResponse, status: int, message: str = "") -> HttpResponse:
    """Fill the response with the message, else with the sentence of its status, as a page or as JSON."""
    message = message or _(_SENTENCES.get(status, _SENTENCES[400]))
    response.status_code = status
    if wants_json(request):
        response.content = JsonResponse({"saved": False, "error": message}).content
        response.headers["Content-Type"] = "application/json"
    else:
        response.content = render_to_string("refused.html", {"status": status, "message": message})
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    add_never_cache_headers(response)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`: a form that is too large or cannot be read, a host that is not ours."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return refusal(request, HttpResponse(), 413 if too_large else 400)


def _unless_unreadable(page: Callable[..., HttpResponse], request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's page, which reads the form for its token: one that cannot be read is no fault of the server."""
    try:
        return page(request, exception)
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError) as error:
        return bad_request(request, error)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`."""
    return _unless_unreadable(defaults.page_not_found, request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler403`."""
    return _unless_unreadable(defaults.permission_denied, request, exception)

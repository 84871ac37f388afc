"""Limits for anonymous requests, and no visitor addresses for sign-in limits."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.requests.edge import content_length, refusal


def _is_too_large(request: HttpRequest) -> bool:
    """Return whether an anonymous request is larger than any form: only researchers upload files."""
    length = content_length(request)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    return length is not None and length > limit and not request.user.is_authenticated


class ProtectionMiddleware:
    """Refuse large anonymous requests before their content is read or stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = refusal(request, HttpResponse(), 413) if _is_too_large(request) else self.get_response(request)
        if response.status_code == 405 and not response.streaming and not response.content:
            response = refusal(request, response, 405)
        return response


def no_address(request: HttpRequest) -> None:
    """Return no address of the visitor, for django-axes: sign-in attempts are counted by name."""
    return

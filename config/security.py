"""Limits for anonymous requests, and no visitor addresses for sign-in limits."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def _is_too_large(request: HttpRequest) -> bool:
    """Return whether an anonymous request is larger than any form: only researchers upload files."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    return (not length.isdecimal() or int(length) > limit) and not request.user.is_authenticated


class ProtectionMiddleware:
    """Refuse large anonymous requests before their content is read or stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_too_large(request):
            text = "This is more than a form can hold.\n"
            return HttpResponse(text, status=413, content_type="text/plain")
        return self.get_response(request)


def no_address(request: HttpRequest) -> None:
    """Return no address of the visitor, for django-axes: sign-in attempts are counted by name."""
    return

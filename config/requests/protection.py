"""Limits of a request's size, and no visitor addresses for sign-in limits."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.requests.edge import content_length, refusal


def _too_large(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of a request that is larger than its sender may send: only researchers upload files."""
    length = content_length(request) or 0
    if length <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
        return None
    if not request.user.is_authenticated:
        return refusal(request, HttpResponse(), 413)
    if length <= settings.MAX_UPLOAD_BYTES:
        return None
    message = _("All files of an upload together may have %(limit)s MB here. Send them in parts.")
    return refusal(request, HttpResponse(), 413, message % {"limit": f"{settings.MAX_UPLOAD_BYTES / 1e6:,.0f}"})


class ProtectionMiddleware:
    """Refuse requests that are too large before their content is read or stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _too_large(request) or self.get_response(request)
        if response.status_code == 405 and not response.streaming and not response.content:
            response = refusal(request, response, 405)
        return response


def no_address(request: HttpRequest) -> None:
    """Return no address of the visitor, for django-axes: sign-in attempts are counted by name."""
    return

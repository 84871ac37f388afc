"""Answer the script of the console's forms (static/js/console/kept.js), which cannot read a redirect."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

# Pages to which a request is led that was not let in, wherever it wanted to go.
_SIGN_IN = ("sign_in", "sign_in_code", "second_factor")


class FormsByScriptMiddleware:
    """Tell the script where to go on, what was refused, or where to sign in; it stays on the page in the last two."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not is_by_script(request) or response.status_code not in (302, 303):
            return response
        address = response.headers["Location"]
        path = address.partition("?")[0]
        if path in map(reverse, _SIGN_IN):
            return JsonResponse({"sign_in": path}, status=401)
        if problem := _refusal(request):
            return JsonResponse({"problem": problem}, status=409)
        return JsonResponse({"next": address})

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say who may do it and whom to ask, if the sender's role has changed since the page was loaded."""
        if not is_by_script(request) or not isinstance(error, PermissionDenied):
            return None
        return JsonResponse({"problem": _("Nothing was saved: %(faults)s") % {"faults": error}}, status=403)


def is_by_script(request: HttpRequest) -> bool:
    """Whether the script of the console's forms has sent the request."""
    return request.headers.get("X-Requested-With") == "form"


def _refusal(request: HttpRequest) -> str:
    """Return the errors that the next page would show; without one, leave all messages to it."""
    stored: Any = messages.get_messages(request)
    errors = [str(message) for message in stored if message.level >= messages.ERROR]
    if not errors:
        stored.used = False
    return " ".join(errors)

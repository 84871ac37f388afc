"""Answer the script of the console's forms (static/js/console/kept.js), which cannot read a redirect."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse


class FormsByScriptMiddleware:
    """Tell the script where to go on, what was refused, or where to sign in; it stays on the page in the last two."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.headers.get("X-Requested-With") != "form" or response.status_code not in (302, 303):
            return response
        address, sign_in = response.headers["Location"], str(settings.LOGIN_URL)
        if address.partition("?")[0] == sign_in:
            return JsonResponse({"sign_in": sign_in}, status=401)
        if problem := _refusal(request):
            return JsonResponse({"problem": problem}, status=409)
        return JsonResponse({"next": address})


def _refusal(request: HttpRequest) -> str:
    """Return the errors that the next page would show; without one, leave all messages to it."""
    stored: Any = messages.get_messages(request)
    errors = [str(message) for message in stored if message.level >= messages.ERROR]
    if not errors:
        stored.used = False
    return " ".join(errors)

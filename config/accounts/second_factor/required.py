"""Where the installation requires a second factor, lead people to set it up before anything else."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from config.accounts.second_factor import devices
from config.accounts.second_factor.sign_in import PASSED

# The pages of the console that a sign-in without a second factor opens then.
_OPEN = ("second_factor", "sign_in", "sign_in_code", "sign_out")


def is_required() -> bool:
    """Whether every account of this installation must have a second factor."""
    return bool(settings.SECOND_FACTOR == "required")


class SecondFactorMiddleware:
    """Keep the console from sign-ins by password alone, if the installation requires more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not is_required() or match is None or match.url_name in _OPEN or not request.path.startswith("/console/"):
            return None
        if not request.user.is_authenticated or request.session.get(PASSED):
            return None
        if devices.is_on(request.user):  # it was set up since this sign-in began without it
            logout(request)
            return redirect("sign_in")
        return redirect("second_factor")

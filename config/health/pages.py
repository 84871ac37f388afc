"""The addresses for load balancers and monitoring: /health/live and /health/ready.

They are answered before any other middleware: without session, cookie or language, and under any host name, since a
load balancer asks by the server's number.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers

from config.health import readiness


def live(_request: HttpRequest) -> HttpResponse:
    """Tell that this process takes requests; neither database nor broker is asked."""
    return JsonResponse({"live": True})


def ready(_request: HttpRequest) -> HttpResponse:
    """Tell whether this process can serve pages, and the names of the checks that found a fault; no details."""
    faults = readiness.faults()
    return JsonResponse({"ready": not faults, "faults": faults}, status=503 if faults else 200)


class HealthMiddleware:
    """Answer the addresses of `PAGES`."""

    PAGES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/health/live": live, "/health/ready": ready}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = self.PAGES.get(request.path)
        if page is None:
            return self.get_response(request)
        response = page(request) if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        add_never_cache_headers(response)
        return response

"""Security headers of every response: pages, files, errors, and static files, which WhiteNoise sends by itself."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Everything comes from this site; images and sound may also be data in the page (figures, previews).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class ResponseHeadersMiddleware:
    """Add a strict content policy and forbid shared caching, unless the view or WhiteNoise has set these headers.

    What the console shows is stored by no cache at all: a computer may be shared. No other site gets a response as an
    image, script or frame of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        is_console = request.path.startswith("/console/")
        response.headers.setdefault("Cache-Control", "private, no-store" if is_console else "private, no-cache")
        return response

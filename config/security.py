"""What every answer carries for its own protection, and the promise that no address of a visitor is stored."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Everything comes from this site; pictures and sound may also be the page's own data (figures, previews).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def _is_too_large(request: HttpRequest) -> bool:
    """Whether a stranger sends more than any form of theirs holds: only researchers upload files."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    return (not length.isdecimal() or int(length) > limit) and not request.user.is_authenticated


class ProtectionMiddleware:
    """A strict Content-Security-Policy and no shared caching, on every answer that does not say otherwise.

    Refuses large requests of people who have not signed in before anything of them is read or kept on disk.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_too_large(request):
            text = "This is more than a form can hold.\n"
            response = HttpResponse(text, status=413, content_type="text/plain")
        else:
            response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def no_address(request: HttpRequest) -> None:
    """Sign-in limits count by name; the address of a visitor is never looked at."""
    return

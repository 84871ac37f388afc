"""Questions that the pages of several rooms ask about a request."""

from django.http import HttpRequest


def wants_json(request: HttpRequest) -> bool:
    """Whether a page's script sent the request, rather than the browser itself."""
    return request.headers.get("Accept", "").startswith("application/json")

"""What the pages of several rooms ask about a request, and how they send files."""

from collections.abc import Iterator

from django.core.files.base import File
from django.http import HttpRequest

_PART = 1 << 16


def wants_json(request: HttpRequest) -> bool:
    """Whether a page's script sent the request, rather than the browser itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def file_parts(file: File, first: int, last: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `first` to `last` in small parts, and close it."""
    with file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (part := file.read(min(_PART, left))):
            left -= len(part)
            yield part

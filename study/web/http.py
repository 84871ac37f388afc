"""What the pages of several rooms need of a request (who asks, sent text that every database can store, sent JSON), and
how they send files.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import File
from django.http import HttpRequest, QueryDict

# Control characters except tab and line ends, halves of surrogate pairs, and the two that XML and so a workbook cannot
# hold. PostgreSQL refuses NUL and half pairs, and no field of a form needs any of them.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What an integer column of 64 bits holds.
LARGEST_INTEGER = 2**63 - 1

_PART = 1 << 16
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})$")  # longer ones are ignored, as any range may be


def wants_json(request: HttpRequest) -> bool:
    """Whether a page's script sent the request, or one of a researcher to the API, rather than the browser itself."""
    return request.headers.get("Accept", "").startswith("application/json") or is_for_api(request)


def is_for_api(request: HttpRequest) -> bool:
    """Whether the request is for an address of the API."""
    return request.path.startswith("/api/")


def storable(text: str) -> str:
    """The text without the characters that a database or a workbook refuses."""
    return UNSTORABLE.sub("", text)


def storable_fields(sent: QueryDict) -> QueryDict:
    """The fields of a form or a query string, their names too, without such characters; the same object if it is so."""
    lists = list(sent.lists())
    if not any(UNSTORABLE.search(text) for name, values in lists for text in (name, *values)):
        return sent
    cleaned = QueryDict(mutable=True, encoding=sent.encoding)
    for name, values in lists:
        for value in values:
            cleaned.appendlist(storable(name), storable(value))
    cleaned._mutable = False
    return cleaned


LONGEST_JSON = 200_000  # four times what a page sends; two megabytes of empty lists take 70 MB


def sent_json(text: str) -> Any:
    """Read JSON that a page's script sent. Its texts are storable, its numbers finite and at most 64 bits long.

    Raises:
        ValueError: it is no JSON, is long or nested too deeply, or holds a number that no column can.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError("too long")
    try:
        return _storable_value(json.loads(text, parse_constant=_no_number))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _storable_value(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(key): _storable_value(part) for key, part in value.items()}
        case list():
            return [_storable_value(part) for part in value]
        case int() if abs(value) > LARGEST_INTEGER:
            raise ValueError("an integer of more than 64 bits")
        case float() if not math.isfinite(value):  # 1e400
            raise ValueError("a number that is too large")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def file_parts(file: File, first: int, last: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `first` to `last` in small parts, and close it."""
    with file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (part := file.read(min(_PART, left))):
            left -= len(part)
            yield part


def requested_range(header: str, total: int) -> tuple[int, int] | None:
    """Return the first and last byte of a single range; None for the whole file; first > last if out of range."""
    match = _RANGE.match(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(total - int(last), 0), total - 1) if int(last) else (1, 0)
    if int(first) >= total:
        return 1, 0
    return int(first), min(int(last), total - 1) if last else total - 1

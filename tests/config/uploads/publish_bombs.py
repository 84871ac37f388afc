"""Uploads of publishing that grow when they are read: pictures of an interface, and analyses to compare."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.config.uploads.bombs import png


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deposit/results/analysis.json", content)
    return buffer.getvalue()


PUBLISHED: dict[str, tuple[str, str, Callable[[int], bytes], str]] = {
    # name: (address, suffix, how to make it, what is answered)
    "own picture of 49 million pixels": (
        "study_interface",
        "png",
        lambda n: png(7000, 7000, bits=8, kind=2),
        "40 million pixels",
    ),
    "analysis of 65 MB of zeros": ("compare_studies", "zip", lambda n: _zipped(bytes(65 * 2**20 * n)), "larger than"),
    "analysis of millions of lists": (
        "compare_studies",
        "zip",
        lambda n: _zipped(b'{"scores": [' + b"[]," * (3_100_000 * n) + b"0]}"),
        "larger than any analysis",
    ),
    "analysis of a hundred thousand levels": (
        "compare_studies",
        "json",
        lambda n: b'{"a":' + b"[" * (100_000 * n) + b"]" * (100_000 * n) + b"}",
        "no JSON",
    ),
}

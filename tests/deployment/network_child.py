"""A child of `BoundedProcess` that says in which network it is."""

import os
from collections.abc import Sequence
from typing import Any

from study.untrusted_files.bounded_process import serve


def answer(_question: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    return {"network": os.readlink("/proc/self/ns/net")}, []  # noqa: PTH115 (no path, a name)


def main() -> None:
    serve(answer)

"""A child of `BoundedProcess` that says which networks it sees."""

import socket
from collections.abc import Sequence
from typing import Any

from study.untrusted_files.bounded_process import serve


def answer(_question: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    return {"networks": sorted(name for _number, name in socket.if_nameindex())}, []


def main() -> None:
    serve(answer)

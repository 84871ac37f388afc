"""Celery's folder as a broker, with messages that are there whole or not at all.

Kombu's own opens a message's file under its final name and writes into it, and reads without looking whether it was
written: a worker that comes in between, or finds what a killed process had begun or a full disk had no room for, ends
with "Unrecoverable error" (tests/config/brokers/test_folder.py shows it).
"""

import os
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Writes beside and renames; skips what is no message."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu overrides
        folder, name = Path(self.data_folder_out), f"{monotonic_ns():020}_{uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        try:
            part.write_bytes(dumps(payload).encode())
            os.replace(part, folder / name)  # noqa: PTH105
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ChannelError(f"Cannot add the message {name!r} to its folder: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            raise Empty from None  # no message; what it spoke of, if anything, is found by its row


class Transport(filesystem.Transport):
    Channel = Channel

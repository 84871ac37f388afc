"""Celery's folder broker, patched so that no half-written message ends a worker.

Upstream fault (kombu 5.7.0, kombu/transport/filesystem.py): `Channel._put` writes into a file that already has its
final name, and `Channel._get` takes that file without its lock. A worker that reads during a write, or a file that a
killed process or a full disk left incomplete, gives a JSON error. Celery 5.7.0 does not catch it: the worker ends with
"Unrecoverable error". tests/config/brokers/test_folder.py shows this with kombu's own transport; once that test fails,
this file can go.
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
    """Write each message under another name and rename it; skip files that hold no message."""

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
            # The lost message does no harm: workers also find waiting steps in the database.
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel

"""Celery's folder broker, patched so that no half-written file ends a worker.

Upstream faults (kombu 5.7.0, kombu/transport/filesystem.py): `Channel._put` writes into a file that already has its
final name, and `Channel._get` takes that file without its lock. The table of an exchange's queues is emptied before it
is locked and written, so that of two workers who start together one reads nothing, or removes the other's queue. Who
reads during a write, or what a killed process or a full disk left incomplete, gives a JSON error. Celery 5.7.0 does not
catch it: the worker ends with "Unrecoverable error". tests/config/brokers/test_folder.py shows this with kombu's own
transport; once that test fails, this file can go.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

from study.stored_files.whole import write_whole


class Channel(filesystem.Channel):
    """Write each file under another name and rename it; skip files that hold no message."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu overrides
        _write_whole(Path(self.data_folder_out) / f"{monotonic_ns():020}_{uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            # The lost message does no harm: workers also find waiting steps in the database.
            raise Empty from None

    def get_table(self, exchange: str) -> list[Any]:
        """The queues of an exchange; none if the file is not there, or was left incomplete by an older version."""
        try:
            return [exchange_queue_t(*row) for row in loads(self._exchange_file(exchange).read_text(encoding="utf-8"))]
        except (FileNotFoundError, ValueError):
            return []
        except OSError as error:
            raise ChannelError(f"Cannot read the queues of the exchange {exchange!r}: {error}") from error

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        with self._changing(exchange) as queues:
            if (row := exchange_queue_t(routing_key or "", pattern or "", queue or "")) not in queues:
                queues.insert(0, row)

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        super(filesystem.Channel, self)._delete(queue, exchange, routing_key, pattern, *args, **kwargs)
        with self._changing(exchange) as queues:
            if (row := exchange_queue_t(routing_key or "", pattern or "", queue or "")) in queues:
                queues.remove(row)

    @contextmanager
    def _changing(self, exchange: str) -> Iterator[list[Any]]:
        """Yield the queues of an exchange and store them afterwards, if they have changed, one process at a time."""
        file = self._exchange_file(exchange)
        try:
            self.control_folder.mkdir(exist_ok=True)
            with (self.control_folder / "tables.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                queues = self.get_table(exchange)
                before = list(queues)
                yield queues
                if queues != before:
                    _write_whole(file, queues)
        except OSError as error:
            raise ChannelError(f"Cannot change the queues of the exchange {exchange!r}: {error}") from error


def _write_whole(path: Path, content: Any) -> None:
    try:
        # A worker or a command of another user reads it too; nothing but ids is in it.
        write_whole(path, dumps(content).encode(), mode=0o644, through=False)
    except OSError as error:
        raise ChannelError(f"Cannot write {path.name!r} into the broker's folder: {error}") from error


class Transport(filesystem.Transport):
    Channel = Channel

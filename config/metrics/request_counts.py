"""Requests counted by view: how many, how long, with which status; together over the web processes of one machine.

Each process counts in a file of its own, which it locks and maps into memory: counting costs microseconds and asks no
database. A process that starts takes over the file of one that has ended and goes on from its figures. So the sum over
all files only ever grows, as Prometheus expects of counters, however often processes are replaced, and the number of
files stays that of the processes at the busiest time.
"""

import errno
import fcntl
import hashlib
import logging
import mmap
import os
import socket
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from django.urls import URLPattern, URLResolver, get_resolver

logger = logging.getLogger(__name__)

# Upper ends in seconds; the last bucket has none.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STATUSES = ("2xx", "3xx", "4xx", "5xx")
OTHER = "other"  # static files, and addresses that do not exist
MOST_PROCESSES = 256
_COUNTS, _SUM = len(BUCKETS) + 1, len(BUCKETS) + 1
_ROW = _COUNTS + 1 + len(STATUSES)  # numbers of one view: buckets, sum of seconds, statuses
_NUMBER = 8  # bytes of a double, which counts exactly up to 2 ** 53


def view_names(patterns: Sequence[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    """Yield the names of all views."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from view_names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


class RequestCounts:
    """The counts of this process, and the sums of all processes of this machine.

    Args:
        folder: where the files are; shared by the web processes.
        names: the views; with other names, after an upgrade, other files are begun.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder = folder
        self.names = [*sorted(set(names)), OTHER]
        self._row_of = {name: number for number, name in enumerate(self.names)}
        layout = repr((self.names, BUCKETS, STATUSES)).encode()
        self._host = f"requests-{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]}-"
        self._prefix = f"{self._host}{hashlib.sha256(layout).hexdigest()[:12]}-"
        self._size = len(self.names) * _ROW * _NUMBER
        self._lock = threading.Lock()
        self._pid = 0
        self._file: IO[bytes] | None = None
        self._numbers: memoryview[float] | None = None

    def add(self, name: str, seconds: float, status: int) -> None:
        """Count a request; nothing if no file can be had."""
        row = self._row_of.get(name, self._row_of[OTHER]) * _ROW
        with self._lock:
            if self._pid != os.getpid():  # the first request, also of a process that was forked from another
                self._pid = os.getpid()
                self._open()
            if self._numbers is None:
                return
            self._numbers[row + bisect_left(BUCKETS, seconds)] += 1
            self._numbers[row + _SUM] += seconds
            self._numbers[row + _COUNTS + 1 + min(max(status // 100, 2), 5) - 2] += 1

    def sums(self) -> dict[str, list[float]]:
        """Return the numbers of each view that had a request, summed over all processes: `_ROW` of each."""
        totals = [0.0] * (len(self.names) * _ROW)
        for path in sorted(self.folder.glob(f"{self._prefix}*")):
            data = path.read_bytes()
            if len(data) == self._size:
                totals = [total + number for total, number in zip(totals, memoryview(data).cast("d"), strict=True)]
        rows = {name: totals[row * _ROW : (row + 1) * _ROW] for name, row in self._row_of.items()}
        return {name: row for name, row in rows.items() if any(row)}

    def _open(self) -> None:
        self._numbers = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._delete_older()
            for number in range(MOST_PROCESSES):
                if (file := _locked(self.folder / f"{self._prefix}{number:03}")) is not None:
                    self._file = _filled(file, self._size)
                    self._numbers = memoryview(mmap.mmap(file.fileno(), self._size)).cast("d")
                    return
            logger.warning("More than %s web processes: this one counts no requests.", MOST_PROCESSES)
        except OSError as error:
            logger.warning("Requests are not counted: %s cannot be written to (%s).", self.folder, error)

    def _delete_older(self) -> None:
        """Delete the files of this machine that an older release began and none of its processes uses any more."""
        for path in self.folder.glob(f"{self._host}*"):
            if not path.name.startswith(self._prefix) and (file := _locked(path)) is not None:
                path.unlink(missing_ok=True)
                file.close()


def _locked(path: Path) -> IO[bytes] | None:
    """Return the open file with a lock that ends with this process; None if another process holds it."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _filled(file: IO[bytes], size: int) -> IO[bytes]:
    """Return the file with room on the disk for each of its `size` bytes; its numbers stay.

    A file with holes takes room at the first write into its memory: on a full disk, the kernel would end the process.

    Raises:
        OSError: the disk has no room. The file is closed, and free for another process.
    """
    try:
        content = file.read(size).ljust(size, b"\0")
        file.seek(0)
        if file.write(content) != size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        file.close()
        raise
    return file

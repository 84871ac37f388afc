"""Read untrusted files in a child process with limits, so that no file can fill or stop the process that asks.

The parent asks (`BoundedProcess.ask`), the child answers (`serve`). Messages are JSON with blobs of bytes, never
pickle: a child that a file has taken over must not be able to run code in its parent. Large files are given by path
(`study.untrusted_files.uploads.on_disk`), so that they never pass through the parent's memory.

A child has no secrets in its environment, no network (where the system lets it give its network up), a low priority,
and ends with its parent. At most `AT_ONCE` threads of a process have children; few more wait, the others are sent away
(`TooManyAtOnce`), so that threads are left for participants.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Self

from django.utils import translation

AT_ONCE = 2  # threads of one process that have children; gunicorn has eight threads a process in docs/operations.md
MOST_WAITING = 2
WAIT_SECONDS = 20.0
RETRY_SECONDS = 10

_ROOT = Path(__file__).resolve().parent.parent.parent
_LENGTH = struct.Struct("<Q")
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from study.untrusted_files.bounded_process import _begin; _begin()"
)
# A loaded machine gives a process a part of its time only.
_WALL_TIME_FACTOR = 10
_MOST_BYTES = 2**25  # of an answer: a child that was taken over must not fill its parent
_NICE = 10
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET: unshare(2)

Answer = tuple[dict[str, Any], Sequence[bytes]]


class ProcessEnded(Exception):
    """The child ended without an answer; `reason` is "time", or "memory" if it was stopped in another way."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"a bounded process ended: {reason}")


class TooManyAtOnce(Exception):
    """Too many files are being read already; try again after `RETRY_SECONDS`."""


class _Slots:
    """So many threads at once, so many more that wait, and no more. A thread that has a slot has it for all it does."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._used = self._waiting = 0
        self._mine = threading.local()

    def take(self) -> None:
        depth = getattr(self._mine, "depth", 0)
        if not depth:
            with self._changed:
                self._wait()
                self._used += 1
        self._mine.depth = depth + 1

    def _wait(self) -> None:
        if self._used < AT_ONCE:
            return
        if self._waiting >= MOST_WAITING:
            raise TooManyAtOnce
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._used < AT_ONCE, WAIT_SECONDS):
                raise TooManyAtOnce
        finally:
            self._waiting -= 1

    def give(self) -> None:
        self._mine.depth -= 1
        if not self._mine.depth:
            with self._changed:
                self._used -= 1
                self._changed.notify()


_slots = _Slots()


class BoundedProcess:
    """A child that runs `main()` of a module, which must call `serve`; started when asked, and again if it ended.

    `memory`: bytes of address space. `seconds`: processor time of one answer. Use it with `with`, in one thread.

    Raises, by `with`:
        TooManyAtOnce: other threads have children, and others wait for theirs already.
    """

    def __init__(self, module: str, *, memory: int, seconds: int) -> None:
        self._module, self._memory, self._seconds = module, memory, seconds
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: dict[str, Any], data: bytes = b"") -> Answer:
        """Return the child's answer, its texts in the language that is active here.

        `data`: what is small; a file is given by its absolute path in `question`.

        Raises:
            ProcessEnded: it met a limit or crashed; the next question starts another child.
        """
        process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            process.kill()

        watch = threading.Timer(self._seconds * _WALL_TIME_FACTOR, stop)
        watch.daemon = True
        watch.start()
        try:
            _write(process.stdin, {"question": question, "language": translation.get_language() or "en"}, [data])
            return _read(process.stdout, _MOST_BYTES)
        except (EOFError, OSError, ValueError):
            self.close()
            is_late_or_limited = is_late.is_set() or process.returncode == -signal.SIGXCPU
            raise ProcessEnded("time" if is_late_or_limited else "memory") from None
        finally:
            watch.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        arguments = [str(_ROOT), self._module, str(self._memory), str(self._seconds)]
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-I", "-c", _START, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # what stops the server by Ctrl-C lets the parent end its children
            # No secrets; one thread, since each thread of a numerical library takes address space.
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"},
        )
        return self._process

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(timeout=1)  # it ends when its input does
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        _slots.take()
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.close()
        finally:
            _slots.give()


def _begin() -> None:
    """Begin as a child: isolated before anything is imported that could start threads."""
    _leave_network()
    with contextlib.suppress(OSError):
        os.nice(_NICE)  # participants' pages go first
    _configure()
    importlib.import_module(sys.argv[2]).main()


def _leave_network() -> None:
    """Move into an empty network, if the system lets processes without rights do so (Linux, mostly)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_NEW_USER_AND_NETWORK)


def serve(answer: Callable[[dict[str, Any], bytes], Answer]) -> None:
    """Answer the parent's questions until it closes the pipe. For the child: the limits hold from now on."""
    memory, seconds = int(sys.argv[3]), int(sys.argv[4])
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _limit(memory)
    with contextlib.suppress(EOFError):
        while True:
            asked, [data] = _read(sys.stdin.buffer)
            _limit_time(seconds)
            translation.activate(asked["language"])
            _write(pipe, *answer(asked["question"], data))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _configure() -> None:
    """Let `gettext` find its texts, without the settings of the site and their secrets."""
    from django.apps import apps
    from django.conf import settings

    settings.configure(LANGUAGE_CODE="en", LOCALE_PATHS=[_ROOT / "locale"])
    apps.populate([])  # translations ask for them


def _limit(memory: int) -> None:
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(kind, (most, most))


def _limit_time(seconds: int) -> None:
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = int(usage.ru_utime + usage.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _write(pipe: IO[bytes], values: dict[str, Any], blobs: Sequence[bytes]) -> None:
    head = json.dumps({"values": values, "lengths": [len(blob) for blob in blobs]}).encode()
    pipe.write(_LENGTH.pack(len(head)) + head)
    for blob in blobs:
        pipe.write(blob)
    pipe.flush()


def _read(pipe: IO[bytes], most: int | None = None) -> tuple[dict[str, Any], list[bytes]]:
    """Return the next message.

    Raises:
        EOFError: there is none. ValueError: it is longer than `most` bytes, or no message.
    """
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size, most))
    head = json.loads(_exactly(pipe, length, most))
    if most is not None and length + sum(head["lengths"]) > most:
        raise ValueError("a message that is too long")
    return head["values"], [_exactly(pipe, blob, most) for blob in head["lengths"]]


def _exactly(pipe: IO[bytes], length: int, most: int | None) -> bytes:
    if most is not None and not 0 <= length <= most:
        raise ValueError(f"a message of {length} bytes")
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data

"""Read untrusted files in a child process with limits, so that no file can fill or stop the process that asks.

The parent asks (`BoundedProcess.ask`), the child answers (`serve`). Messages are JSON with blobs of bytes, never
pickle: a child that a file has taken over must not be able to run code in its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).resolve().parent.parent
_LENGTH = struct.Struct("<Q")
_START = "import sys; sys.path.insert(0, sys.argv[1]); import importlib; importlib.import_module(sys.argv[2]).main()"
# A loaded machine gives a process a part of its time only.
_WALL_TIME_FACTOR = 10
_MOST_BYTES = 2**28  # of a message's part: a child that was taken over must not fill its parent

Answer = tuple[dict[str, Any], Sequence[bytes]]


class ProcessEnded(Exception):
    """The child ended without an answer; `reason` is "time", or "memory" if it was stopped in another way."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"a bounded process ended: {reason}")


class BoundedProcess:
    """A child that runs `main()` of a module, which must call `serve`; started when asked, and again if it ended.

    `memory`: bytes of address space. `seconds`: processor time of one answer. Use it with `with`.
    """

    def __init__(self, module: str, *, memory: int, seconds: int) -> None:
        self._module, self._memory, self._seconds = module, memory, seconds
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: dict[str, Any], data: bytes) -> Answer:
        """Return the child's answer.

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
            _write(process.stdin, question, [data])
            return _read(process.stdout)
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

    def __enter__(self) -> BoundedProcess:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def serve(answer: Callable[[dict[str, Any], bytes], Answer]) -> None:
    """Answer the parent's questions until it closes the pipe. For the child: the limits hold from now on."""
    memory, seconds = int(sys.argv[3]), int(sys.argv[4])
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    _limit(memory)
    with contextlib.suppress(EOFError):
        while True:
            question, [data] = _read(sys.stdin.buffer)
            _limit_time(seconds)
            _write(pipe, *answer(question, data))


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


def _read(pipe: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    head = json.loads(_exactly(pipe, length))
    return head["values"], [_exactly(pipe, blob) for blob in head["lengths"]]


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    if length > _MOST_BYTES:
        raise ValueError(f"a message of {length} bytes")
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data

"""One demo for each data folder, and the address at which it is served."""

import fcntl
import time
from pathlib import Path

_NAME = "demo.lock"
# A command that asks for the address holds the file for less than this.
_PATIENCE_SECONDS = 0.2


class AlreadyRuns(Exception):
    """A demo runs on the same folder; the text is its address, or empty if it has none yet."""


class OnlyDemo:
    """A context manager that a second demo on the same folder cannot enter; a killed demo holds nothing.

    Raises:
        AlreadyRuns: another one is inside.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def __enter__(self) -> "OnlyDemo":
        self._file = self._path.open("a+", encoding="utf-8")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                self._file.seek(0)
                with self._file:
                    raise AlreadyRuns(self._file.read().strip()) from None
        self.tell("")
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def tell(self, address: str) -> None:
        """Let other commands on the folder know where this demo is served."""
        self._file.truncate(0)
        self._file.write(address)
        self._file.flush()


def served_address(folder: Path) -> str:
    """Return the address of the demo that runs on the folder, as `http://127.0.0.1:8000`; empty if none is served."""
    try:
        with (folder / _NAME).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip()
    except OSError:  # there was never a demo
        pass
    return ""

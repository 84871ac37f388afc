"""Tell callers at once that a service is away, instead of letting each thread wait for it."""

import threading
import time


class Gate:
    """After a failure one caller asks again when `pause` seconds are over; the others may not until it succeeded.

    Args:
        pause: seconds.
        longest: seconds that a caller takes to find out that the service is away.
    """

    def __init__(self, pause: float, longest: float) -> None:
        self._pause, self._longest = pause, longest
        self._lock = threading.Lock()
        self._closed_until: float | None = None

    def may_ask(self) -> bool:
        """Whether the caller may ask the service now."""
        if self._closed_until is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._closed_until is None or now < self._closed_until:
                return self._closed_until is None
            self._closed_until = now + self._longest
            return True

    def failed(self) -> None:
        """Note that the service did not answer."""
        with self._lock:
            self._closed_until = time.monotonic() + self._pause

    def answered(self) -> None:
        """Note that it answered, if only to refuse."""
        if self._closed_until is not None:
            with self._lock:
                self._closed_until = None

"""A progress line for commands: clips done, rate, time left."""

import time

from django.core.management.base import OutputWrapper


class ProgressLine:
    """A callable (done, total) that rewrites a terminal's line, or adds a line to a file every half minute."""

    def __init__(self, out: OutputWrapper, verb: str) -> None:
        self.out, self.verb = out, verb
        self.terminal = bool(getattr(out, "isatty", lambda: False)())
        self.began = self.written = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first, self.began = done - 1, now
        if now - self.written < (0.5 if self.terminal else 30):
            return
        self.written = now
        rate = (done - self.first) / max(now - self.began, 1e-9)
        left = (total - done) / rate
        text = f"{self.verb} {done:,} of {total:,} clips, {rate:.1f} a second, {duration(left)} left"
        self.out.write(("\r" if self.terminal else "") + text, ending=" " * 4 if self.terminal else "\n")

    def close(self) -> None:
        """End the terminal's line."""
        if self.terminal:
            self.out.write("")


def duration(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"

"""A line of progress for commands: how many, how fast, how long still."""

import time

from django.core.management.base import OutputWrapper


class ProgressLine:
    """Called with (done, total); writes to a terminal's line, or every half minute to a file."""

    def __init__(self, out: OutputWrapper, verb: str) -> None:
        self.out, self.verb = out, verb
        self.terminal = bool(getattr(out, "isatty", lambda: False)())
        self.began = self.said = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first, self.began = done - 1, now
        if now - self.said < (0.5 if self.terminal else 30):
            return
        self.said = now
        rate = (done - self.first) / max(now - self.began, 1e-9)
        left = (total - done) / rate
        text = f"{self.verb} {done:,} of {total:,} clips, {rate:.1f} a second, {duration(left)} left"
        self.out.write(("\r" if self.terminal else "") + text, ending=" " * 4 if self.terminal else "\n")

    def close(self) -> None:
        """Ends the terminal's line."""
        if self.terminal:
            self.out.write("")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"

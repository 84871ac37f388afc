"""A browser that notes how long the pages took, and which was the slowest."""

from collections.abc import Mapping
from dataclasses import dataclass

from study.simulation.transports import Browser, Fields, Reply


@dataclass
class PageTimes:
    """How many pages were asked for, and their times in milliseconds: the sum, and the slowest with its name."""

    pages: int = 0
    milliseconds: float = 0.0
    slowest: float = 0.0
    slowest_page: str = ""
    failed: int = 0  # replies with an error of the server

    def note(self, reply: Reply) -> None:
        self.pages += 1
        self.milliseconds += reply.milliseconds
        self.failed += reply.status >= 500
        if reply.milliseconds > self.slowest:
            self.slowest, self.slowest_page = reply.milliseconds, _name_of(reply.path)


@dataclass
class TimedBrowser:
    """Sends requests by another browser, and notes their times."""

    browser: Browser
    times: PageTimes

    def send(self, method: str, path: str, data: Fields | None, headers: Mapping[str, str]) -> Reply:
        reply = self.browser.send(method, path, data, headers)
        self.times.note(reply)
        return reply


def _name_of(path: str) -> str:
    """The page's name without anything of the person: /q/HANDLE/trial/3/ is “trial”, everything else the entry."""
    parts = path.strip("/").split("/")
    return parts[2] if parts[0] == "q" and len(parts) > 2 else "welcome"

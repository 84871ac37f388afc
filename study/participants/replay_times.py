"""When the events of a page happened: browsers send them in batches, so a time of arrival is up to half a minute late.

Each event tells when it happened by the clock of its page, in seconds since that page was loaded. An event cannot
arrive before it happened, so a page was loaded at the latest at the smallest difference of the two among its events.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# Browsers send what they have noted every 20 seconds; a greater step of the difference is another page, or a sleep.
SAME_PAGE_SECONDS = 60.0


class SentEvent(NamedTuple):
    """A stored event: the number of its trial, and when it arrived, in seconds since the person did."""

    trial: int | None
    kind: str
    data: Mapping[str, Any]
    arrived: float

    @property
    def clock(self) -> float | None:
        """Seconds since the page was loaded, by its own clock; None if the browser did not say."""
        return number(self.data.get("t"))


class Placed(NamedTuple):
    """An event at its time, in seconds since arrival.

    Attributes:
        until: when a sound that begins here stopped, or the absence that begins here ended; None if nothing lasts.
        clip_from, clip_to: where in the sound it began and stopped.
        heard: seconds of the sound that played from here on, of "play"; its seeks are taken off.
    """

    at: float
    trial: int | None
    kind: str
    data: Mapping[str, Any]
    until: float | None = None
    clip_from: float | None = None
    clip_to: float | None = None
    heard: float = 0.0


def number(value: Any) -> float | None:
    """A number that a browser sent; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def place(
    events: Sequence[SentEvent], clip_seconds: Mapping[int, float], answered: Mapping[int, float]
) -> list[Placed]:
    """Place events, in the order of their arrival, at their times; each comes back once, sorted by time.

    Args:
        clip_seconds: the length of each trial's sound.
        answered: when each trial got its last answer, in seconds since arrival.
    """
    placed: list[Placed] = []
    for page in _pages(events):
        origins = (event.arrived - event.clock for event in page if event.clock is not None)
        # No page was loaded before its person came: then a clock was set, and how long things took still holds.
        origin = max(0.0, min(origins, default=0.0))
        times = [event.arrived if event.clock is None else origin + event.clock for event in page]
        placed += _with_ends(page, times, clip_seconds, answered)
    return sorted(placed, key=lambda event: event.at)


def _pages(events: Sequence[SentEvent]) -> Iterator[list[SentEvent]]:
    """The events of one loaded page after the other: its clock only goes forward, as fast as the server's."""
    page: list[SentEvent] = []
    last: SentEvent | None = None  # with a clock
    for event in events:
        if event.clock is not None and last is not None and last.clock is not None:
            step = (event.arrived - event.clock) - (last.arrived - last.clock)
            if event.clock < last.clock or abs(step) > SAME_PAGE_SECONDS:
                yield page
                page = []
        page.append(event)
        last = event if event.clock is not None else last
    if page:
        yield page


class _Sound:
    """The sound while the events of a page are gone through: the event that began it, and where it is since when."""

    def __init__(self, found: list[Placed], clip_seconds: Mapping[int, float]) -> None:
        self._found = found
        self._clip_seconds = clip_seconds
        self._index: int | None = None
        self._since = self._position = self._heard = 0.0

    def begin(self, index: int, position: float) -> None:
        self.stop(self._found[index].at)
        self._index, self._since, self._position, self._heard = index, self._found[index].at, position, 0.0

    def jump(self, at: float, position: float) -> None:
        """Go on at another place; what was heard before stays heard."""
        self._heard += self._passed(at)
        self._since, self._position = at, position

    def stop(self, at: float) -> None:
        if self._index is None:
            return
        passed, row = self._passed(at), self._found[self._index]
        self._found[self._index] = row._replace(
            until=max(row.at, self._since + passed),
            clip_to=round(self._position + passed, 1),
            heard=self._heard + passed,
        )
        self._index = None

    def leave_page(self, last: float, answered: Mapping[int, float]) -> None:
        """Stop when the trial was answered, which leads to another page, or else with the page's last event."""
        if self._index is not None:
            self.stop(max(last, answered.get(self._found[self._index].trial or 0, 0.0)))

    def _passed(self, at: float) -> float:
        """Seconds that have played since the last jump: at most to the end of the sound."""
        if self._index is None:
            return 0.0
        length = self._clip_seconds.get(self._found[self._index].trial or 0, 0.0)
        return max(0.0, min(at - self._since, length - self._position))


_BEGINNING_OF = {"visible": "hidden", "online": "offline"}


def _with_ends(
    page: Sequence[SentEvent],
    times: Sequence[float],
    clip_seconds: Mapping[int, float],
    answered: Mapping[int, float],
) -> list[Placed]:
    """The events of one page; those that begin something know when it ended."""
    found = [Placed(at, event.trial, event.kind, event.data) for event, at in zip(page, times, strict=True)]
    sound = _Sound(found, clip_seconds)
    away: dict[str, int] = {}
    for index, (event, at) in enumerate(zip(page, times, strict=True)):
        said = number(event.data.get("to" if event.kind == "seek" else "at"))
        position = max(0.0, said or 0.0)
        if event.kind in ("play", "pause", "seek") and said is not None:
            found[index] = found[index]._replace(clip_from=round(position, 1))
        if event.kind == "play":
            sound.begin(index, position)
        elif event.kind == "seek" and said is not None:
            sound.jump(at, position)
        elif event.kind in ("pause", "ended", "shown"):  # the page of the next trial stops the sound before
            sound.stop(at)
        elif event.kind in ("hidden", "offline"):
            away.setdefault(event.kind, index)
        elif (began := away.pop(_BEGINNING_OF.get(event.kind, ""), None)) is not None:
            found[began] = found[began]._replace(until=at)
    sound.leave_page(max(times), answered)
    for began in away.values():
        found[began] = found[began]._replace(until=max(times))
    return found

"""One image as one person saw it, and the parts of a trial page."""

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from study.simulation.walking import SurveyBroken


@dataclass
class Observation:
    """One image as one person saw it; `seen` has the tokens of each channel."""

    person: int
    trial: int
    clip: int
    condition: int
    letter: str
    seen: dict[str, list[str]] = field(default_factory=dict)

    def note(self, channel: str, *values: Any) -> None:
        self.seen.setdefault(channel, []).extend(sys.intern(str(value)) for value in values)


class _Outline(HTMLParser):
    """Collects a page as a flat list of (element, attribute, value), texts and comments included."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.facts: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.facts.append((tag, "", ""))
        self.facts += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.facts.append(("text", "", data))

    def handle_comment(self, data: str) -> None:
        self.facts.append(("comment", "", data))


def facts_of(source: str) -> list[tuple[str, str, str]]:
    """Return a page as a flat list of (element, attribute, value)."""
    outline = _Outline()
    outline.feed(source)
    return outline.facts


def block_of(source: str, letter: str) -> str:
    """Return the part of the trial page that shows the image with this letter."""
    mark = f'data-letter="{letter}"'
    place = source.find(mark)
    if place < 0:
        raise SurveyBroken(f"The trial page has no image {letter}.")
    ends = [source.find(other, place + len(mark)) for other in ('<div class="choice', "</fieldset>")]
    return source[source.rfind("<", 0, place) : min(end for end in [*ends, len(source)] if end > 0)]


def without_blocks(source: str) -> str:
    """Return the trial page without its images."""
    return re.sub(r'<fieldset class="choices">.*?</fieldset>', "", source, flags=re.DOTALL)

"""A drawn figure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A drawn figure; `svg` is a whole SVG document, `key` names its file."""

    key: str
    title: str
    svg: str
    caption: str

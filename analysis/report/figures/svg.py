"""Elements of SVG figures as text: no library and no script, so that the report stays one file and prints well."""

import math
import re
from collections.abc import Sequence
from html import escape

from analysis.report.context import ConditionView
from analysis.report.text.number_format import plain

WIDTH = 720
LABELS = 190  # width of the column of row names at the left
INK, QUIET, GRID, MARK = "#1b1c1e", "#5c5f64", "#dfe0e2", "#8a5a00"
_FONT = "font-family=\"system-ui, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif\""


def document(height: float, title: str, description: str, body: Sequence[str]) -> str:
    """A whole SVG of width `WIDTH`, with title and description for screen readers."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" width="{WIDTH}" '
        f'height="{height:.0f}" {_FONT} font-size="13" fill="{INK}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(body)}</svg>"
    )


MARK_HEIGHT = 22
_HEIGHT = re.compile(rf'viewBox="0 0 {WIDTH} (\d+)"(.*?)height="\1"', re.DOTALL)


def height_of(svg: str) -> float:
    """The height of a figure of `document`, whose width is `WIDTH`."""
    return float(_height(svg)[1])


def _height(svg: str) -> re.Match[str]:
    found = _HEIGHT.search(svg)
    if found is None:
        raise ValueError("This figure has no height, so nothing can be written below it.")
    return found


def marked(svg: str, mark: str) -> str:
    """Return a figure of `document` with a line of words below it; unchanged without words."""
    if not mark:
        return svg
    found = _height(svg)
    height = int(found[1]) + MARK_HEIGHT
    taller = svg.replace(found[0], f'viewBox="0 0 {WIDTH} {height}"{found[2]}height="{height}"', 1)
    words = text(WIDTH - 8, height - 7, mark, anchor="end", colour=MARK, weight=700)
    return f"{taller.removesuffix('</svg>')}{words}</svg>"


def element(name: str, **attributes: float | str) -> str:
    """An empty element; `stroke_width` becomes `stroke-width`, a float has one decimal."""
    return f"<{name}{_attributes(attributes)}/>"


def _attributes(attributes: dict[str, float | str]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{f"{value:.1f}" if isinstance(value, float) else escape(str(value))}"'
        for name, value in attributes.items()
    )


def line(start: tuple[float, float], end: tuple[float, float], **style: float | str) -> str:
    """A line between two points (x, y)."""
    (x1, y1), (x2, y2) = start, end
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **style)


def text(
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "start",
    colour: str = INK,
    size: int = 13,
    weight: int = 400,
) -> str:
    """One line of text with its baseline at y."""
    attributes = _attributes(
        {"x": float(x), "y": float(y), "text-anchor": anchor, "fill": colour, "font-size": size, "font-weight": weight}
    )
    return f"<text{attributes}>{escape(content)}</text>"


def small_text(x: float, y: float, content: str, *, anchor: str = "start") -> str:
    """Text for the numbers beside and below the marks."""
    return text(x, y, content, anchor=anchor, colour=QUIET, size=12)


def shorten(label: str, length: int = 27) -> str:
    """The label, cut with an ellipsis if it is longer than `length`."""
    return label if len(label) <= length else label[: length - 1] + "…"


def fill_of(view: ConditionView, identity: str) -> tuple[str, str]:
    """(definition, fill) of an area drawn for `view`: plain, or hatched under the id `identity` if hollow."""
    if not view.hollow:
        return "", view.colour
    hatch = (
        f'<pattern id="{identity}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="#fff"/><rect width="2.4" height="5" fill="{view.colour}"/></pattern>'
    )
    return f"<defs>{hatch}</defs>", f"url(#{identity})"


class Scale:
    """Maps values in [low, high] linearly to coordinates in [start, end]."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About `wanted` round numbers that cover [low, high]."""
    if not high > low:
        high = low + 1.0
    raw = (high - low) / max(1, wanted - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def tick_label(tick: float, ticks: Sequence[float]) -> str:
    """The number at a tick, with as many decimals as the distance between the ticks needs."""
    if all(float(each).is_integer() for each in ticks):
        return plain(tick, 0)
    return plain(tick, 1 if len(ticks) < 2 or ticks[1] - ticks[0] >= 0.1 else 2)


def vertical_grid(labels: dict[float, str], scale: Scale, top: float, bottom: float) -> list[str]:
    """A grid line at each value of `labels`, with its label below."""
    drawn = []
    for value, label in labels.items():
        x = scale(value)
        drawn.append(line((x, top), (x, bottom), stroke=GRID))
        drawn.append(small_text(x, bottom + 18, label, anchor="middle"))
    return drawn

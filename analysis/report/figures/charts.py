"""The kinds of charts, as SVG.

Colour marks the tag set and fill the prompt form, so that charts can be read in grey.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.report.context import ClipView, ConditionView
from analysis.report.figures.svg import (
    GRID,
    INK,
    LABELS,
    QUIET,
    WIDTH,
    Scale,
    document,
    element,
    fill_of,
    line,
    round_ticks,
    shorten,
    small_text,
    text,
    tick_label,
    vertical_grid,
)
from analysis.report.text.number_format import percent, plain

LEFT = LABELS + 12  # where the marks begin, right of the row names


@dataclass(frozen=True)
class DotRow:
    """A row of `dots_with_intervals`: an estimate, its interval if there is one, and smaller values below it."""

    view: ConditionView
    estimate: float
    interval: Sequence[float] | None = None
    marks: Sequence[float] = ()


@dataclass(frozen=True)
class ChoiceShares:
    """Shares of ballots with the condition as 1st and as 2nd choice."""

    view: ConditionView
    first: float
    second: float


@dataclass(frozen=True)
class Bar:
    """A bar with the value that was expected, if there is one."""

    label: str
    value: float
    expected: float | None = None


def dots_with_intervals(
    rows: Sequence[DotRow],
    *,
    title: str,
    description: str,
    zero_line: bool = False,
    compact: bool = False,
    ends: tuple[float, float] | None = None,
) -> str:
    """A dot and an interval in each row, small marks below; `compact`: low rows for long lists.

    `ends`: of the scale, whose whole numbers are then the axis; None: from 0 or the lowest value on.
    """
    values = [value for row in rows for value in (row.estimate, *(row.interval or ()), *row.marks)]
    if ends:
        ticks = [float(number) for number in range(int(ends[0]), int(ends[1]) + 1)]
    else:
        ticks = round_ticks(min([*values, 0.0]), max(values))
    scale = Scale(ticks[0], ticks[-1], LEFT, WIDTH - 24)
    step, top, radius = (24.0, 12.0, 5) if compact else (44.0, 12.0, 7)
    bottom = top + step * len(rows) + (8 if compact else 0)
    body = vertical_grid({tick: tick_label(tick, ticks) for tick in ticks}, scale, top, bottom)
    if zero_line:
        body.append(line((scale(0), top), (scale(0), bottom), stroke=INK, stroke_width=1))
    for index, row in enumerate(rows):
        y = top + step * (index + 0.5) - (0 if compact else 4)
        colour = row.view.colour
        body.append(text(0, y + 4, shorten(row.view.label)))
        for mark in row.marks:
            x = scale(mark)
            body.append(line((x, y + radius + 5), (x, y + radius + 13), stroke=QUIET, stroke_opacity=0.7))
        if row.interval:
            low, high = row.interval
            body.append(line((scale(low), y), (scale(high), y), stroke=colour, stroke_width=3))
        fill = "#fff" if row.view.hollow else colour
        body.append(element("circle", cx=scale(row.estimate), cy=y, r=radius, fill=fill, stroke=colour, stroke_width=3))
    return document(bottom + 28, title, description, body)


def rank_shares(rows: Sequence[ChoiceShares], *, title: str, description: str) -> str:
    """Bars from the left: the share of answers with the condition 1st (full), then 2nd (pale)."""
    step, top = 40.0, 8.0
    scale = Scale(0.0, 1.0, LEFT, WIDTH - 24)
    bottom = top + step * len(rows)
    body = vertical_grid({tick / 4: percent(tick / 4) for tick in range(5)}, scale, top, bottom)
    for index, row in enumerate(rows):
        y = top + step * index + 8
        colour = row.view.colour
        definition, fill = fill_of(row.view, f"rank{index}")
        start, middle, end = scale(0), scale(row.first), scale(row.first + row.second)
        body += [
            definition,
            text(0, y + 16, shorten(row.view.label)),
            element("rect", x=start, y=y, width=max(0.0, middle - start), height=24, fill=fill, stroke=colour),
            element(
                "rect",
                x=middle,
                y=y,
                width=max(0.0, end - middle),
                height=24,
                fill=colour,
                fill_opacity="0.16",
                stroke=colour,
                stroke_dasharray="3 2",
            ),
        ]
        shares = f"{percent(row.first)} · {percent(row.second)}"
        if row.first + row.second < 0.8:
            body.append(small_text(end + 6, y + 16, shares))
        else:  # too little space right of the bar: on white within it
            body.append(element("rect", x=end - 88, y=y + 3, width=84, height=18, rx=3, fill="#fff"))
            body.append(small_text(end - 8, y + 16, shares, anchor="end"))
    return document(bottom + 28, title, description, body)


def heat_map(
    clips: Sequence[ClipView],
    conditions: Sequence[ConditionView],
    by_clip: Mapping[str, Mapping[str, float | None]],
    *,
    title: str,
    description: str,
    lowest: float = 0.0,
    highest: float | None = None,
    compact: bool = False,
    number: Callable[[float], str] | None = None,
) -> str:
    """Points of each clip under each condition, darker for more, beside the images if the clips have them.

    `lowest`, `highest`: the values of the lightest and the darkest cell; None: the highest value in this map. A value
    that is None has no number. `compact`: low rows for long lists. `number`: writes a value; None: as points.
    """

    def value_of(clip: ClipView, view: ConditionView) -> float | None:
        return by_clip.get(clip.key, {}).get(view.key, 0.0)

    height = 76.0 if any(clip.images for clip in clips) else 16.0 if compact else 34.0
    width = (WIDTH - LEFT) / max(1, len(conditions))
    top, gap = 34.0, 2.0 if compact else 4.0
    highest = highest or max((value_of(clip, view) or 0.0 for clip in clips for view in conditions), default=0.0) or 1.0
    body = [
        text(
            LEFT + width * (column + 0.5), 20, shorten(view.label, int(width / 7)), anchor="middle", size=12, weight=600
        )
        for column, view in enumerate(conditions)
    ]
    for row, clip in enumerate(clips):
        y = top + row * (height + gap)
        body.append(text(0, y + height / 2 + 4, shorten(clip.label)))
        for column, view in enumerate(conditions):
            x = LEFT + width * column
            image = clip.images.get(view.key)
            value = value_of(clip, view)
            lightness = 97 - 62 * ((lowest if value is None else value) - lowest) / (highest - lowest)
            words = "—" if value is None else (number or _points)(value)
            body += _heat_cell(x, y, width, height, words, lightness, image, compact)
    return document(top + len(clips) * (height + gap) + 4, title, description, body)


def _heat_cell(
    x: float,
    y: float,
    width: float,
    height: float,
    number: str,
    lightness: float,
    image: str | None,
    compact: bool,
) -> list[str]:
    """A cell of `heat_map` with its number, and with the image at the left if there is one."""
    shade = f"hsl(210 18% {lightness:.0f}%)"
    drawn = [element("rect", x=x, y=y, width=width - 4, height=height, rx=4, fill=shade)]
    middle = x + (width - 4) / 2
    if image:
        size = height - 8
        drawn.append(element("image", x=x + 4, y=y + 4, width=size, height=size, href=image))
        middle = x + 4 + size + (width - 8 - size) / 2
    ink = "#fff" if lightness < 52 else INK
    size_of_number = 11 if compact else 14
    drawn.append(text(middle, y + height / 2 + 5, number, anchor="middle", colour=ink, size=size_of_number, weight=600))
    return drawn


def _points(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else plain(value, 1)


def bars(rows: Sequence[Bar], *, title: str, description: str) -> str:
    """Horizontal grey bars; an upright mark shows the expected value."""
    highest = max([1e-9, *(row.value for row in rows), *(row.expected or 0.0 for row in rows)])
    scale = Scale(0.0, highest * 1.12, LEFT, WIDTH - 40)
    step, top = 34.0, 6.0
    body: list[str] = []
    for index, row in enumerate(rows):
        y = top + step * index + 4
        end = scale(row.value)
        body.append(text(0, y + 16, shorten(row.label)))
        body.append(element("rect", x=scale(0), y=y, width=end - scale(0), height=22, rx=3, fill="#8b8e94"))
        if row.expected is not None:
            x = scale(row.expected)
            body.append(line((x, y - 3), (x, y + 25), stroke=INK, stroke_width=2))
            end = max(end, x)
        number = f"{row.value:.0f}" if float(row.value).is_integer() else plain(row.value, 2)
        body.append(small_text(end + 8, y + 16, number))
    return document(top + step * len(rows) + 8, title, description, body)


def weight_lines(
    rows: Sequence[ChoiceShares],
    *,
    used: float,
    crossings: Sequence[float],
    title: str,
    description: str,
) -> str:
    """Mean points of each condition, first + ratio × second, for ratios of the weights from 0 to 1.

    Args:
        rows: one line for each.
        used: the study's own ratio w2/w1, marked.
        crossings: ratios at which two conditions change places, marked.
    """
    left, right, top, bottom = 56, WIDTH - 190, 16, 250
    highest = max((row.first + row.second for row in rows), default=1.0) or 1.0
    ticks = round_ticks(0.0, highest, 5)
    across, up = Scale(0.0, 1.0, left, right), Scale(ticks[0], ticks[-1], bottom, top)
    body: list[str] = []
    for tick in ticks:
        body.append(line((left, up(tick)), (right, up(tick)), stroke=GRID))
        body.append(small_text(left - 8, up(tick) + 4, plain(tick, 1 if highest > 0.5 else 2), anchor="end"))
    for ratio in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(small_text(across(ratio), bottom + 20, plain(ratio, 2), anchor="middle"))
    body.append(line((across(used), top), (across(used), bottom), stroke=INK, stroke_dasharray="2 3"))
    body.append(small_text(across(used) + 5, top + 10, _("used here")))
    for ratio in crossings:
        if 0 <= ratio <= 1:
            x = across(ratio)
            body.append(line((x, bottom - 8), (x, bottom + 6), stroke=INK, stroke_width=2))
    for row in rows:
        dashes = {"stroke_dasharray": "7 4"} if row.view.hollow else {}
        start, end = (across(0), up(row.first)), (across(1), up(row.first + row.second))
        body.append(line(start, end, stroke=row.view.colour, stroke_width=3, **dashes))
    lowest = -math.inf
    for row in sorted(rows, key=lambda row: up(row.first + row.second)):
        lowest = max(up(row.first + row.second), lowest + 16)  # labels must not overlap
        body.append(text(right + 8, lowest + 4, shorten(row.view.label, 25), size=12))
    body.append(
        small_text((left + right) / 2, bottom + 40, _("worth of a 2nd choice, as a share of a 1st"), anchor="middle")
    )
    return document(bottom + 50, title, description, body)

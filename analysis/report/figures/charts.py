"""Figures as plain SVG text: crisp in print, no library, no script; every one has a title and a description.

Hue says the tag set, fill the prompt form, so that figures read in grey and for the colour-blind.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape

from django.utils.translation import gettext as _

from analysis.report.context import ClipView, ConditionView
from analysis.report.text.number_format import plain

WIDTH = 720
LABELS = 190  # room for condition names at the left
INK, QUIET, GRID = "#1b1c1e", "#5c5f64", "#dfe0e2"
_FONT = "font-family=\"system-ui, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif\""


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About `wanted` round numbers that cover [low, high]."""
    if not high > low:
        high = low + 1.0
    raw = (high - low) / max(1, wanted - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _svg(height: float, title: str, description: str, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" width="{WIDTH}" '
        f'height="{height:.0f}" {_FONT} font-size="13" fill="{INK}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(body)}</svg>"
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    colour: str = INK,
    size: int = 13,
    weight: int = 400,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )


def _hatch(identity: str, colour: str) -> str:
    return (
        f'<pattern id="{identity}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="#fff"/><rect width="2.4" height="5" fill="{colour}"/></pattern>'
    )


def _fill(view: ConditionView, identity: str) -> tuple[str, str]:
    """(definition, fill) of an area drawn for `view`."""
    if not view.hollow:
        return "", view.colour
    return _hatch(identity, view.colour), f"url(#{identity})"


def _short(label: str, length: int = 27) -> str:
    return label if len(label) <= length else label[: length - 1] + "…"


def _axis(ticks: Sequence[float], place: "Scale", top: float, bottom: float) -> list[str]:
    digits = (
        0
        if all(float(tick).is_integer() for tick in ticks)
        else (1 if len(ticks) < 2 or ticks[1] - ticks[0] >= 0.1 else 2)
    )
    rows = []
    for tick in ticks:
        x = place(tick)
        rows.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        rows.append(_text(x, bottom + 18, plain(tick, digits), anchor="middle", colour=QUIET, size=12))
    return rows


class Scale:
    """From a value to a place on the page."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def dots_with_intervals(
    rows: Sequence[tuple[ConditionView, float, Sequence[float] | None, Sequence[float]]],
    *,
    title: str,
    description: str,
    zero_line: bool = False,
    compact: bool = False,
) -> str:
    """A dot and a 95 % interval per condition, and small marks for its clips.

    Args:
        rows: (condition, estimate, (low, high) or None, marks) per row, in the order to draw.
        compact: low rows for long lists.
    """
    values = (
        [row[1] for row in rows] + [end for row in rows for end in (row[2] or ())] + [m for row in rows for m in row[3]]
    )
    low, high = min([*values, 0.0]), max(values)
    ticks = nice_ticks(low, high)
    place = Scale(ticks[0], ticks[-1], LABELS + 12, WIDTH - 24)
    step, top, size = (24.0, 12.0, 5) if compact else (44.0, 12.0, 7)
    bottom = top + step * len(rows) + (8 if compact else 0)
    body = _axis(ticks, place, top, bottom)
    if zero_line:
        body.append(
            f'<line x1="{place(0):.1f}" y1="{top}" x2="{place(0):.1f}" y2="{bottom}" stroke="{INK}" stroke-width="1"/>'
        )
    for index, (view, estimate, ends, marks) in enumerate(rows):
        y = top + step * (index + 0.5) - (0 if compact else 4)
        body.append(_text(0, y + 4, _short(view.label)))
        body += [
            f'<line x1="{place(mark):.1f}" y1="{y + size + 5:.1f}" x2="{place(mark):.1f}" y2="{y + size + 13:.1f}" stroke="{QUIET}" stroke-opacity="0.7"/>'
            for mark in marks
        ]
        if ends:
            body.append(
                f'<line x1="{place(ends[0]):.1f}" y1="{y:.1f}" x2="{place(ends[1]):.1f}" y2="{y:.1f}" stroke="{view.colour}" stroke-width="3"/>'
            )
        fill = "#fff" if view.hollow else view.colour
        body.append(
            f'<circle cx="{place(estimate):.1f}" cy="{y:.1f}" r="{size}" fill="{fill}" stroke="{view.colour}" stroke-width="3"/>'
        )
    return _svg(bottom + 28, title, description, body)


def rank_shares(rows: Sequence[tuple[ConditionView, float, float]], *, title: str, description: str) -> str:
    """Bars from the left: the share of answers with the condition 1st (full), then 2nd (pale)."""
    step, top = 40.0, 8.0
    place = Scale(0.0, 1.0, LABELS + 12, WIDTH - 24)
    bottom = top + step * len(rows)
    body: list[str] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = place(tick)
        body.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        body.append(_text(x, bottom + 18, f"{tick * 100:.0f} %", anchor="middle", colour=QUIET, size=12))
    for index, (view, first, second) in enumerate(rows):
        y = top + step * index + 8
        definition, fill = _fill(view, f"rank{index}")
        body.append(f"<defs>{definition}</defs>" if definition else "")
        body.append(_text(0, y + 16, _short(view.label)))
        x0, x1, x2 = place(0), place(first), place(first + second)
        body.append(
            f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(0, x1 - x0):.1f}" height="24" fill="{fill}" stroke="{view.colour}"/>'
        )
        body.append(
            f'<rect x="{x1:.1f}" y="{y:.1f}" width="{max(0, x2 - x1):.1f}" height="24" fill="{view.colour}" fill-opacity="0.16" stroke="{view.colour}" stroke-dasharray="3 2"/>'
        )
        shares = f"{first * 100:.0f} % · {second * 100:.0f} %"
        if first + second < 0.8:
            body.append(_text(x2 + 6, y + 16, shares, colour=QUIET, size=12))
        else:  # no room beside the bar: on a white ground within it
            body.append(f'<rect x="{x2 - 88:.1f}" y="{y + 3:.1f}" width="84" height="18" rx="3" fill="#fff"/>')
            body.append(_text(x2 - 8, y + 16, shares, anchor="end", colour=QUIET, size=12))
    return _svg(bottom + 28, title, description, body)


def heat_map(
    clips: Sequence[ClipView],
    conditions: Sequence[ConditionView],
    by_clip: Mapping[str, Mapping[str, float]],
    *,
    title: str,
    description: str,
    highest: float | None = None,
    compact: bool = False,
) -> str:
    """Points of each clip under each condition, darker for more, beside the images themselves where given.

    `highest`: the value of the darkest cell, None for the highest here; `compact`: low rows for long lists.
    """
    with_images = any(clip.images for clip in clips)
    height = 76.0 if with_images else 16.0 if compact else 34.0
    cell = (WIDTH - LABELS - 12) / max(1, len(conditions))
    top, gap = 34.0, 2.0 if compact else 4.0
    highest = (
        highest
        or max(
            (by_clip.get(clip.key, {}).get(view.key, 0.0) for clip in clips for view in conditions),
            default=0.0,
        )
        or 1.0
    )
    body = [
        _text(
            LABELS + 12 + cell * (index + 0.5),
            20,
            _short(view.label, int(cell / 7)),
            anchor="middle",
            size=12,
            weight=600,
        )
        for index, view in enumerate(conditions)
    ]
    for row, clip in enumerate(clips):
        y = top + row * (height + gap)
        body.append(_text(0, y + height / 2 + 4, _short(clip.label)))
        for index, view in enumerate(conditions):
            value = by_clip.get(clip.key, {}).get(view.key, 0.0)
            x = LABELS + 12 + cell * index
            share = value / highest
            lightness = 97 - 62 * share
            ink = "#fff" if lightness < 52 else INK
            body.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell - 4:.1f}" height="{height:.1f}" rx="4" fill="hsl(210 18% {lightness:.0f}%)"/>'
            )
            if clip.images.get(view.key):
                size = height - 8
                body.append(
                    f'<image x="{x + 4:.1f}" y="{y + 4:.1f}" width="{size:.1f}" height="{size:.1f}" href="{escape(clip.images[view.key])}"/>'
                )
                middle = x + 4 + size + (cell - 8 - size) / 2
            else:
                middle = x + (cell - 4) / 2
            number = f"{value:.0f}" if float(value).is_integer() else plain(value, 1)
            body.append(
                _text(
                    middle,
                    y + height / 2 + 5,
                    number,
                    anchor="middle",
                    colour=ink,
                    size=11 if compact else 14,
                    weight=600,
                )
            )
    return _svg(top + len(clips) * (height + gap) + 4, title, description, body)


def bars(rows: Sequence[tuple[str, float, float | None]], *, title: str, description: str, unit: str = "") -> str:
    """Horizontal grey bars; an upright mark shows what was expected.

    Args:
        rows: (label, value, expected or None).
    """
    highest = max([value for _label, value, _e in rows] + [expected or 0.0 for _l, _v, expected in rows] + [1e-9])
    place = Scale(0.0, highest * 1.12, LABELS + 12, WIDTH - 40)
    step, top = 34.0, 6.0
    body: list[str] = []
    for index, (label, value, expected) in enumerate(rows):
        y = top + step * index + 4
        body.append(_text(0, y + 16, _short(label)))
        body.append(
            f'<rect x="{place(0):.1f}" y="{y:.1f}" width="{place(value) - place(0):.1f}" height="22" rx="3" fill="#8b8e94"/>'
        )
        if expected is not None:
            x = place(expected)
            body.append(
                f'<line x1="{x:.1f}" y1="{y - 3:.1f}" x2="{x:.1f}" y2="{y + 25:.1f}" stroke="{INK}" stroke-width="2"/>'
            )
        shown = f"{value:.0f}" if float(value).is_integer() else plain(value, 2)
        body.append(_text(max(place(value), place(expected or 0)) + 8, y + 16, f"{shown}{unit}", colour=QUIET, size=12))
    return _svg(top + step * len(rows) + 8, title, description, body)


def weight_lines(
    rows: Sequence[tuple[ConditionView, float, float]],
    *,
    used: float,
    crossings: Sequence[float],
    title: str,
    description: str,
) -> str:
    """Mean points of each condition as the 2nd choice goes from worth nothing to worth as much as the 1st.

    Args:
        rows: (condition, share of 1st choices, share of 2nd choices); the line is first + ratio × second.
        used: the study's own ratio w2/w1, marked.
        crossings: ratios at which two conditions change places, marked.
    """
    highest = max((first + second for _view, first, second in rows), default=1.0) or 1.0
    ticks = nice_ticks(0.0, highest, 5)
    across, up = Scale(0.0, 1.0, 56, WIDTH - 190), Scale(ticks[0], ticks[-1], 250, 16)
    body: list[str] = []
    for tick in ticks:
        body.append(f'<line x1="56" y1="{up(tick):.1f}" x2="{WIDTH - 190}" y2="{up(tick):.1f}" stroke="{GRID}"/>')
        body.append(
            _text(48, up(tick) + 4, plain(tick, 1 if highest > 0.5 else 2), anchor="end", colour=QUIET, size=12)
        )
    for ratio in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(_text(across(ratio), 270, plain(ratio, 2), anchor="middle", colour=QUIET, size=12))
    body.append(
        f'<line x1="{across(used):.1f}" y1="16" x2="{across(used):.1f}" y2="250" stroke="{INK}" stroke-dasharray="2 3"/>'
    )
    body.append(_text(across(used) + 5, 26, _("used here"), colour=QUIET, size=12))
    body += [
        f'<line x1="{across(c):.1f}" y1="242" x2="{across(c):.1f}" y2="256" stroke="{INK}" stroke-width="2"/>'
        for c in crossings
        if 0 <= c <= 1
    ]
    ends = sorted(((up(first + second), view) for view, first, second in rows), key=lambda end: end[0])
    for view, first, second in rows:
        dash = ' stroke-dasharray="7 4"' if view.hollow else ""
        body.append(
            f'<line x1="{across(0):.1f}" y1="{up(first):.1f}" x2="{across(1):.1f}" y2="{up(first + second):.1f}" stroke="{view.colour}" stroke-width="3"{dash}/>'
        )
    previous = -math.inf
    for y, view in ends:
        y = max(y, previous + 16)
        body.append(_text(WIDTH - 182, y + 4, _short(view.label, 25), size=12))
        previous = y
    body.append(
        _text(
            (56 + WIDTH - 190) / 2,
            290,
            _("worth of a 2nd choice, as a share of a 1st"),
            anchor="middle",
            colour=QUIET,
            size=12,
        )
    )
    return _svg(300, title, description, body)

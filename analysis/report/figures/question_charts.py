"""The charts of questions of an instrument, as SVG: distributions, the matrix of pairs, the plane of two scales.

Like all charts they can be read in grey: fill and dashes mark what colour does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.report.context import ConditionView
from analysis.report.figures.charts import LEFT
from analysis.report.figures.svg import (
    GRID,
    INK,
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
)
from analysis.report.text.number_format import percent

POINTS_OF_ELLIPSE = 72


@dataclass(frozen=True)
class PlanePoint:
    """A condition's mean point on two scales, and the outline of its ellipse, none if there is no spread."""

    view: ConditionView
    centre: tuple[float, float]
    outline: Sequence[tuple[float, float]] = ()


def distribution_bars(
    rows: Sequence[tuple[ConditionView, Sequence[int]]],
    names: Sequence[str],
    *,
    ends: tuple[str, str],
    title: str,
    description: str,
) -> str:
    """Upright bars in each row: the share of the row's answers in each bin, the share written where there is room.

    Args:
        rows: a view, and its answers in each bin.
        names: of the bins.
        ends: words for the lowest and the highest number.
    """
    shares = [[n / max(1, sum(counts)) for n in counts] for _view, counts in rows]
    highest = max((share for row in shares for share in row), default=0.0) or 1.0
    height, step, top = 58.0, 84.0, 20.0
    width = (WIDTH - 16 - LEFT) / max(1, len(names))
    body: list[str] = []
    for index, ((view, counts), row) in enumerate(zip(rows, shares, strict=True)):
        base = top + step * index + height
        definition, fill = fill_of(view, f"bars{index}")
        body += [definition, text(0, base - height / 2 + 4, shorten(view.label))]
        body.append(small_text(0, base - height / 2 + 22, _("%(n)s answers") % {"n": f"{sum(counts):,}"}))
        body.append(line((LEFT, base), (WIDTH - 16, base), stroke=GRID))
        for column, share in enumerate(row):
            x, tall = LEFT + width * column, height * share / highest
            if not share:
                continue
            body.append(
                element("rect", x=x + 3, y=base - tall, width=width - 6, height=tall, fill=fill, stroke=view.colour)
            )
            body.append(small_text(x + width / 2, base - tall - 4, percent(share), anchor="middle"))
    bottom = top + step * (len(rows) - 1) + height
    for column, name in enumerate(names):
        body.append(small_text(LEFT + width * (column + 0.5), bottom + 18, name, anchor="middle"))
    for x, anchor, words in ((LEFT, "start", ends[0]), (WIDTH - 16.0, "end", ends[1])):
        if words:
            body.append(small_text(x, bottom + 36, shorten(words, 40), anchor=anchor))
    return document(bottom + (46 if any(ends) else 28), title, description, body)


def pair_matrix(
    views: Sequence[ConditionView],
    wins: Mapping[str, Mapping[str, int]],
    ties: Mapping[str, Mapping[str, int]],
    *,
    title: str,
    description: str,
) -> str:
    """The share of comparisons that the condition of the row won against that of the column, darker for more."""
    width, height, top = (WIDTH - LEFT) / max(1, len(views)), 46.0, 34.0
    body = [
        text(
            LEFT + width * (column + 0.5), 20, shorten(view.label, int(width / 7)), anchor="middle", size=12, weight=600
        )
        for column, view in enumerate(views)
    ]
    for row, view in enumerate(views):
        y = top + row * (height + 4)
        body.append(text(0, y + height / 2 + 4, shorten(view.label)))
        for column, other in enumerate(views):
            x = LEFT + width * column
            if view.key == other.key:
                body.append(text(x + (width - 4) / 2, y + height / 2 + 5, "—", anchor="middle", colour=QUIET))
                continue
            tied = ties.get(view.key, {}).get(other.key, 0)
            won = wins.get(view.key, {}).get(other.key, 0)
            n = won + wins.get(other.key, {}).get(view.key, 0) + tied
            if not n:
                body.append(small_text(x + (width - 4) / 2, y + height / 2 + 5, _("not compared"), anchor="middle"))
                continue
            share = (won + tied / 2) / n
            lightness = 97 - 62 * share
            ink = "#fff" if lightness < 52 else INK
            middle = x + (width - 4) / 2
            body += [
                element("rect", x=x, y=y, width=width - 4, height=height, rx=4, fill=f"hsl(210 18% {lightness:.0f}%)"),
                text(middle, y + 21, percent(share), anchor="middle", colour=ink, size=14, weight=600),
                text(middle, y + 38, f"n = {n}", anchor="middle", colour=ink, size=11),
            ]
    return document(top + len(views) * (height + 4) + 4, title, description, body)


def plane_chart(
    points: Sequence[PlanePoint],
    *,
    names: tuple[str, str],
    limits: tuple[tuple[float, float], tuple[float, float]],
    title: str,
    description: str,
) -> str:
    """Mean points with their ellipses on two scales, the first across; the cross marks the middle of both.

    The axes hold the ellipses and no more than the scales: `limits` are the ends of the two scales.
    """
    left, top, size = 70.0, 12.0, 400.0
    across, up = (_axis(points, place, limits[place], size, left, top) for place in (0, 1))
    body: list[str] = []
    for scale, ticks, is_across in ((*across, True), (*up, False)):
        for tick in ticks:
            place = scale(tick)
            ends = ((place, top), (place, top + size)) if is_across else ((left, place), (left + size, place))
            body.append(line(*ends, stroke=GRID))
            if is_across:
                body.append(small_text(place, top + size + 18, tick_label(tick, ticks), anchor="middle"))
            else:
                body.append(small_text(left - 8, place + 4, tick_label(tick, ticks), anchor="end"))
    x, y = across[0], up[0]
    for scale, middle, is_across in ((x, sum(limits[0]) / 2, True), (y, sum(limits[1]) / 2, False)):
        if min(scale.low, scale.high) < middle < max(scale.low, scale.high):
            place = scale(middle)
            ends = ((place, top), (place, top + size)) if is_across else ((left, place), (left + size, place))
            body.append(line(*ends, stroke=QUIET, stroke_dasharray="2 3"))
    for point in points:
        dashes = {"stroke_dasharray": "6 4"} if point.view.hollow else {}
        if point.outline:
            outline = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in point.outline)
            body.append(
                element(
                    "polygon",
                    points=outline,
                    fill=point.view.colour,
                    fill_opacity="0.08",
                    stroke=point.view.colour,
                    stroke_width=2,
                    **dashes,
                )
            )
    for number, point in enumerate(points, start=1):
        cx, cy = x(point.centre[0]), y(point.centre[1])
        fill = "#fff" if point.view.hollow else point.view.colour
        ink = point.view.colour if point.view.hollow else "#fff"
        body.append(element("circle", cx=cx, cy=cy, r=9, fill=fill, stroke=point.view.colour, stroke_width=2))
        body.append(text(cx, cy + 4, str(number), anchor="middle", colour=ink, size=11, weight=700))
        legend = top + 16 + 26 * (number - 1)
        body.append(
            element(
                "circle", cx=left + size + 28, cy=legend - 4, r=9, fill=fill, stroke=point.view.colour, stroke_width=2
            )
        )
        body.append(text(left + size + 28, legend, str(number), anchor="middle", colour=ink, size=11, weight=700))
        body.append(text(left + size + 46, legend, shorten(point.view.label, 25), size=12))
    body.append(text(left + size / 2, top + size + 42, names[0], anchor="middle", weight=600))
    middle = top + size / 2
    body.append(
        f'<g transform="rotate(-90 16 {middle:.0f})">'
        + text(16, middle, names[1], anchor="middle", weight=600)
        + "</g>"
    )
    return document(top + size + 54, title, description, body)


def _axis(
    points: Sequence[PlanePoint], place: int, limits: tuple[float, float], size: float, left: float, top: float
) -> tuple[Scale, list[float]]:
    """The scale of an axis and its ticks: wide enough for the points and ellipses, within the ends of the scale."""
    found = [corner[place] for point in points for corner in (point.centre, *point.outline)]
    low, high = max(limits[0], min(found)), min(limits[1], max(found))
    if high - low < (limits[1] - limits[0]) / 8:  # a difference of nothing must not fill the page
        middle = (low + high) / 2
        low, high = middle - (limits[1] - limits[0]) / 16, middle + (limits[1] - limits[0]) / 16
    ticks = round_ticks(low, high, 6)
    if place:
        return Scale(ticks[0], ticks[-1], top + size, top), ticks
    return Scale(ticks[0], ticks[-1], left, left + size), ticks


def ellipse(
    centre: Sequence[float], covariance: Sequence[Sequence[float]], radius2: float
) -> list[tuple[float, float]]:
    """Points of the outline (x − centre)' covariance⁻¹ (x − centre) = radius2; a line if the covariance is singular."""
    (a, b), (_b, c) = covariance
    middle, spread = (a + c) / 2, math.hypot((a - c) / 2, b)
    long, short = math.sqrt(max(0.0, radius2 * (middle + spread))), math.sqrt(max(0.0, radius2 * (middle - spread)))
    angle = math.atan2(2 * b, a - c) / 2
    cosine, sine = math.cos(angle), math.sin(angle)
    turns = [2 * math.pi * number / POINTS_OF_ELLIPSE for number in range(POINTS_OF_ELLIPSE)]
    return [
        (
            centre[0] + long * math.cos(turn) * cosine - short * math.sin(turn) * sine,
            centre[1] + long * math.cos(turn) * sine + short * math.sin(turn) * cosine,
        )
        for turn in turns
    ]

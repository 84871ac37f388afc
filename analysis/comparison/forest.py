"""The forest plot: each study's effect with its interval, the mean over all, and where a new study would lie."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.comparison.effects import TABLE
from analysis.comparison.words import contrast_label, method_label, unit_text
from analysis.report.figures.figure import Figure
from analysis.report.figures.svg import (
    INK,
    QUIET,
    WIDTH,
    Scale,
    document,
    element,
    line,
    marked,
    round_ticks,
    small_text,
    text,
    tick_label,
    vertical_grid,
)
from analysis.report.text.number_format import interval, percent, plain

LEFT, RIGHT = 206.0, 500.0  # of the plot; names stand left of it, numbers right
_NUMBERS, _WEIGHTS = 660.0, 716.0  # right ends of the columns
_MEAN, _BAR = "#0b5a6b", "#9fc3cb"
_TOP, _LARGEST = 30.0, 16.0  # of the first row; side of the heaviest study's square
_ROW = 28.0  # height of the rows below the studies
_MANY, _LOW = 20, 24.0  # more studies than these have low rows; the height of those
_LETTERS = 26  # of a name, a Korean letter counted twice


def forest_plot(found: Mapping[str, Any]) -> Figure:
    """The figure of a comparison; without two studies, of what there is."""
    studies, together = found["studies"], found["combined"]
    title = contrast_label(found["contrast"])
    step = _step(studies)
    bottom = _TOP + step * len(studies) + (0 if together is None else 14 + _ROW * len(_means(found)))
    scale = _scale_of(studies, together)
    ticks = [tick for tick in round_ticks(scale.low, scale.high) if scale.low <= tick <= scale.high]
    body = [*_heading(together), *vertical_grid({t: tick_label(t, ticks) for t in ticks}, scale, _TOP, bottom)]
    if scale.low <= 0 <= scale.high:
        body.append(line((scale(0), _TOP), (scale(0), bottom), stroke=INK, stroke_width=1))
    for place, study in enumerate(studies):
        body += _study_row(study, _heaviest(studies), scale, _TOP + step * (place + 0.5), step)
    if together is not None:
        body += _mean_rows(found, scale, _TOP + step * len(studies))
    # The sides of the contrast, too: the figure is shown alone, and its numbers have signs.
    for row, words in enumerate((title, unit_text(found["measure"], found["unit"]))):
        body.append(small_text((LEFT + RIGHT) / 2, bottom + 38 + 16 * row, fitted(words, 90), anchor="middle"))
    svg = document(bottom + 64, title, _description(found), body)
    svg = marked(svg, _("simulated answers") if found["simulated"] else "")
    return Figure("forest-plot", title, svg, _caption(together))


def _step(studies: Sequence[Mapping[str, Any]]) -> float:
    """The height of a study's row: low in a crowd, else of its name's lines and that of its people."""
    if len(studies) > _MANY:
        return _LOW
    return max((24.0 + 16.0 * len(_name_lines(row["name"])) for row in studies), default=40.0)


def _caption(together: Mapping[str, Any] | None) -> str:
    """What the shapes are that are drawn."""
    said = [_("Squares: the studies' effects, their area by weight, with 95 % intervals.")]
    if together is not None:
        said.append(_("Diamonds: the mean, as wide as its interval."))
        said += [_("Bar: 95 % prediction interval of a new study.")] if together["prediction"] else []
    return " ".join(said)


def _description(found: Mapping[str, Any]) -> str:
    rows = [f"{row['name']}: {_estimate(row['estimate'], row['ci95'])}" for row in found["studies"]]
    if found["combined"]:
        mean = found["combined"]["mean"]
        rows.append(f"{method_label(found['method'])}: {_estimate(mean['estimate'], mean['ci95'])}")
    return "; ".join(rows)


def _estimate(estimate: float, ci95: Sequence[float]) -> str:
    return f"{plain(estimate)} ({interval(ci95)})"


def _heading(together: Mapping[str, Any] | None) -> list[str]:
    words = [text(0, 18, _("Study"), weight=650, size=12)]
    words.append(text(_NUMBERS, 18, _("Effect (95 % interval)"), anchor="end", weight=650, size=12))
    if together is not None:
        words.append(text(_WEIGHTS, 18, _("Weight"), anchor="end", weight=650, size=12))
    return words


def _scale_of(studies: Sequence[Mapping[str, Any]], together: Mapping[str, Any] | None) -> Scale:
    """From the lowest to the highest end of the studies' intervals, and 0; the mean's may widen it by half."""
    ends = [end for row in studies for end in row["ci95"]] or [-1.0, 1.0]
    low, high = min([*ends, 0.0]), max([*ends, 0.0])
    room = (high - low or 1.0) / 2
    wide = [] if together is None else [*together["mean"]["ci95"], *(together["prediction"] or ())]
    low, high = (
        max(low - room, min([low, *wide])),
        min(high + room, max([high, *wide])),
    )
    ticks = round_ticks(low, high)
    return Scale(min(low, ticks[0]), max(high, ticks[-1]), LEFT, RIGHT)


def _heaviest(studies: Sequence[Mapping[str, Any]]) -> float:
    return max((row["weight"] or 1.0 for row in studies), default=1.0)


def _study_row(study: Mapping[str, Any], heaviest: float, scale: Scale, y: float, step: float) -> list[str]:
    side = max(4.0, _LARGEST * math.sqrt((study["weight"] or 1.0) / heaviest)) * (0.75 if step == _LOW else 1.0)
    x, is_table = scale(study["estimate"]), study["origin"] == TABLE
    drawn = [*_range(study["ci95"], scale, y, INK, 1.6)]
    drawn.append(
        element(
            "rect",
            x=x - side / 2,
            y=y - side / 2,
            width=side,
            height=side,
            fill="#fff" if is_table else INK,
            stroke=INK,
            stroke_width=1.6,
        )
    )
    if step == _LOW:
        drawn.append(text(0, y + 4, fitted(study["name"])))
    else:
        lines = _name_lines(study["name"])
        top = y + 6 - 8 * len(lines)
        drawn += [text(0, top + 16 * row, part) for row, part in enumerate(lines)]
        drawn.append(small_text(0, top + 16 * len(lines) - 1, _who(study)))
    drawn.append(text(_NUMBERS, y + 4, _estimate(study["estimate"], study["ci95"]), anchor="end", size=12))
    if study["weight"] is not None:
        drawn.append(text(_WEIGHTS, y + 4, percent(study["weight"]), anchor="end", size=12))
    return drawn


def _who(study: Mapping[str, Any]) -> str:
    values = {"people": study["n_participants"], "clips": study["n_clips"]}
    if study["origin"] == TABLE:
        return _("table, %(people)s people × %(clips)s clips") % values
    return _("%(people)s people × %(clips)s clips") % values


def _means(found: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any] | None]]:
    """The rows below the studies: what each shows, its name, and its mean; None of the prediction."""
    together, method = found["combined"], found["method"]
    rows: list[tuple[str, str, Mapping[str, Any] | None]] = [("mean", method_label(method), together["mean"])]
    if together["prediction"] is not None:
        rows.append(("prediction", _("Prediction"), None))
    return rows if method == "fixed" else [*rows, ("fixed", method_label("fixed"), together["fixed"])]


def _mean_rows(found: Mapping[str, Any], scale: Scale, y: float) -> list[str]:
    """The mean by the method with the prediction bar, and the fixed effect as a hollow diamond below it."""
    drawn = [line((0, y + 4), (WIDTH, y + 4), stroke=QUIET)]
    for place, (kind, name, mean) in enumerate(_means(found)):
        middle, weight = y + 8 + _ROW * (place + 0.5), 650 if kind == "mean" else 400
        if mean is None:
            prediction = found["combined"]["prediction"]
            drawn += _range(prediction, scale, middle, _BAR, 7)
            numbers = interval(prediction)
        else:
            drawn += _diamond(mean, scale, middle, filled=kind == "mean")
            numbers = _estimate(mean["estimate"], mean["ci95"])
        drawn.append(text(0, middle + 4, fitted(name), weight=weight))
        drawn.append(text(_NUMBERS, middle + 4, numbers, anchor="end", size=12, weight=weight))
    return drawn


def _range(ends: Sequence[float], scale: Scale, y: float, colour: str, width: float) -> list[str]:
    """A line between two values; where it leaves the plot, an arrow shows that it goes on."""
    low, high = (min(max(scale(end), LEFT), RIGHT) for end in ends)
    drawn = [line((low, y), (high, y), stroke=colour, stroke_width=width)]
    for end, x, way in ((ends[0], low, 1), (ends[1], high, -1)):
        if not scale.low <= end <= scale.high:
            tip = f"{x:.1f},{y:.1f} {x + 7 * way:.1f},{y - 5:.1f} {x + 7 * way:.1f},{y + 5:.1f}"
            drawn.append(element("polygon", points=tip, fill=colour))
    return drawn


def _diamond(mean: Mapping[str, Any], scale: Scale, y: float, *, filled: bool) -> list[str]:
    middle = scale(mean["estimate"])
    low, high = (min(max(scale(end), LEFT), RIGHT) for end in mean["ci95"])
    points = f"{low:.1f},{y:.1f} {middle:.1f},{y - 9:.1f} {high:.1f},{y:.1f} {middle:.1f},{y + 9:.1f}"
    shape = element("polygon", points=points, fill=_MEAN if filled else "#fff", stroke=_MEAN, stroke_width=1.6)
    return [shape]


def _name_lines(name: str) -> list[str]:
    """A study's name in one line or two."""
    words = " ".join(name.split())
    if _room(words) <= _LETTERS:
        return [words]
    first = words[:_LETTERS]
    while _room(first) > _LETTERS:
        first = first[:-1]
    # Broken between words, if one ends in the line's second half.
    first = first[: max(first.rfind(" "), len(first) // 2)] if " " in first[len(first) // 2 :] else first
    return [first, fitted(words[len(first) :].strip())]


def fitted(label: str, letters: int = _LETTERS) -> str:
    """The label cut to the room of a row's name, in its middle: titles of one series often differ at their end."""
    if _room(label) <= letters:
        return label
    head, tail = label[: len(label) // 2], label[len(label) // 2 :]
    while _room(head) + _room(tail) + 1 > letters:
        head, tail = (head[:-1], tail) if _room(head) >= _room(tail) else (head, tail[1:])
    return f"{head.rstrip()}…{tail.lstrip()}"


def _room(label: str) -> int:
    """How many letters wide the label is; a wide letter takes the room of two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label)

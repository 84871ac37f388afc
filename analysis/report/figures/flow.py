"""The flow of people as a figure after CONSORT 2025: a column of stages, those who left beside the arrows.

No text is cut: it is broken into lines, and boxes and arrows grow with it.
"""

from collections.abc import Sequence
from unicodedata import east_asian_width

from analysis.report.context import Stage
from analysis.report.figures.svg import GRID, INK, QUIET, WIDTH, document, element, line, text

_LEFT, _BOX, _TOP, _HEIGHT, _LINE = 10.0, 260.0, 10.0, 46.0, 16.0
_MIDDLE = _LEFT + _BOX / 2
_BESIDE = _LEFT + _BOX + 40.0  # where what stands beside the column begins
_LETTER, _BOLD, _LARGE = 6.6, 7.4, 12.0  # widths of a Latin letter at size 12, of a bold digit, of a digit at size 20


def flow_chart(stages: Sequence[Stage], *, title: str, description: str, flags_title: str = "") -> str:
    """An SVG of the stages from top to bottom; each reason for leaving with its number at the right of its arrow.

    Args:
        flags_title: stands above the flags of a stage's people, in a box beside that of the stage.
    """
    body: list[str] = []
    y = _TOP
    for place, stage in enumerate(stages):
        if place:
            drawn, height = _box_beside([(f"{people:,}", reason) for reason, people in stage.left], y + 10)
            gap = max(34.0, height + 26.0)
            body.append(line((_MIDDLE, y), (_MIDDLE, y + gap - 7), stroke=INK))
            body.append(element("path", d=f"M{_MIDDLE - 4:.1f} {y + gap - 8:.1f}h8l-4 8z", fill=INK))
            if drawn:
                body.append(line((_MIDDLE, y + 10 + height / 2), (_BESIDE, y + 10 + height / 2), stroke=INK))
                body += drawn
            y += gap
        box, height = _stage(stage, y, edge=INK if place == len(stages) - 1 else QUIET)
        flags, beside = _box_beside([(people, flag) for flag, people in stage.flags], y, title=flags_title, dashed=True)
        if flags:
            body.append(line((_LEFT + _BOX, y + 20), (_BESIDE, y + 20), stroke=QUIET, stroke_dasharray="3 3"))
        body += [*box, *flags]
        # The arrow begins below the stage's box, what stands beside it below the flags.
        if beside > height and place < len(stages) - 1:
            body.append(line((_MIDDLE, y + height), (_MIDDLE, y + beside), stroke=INK))
        y += max(height, beside)
    return document(y + _TOP, title, description, body)


def _stage(stage: Stage, y: float, *, edge: str) -> tuple[list[str], float]:
    """The box of a stage with its number and words, and its height."""
    number = f"{stage.people:,}"
    x = _LEFT + 14 + _LARGE * len(number) + 8
    words = _lines(stage.label, _LEFT + _BOX - 8 - x)
    height = max(_HEIGHT, 22 + _LINE * len(words))
    first = y + height / 2 + 4 - _LINE * (len(words) - 1) / 2
    return [
        element("rect", x=_LEFT, y=y, width=_BOX, height=height, rx=6.0, fill="#fff", stroke=edge),
        text(_LEFT + 14, y + height / 2 + 7, number, size=20, weight=650),
        *(text(x, first + _LINE * row, part, size=12) for row, part in enumerate(words)),
    ], height


def _box_beside(
    rows: Sequence[tuple[str, str]], y: float, *, title: str = "", dashed: bool = False
) -> tuple[list[str], float]:
    """A box beside the column with a number and words in each row, and its height; nothing without rows."""
    if not rows:
        return [], 0.0
    numbers = max(_width(number) * _BOLD / _LETTER for number, _words in rows)
    edge, x = _BESIDE + 10 + numbers, _BESIDE + 10 + numbers + 10
    drawn: list[str] = []
    baseline = y + 18
    for part in _lines(title, WIDTH - 20 - _BESIDE) if title else ():
        drawn.append(text(_BESIDE + 10, baseline, part, colour=QUIET, size=12))
        baseline += _LINE
    for number, words in rows:
        drawn.append(text(edge, baseline, number, anchor="end", size=12, weight=650))
        for part in _lines(words, WIDTH - 20 - x):
            drawn.append(text(x, baseline, part, size=12))
            baseline += _LINE
        baseline += 2
    height = baseline - y - 8
    style = {"stroke": QUIET, "stroke_dasharray": "3 3"} if dashed else {"stroke": GRID}
    width = WIDTH - 10 - _BESIDE
    box = element("rect", x=_BESIDE, y=y, width=width, height=height, rx=6.0, fill="#fff", **style)
    return [box, *drawn], height


def _width(words: str) -> float:
    """About how wide the words are at size 12; a Korean letter is nearly twice as wide as a Latin one."""
    return sum(_LETTER * (1.8 if east_asian_width(letter) in "WF" else 1.0) for letter in words)


def _lines(words: str, width: float) -> list[str]:
    """The words in lines no wider than `width`; a single word that is wider is broken."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and _width(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines

"""The flow of people as a figure: a column of stages, with those who left beside the arrows (after CONSORT 2010)."""

from collections.abc import Sequence
from unicodedata import east_asian_width

from analysis.report.context import Stage
from analysis.report.figures.svg import GRID, INK, WIDTH, document, element, line, shorten, text

_BOX, _ROW, _TOP, _HEIGHT = 250.0, 20.0, 10.0, 46.0
_LETTER = 6.4  # the width of a Latin letter at size 12; a Korean one is nearly twice as wide


def flow_chart(stages: Sequence[Stage], *, title: str, description: str) -> str:
    """An SVG of the stages from top to bottom; each reason for leaving with its number at the right of its arrow."""
    body: list[str] = []
    y = _TOP
    middle = _BOX / 2 + 10
    for place, stage in enumerate(stages):
        if place:
            gap = max(34.0, 22.0 + _ROW * len(stage.left))
            body.append(line((middle, y), (middle, y + gap - 7), stroke=INK))
            body.append(element("path", d=f"M{middle - 4:.1f} {y + gap - 8:.1f}h8l-4 8z", fill=INK))
            body += _leaving(stage, middle, y, gap)
            y += gap
        edge = GRID if place < len(stages) - 1 else INK
        body.append(element("rect", x=10.0, y=y, width=_BOX, height=_HEIGHT, rx=6.0, fill="#fff", stroke=edge))
        body.append(text(24, y + 30, f"{stage.people:,}", size=20, weight=650))
        x = 36 + 12.0 * len(f"{stage.people:,}")
        words = _lines(stage.label, _letters(stage.label, _BOX - x))
        for row, words_of_row in enumerate(words):
            body.append(text(x, y + (28 if len(words) == 1 else 20 + 16 * row), words_of_row, size=12))
        y += _HEIGHT
    return document(y + _TOP, title, description, body)


def _leaving(stage: Stage, middle: float, y: float, gap: float) -> list[str]:
    if not stage.left:
        return []
    drawn = []
    top = y + (gap - 7 - _ROW * len(stage.left)) / 2
    for row, (reason, people) in enumerate(stage.left):
        baseline = top + _ROW * row + 14
        drawn.append(line((middle, baseline - 4), (middle + 40, baseline - 4), stroke=GRID))
        drawn.append(text(middle + 74, baseline, f"{people:,}", anchor="end", weight=650))
        x = middle + 84
        drawn.append(text(x, baseline, shorten(reason, _letters(reason, WIDTH - x - 10)), size=12))
    return drawn


def _letters(words: str, width: float) -> int:
    """How many letters of `words` fit into `width`."""
    wide = sum(east_asian_width(letter) in "WF" for letter in words)
    return int(width / (_LETTER * (1 + 0.8 * wide / max(1, len(words)))))


def _lines(label: str, length: int) -> list[str]:
    """The label in one or two lines."""
    if len(label) <= length or " " not in label:
        return [label]
    words, first = label.split(), ""
    while words and len(first) + len(words[0]) < length:
        first = f"{first} {words.pop(0)}".strip()
    return [first, shorten(" ".join(words), length)] if first and words else [shorten(label, length)]

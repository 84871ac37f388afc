"""The ends of the scales of ratings: as `--scale` names them, else as the answers show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.errors import DesignError
from analysis.tables.errors import TableError
from analysis.tables.long_rows import LongRows
from study.tables.notes import CODE_AS_NUMBER, SCALE_FOUND, TWO_SCALES

MOST_STEPS = 11  # a scale with more is treated as a slider: its answers are shown in ten equal bins
_ENDS = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)-(-?[0-9]+(?:\.[0-9]+)?)(:any)?")
# A person's answers stay this low by chance hardly ever if there are so many.
_SMALL, _ENOUGH = 10, 5


@dataclass(frozen=True)
class Ends:
    """The ends of a scale; `steps`: whole numbers 1 apart, None if every number between the ends is an answer."""

    lowest: float
    highest: float
    steps: int | None


def parse_scales(texts: Sequence[str]) -> dict[str, Ends]:
    """`match=1-7` or `1-7` as question → ends; the name "" is every question without its own. Raises DesignError."""
    found: dict[str, Ends] = {}
    for text in texts:
        name, _equals, ends = text.rpartition("=")
        name = name.strip()
        matched = _ENDS.fullmatch(ends.strip())
        if matched is None or float(matched[1]) >= float(matched[2]):
            raise DesignError(f"scale '{text}': write its lowest and highest number as 1-7, or QUESTION=1-7.")
        if name in found:
            raise DesignError(f"scale '{text}': name the ends of each question once.")
        found[name] = _ends(float(matched[1]), float(matched[2]), whole=matched[3] is None)
    return found


def _ends(lowest: float, highest: float, *, whole: bool) -> Ends:
    stepped = whole and lowest == int(lowest) and highest == int(highest) and highest - lowest < MOST_STEPS
    return Ends(lowest, highest, int(highest - lowest) + 1 if stepped else None)


def ends_of(rows: LongRows, question: str, numbers: np.ndarray, scales: Mapping[str, Ends]) -> Ends:
    """The ends of the scale on which `numbers` (M,) are; noted if they are taken from the numbers themselves.

    Raises TableError for a number that is not on the named scale.
    """
    given = numbers[~np.isnan(numbers)]
    if not len(given):
        raise TableError(f"{rows.table.file}: no answer to question '{question}' is a number; leave its rows out.")
    named = scales.get(question, scales.get(""))
    if named is None:
        return _found(rows, question, numbers, given)
    with np.errstate(invalid="ignore"):
        beyond = (numbers < named.lowest) | (numbers > named.highest)
        between = (numbers != np.rint(numbers)) & ~np.isnan(numbers) if named.steps else np.zeros(len(numbers), bool)
    scale = f"the scale of question '{question}' from {named.lowest:g} to {named.highest:g}"
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        rows.refuse(row, f"{numbers[row]:g} is not on {scale}; correct the value or --scale.")
    if between.any():
        row = int(np.flatnonzero(between)[0])
        rows.refuse(
            row,
            f"{numbers[row]:g} lies between two steps of {scale}; correct it, or write --scale "
            f"{question}={named.lowest:g}-{named.highest:g}:any if every number is an answer.",
        )
    return named


def _note_code(rows: LongRows, question: str, given: np.ndarray) -> None:
    """Note a number that seems to stand for a missing answer, as 99 or -1 do in tables of statistics programs."""
    distinct = np.unique(given)
    if len(distinct) < 4:
        return
    for code, others in ((distinct[-1], distinct[:-1]), (distinct[0], distinct[1:])):
        lowest, highest = others[0], others[-1]
        above = highest <= MOST_STEPS and code >= max(2 * _SMALL, 4 * highest)
        below = code < 0 <= lowest
        if above or below:
            rows.table.notes.add(
                CODE_AS_NUMBER,
                question=question,
                n=int((given == code).sum()),
                code=f"{code:g}",
                lowest=f"{lowest:g}",
                highest=f"{highest:g}",
            )


def _found(rows: LongRows, question: str, numbers: np.ndarray, given: np.ndarray) -> Ends:
    lowest, highest = float(given.min()), float(given.max())
    if lowest == highest:
        raise TableError(
            f"{rows.table.file}: every answer to question '{question}' is {lowest:g}, so the ends of its scale are not "
            f"known; name them: --scale {question}=1-7."
        )
    notes = rows.table.notes
    notes.add(SCALE_FOUND, question=question, lowest=f"{lowest:g}", highest=f"{highest:g}")
    _note_code(rows, question, given)
    here = ~np.isnan(numbers)
    people, place = np.unique(rows.participant[here], return_inverse=True)
    largest = np.full(len(people), -np.inf)
    np.maximum.at(largest, place, given)
    small = (largest <= _SMALL) & (np.bincount(place) >= _ENOUGH)
    if highest > 2 * _SMALL and small.any():
        notes.add(
            TWO_SCALES, question=question, n=int(small.sum()), people=len(people), small=_SMALL, highest=f"{highest:g}"
        )
    return _ends(lowest, highest, whole=bool((given == np.rint(given)).all()))

"""The questions of an instrument with their answers, as the statistics take them, from the rows of a ballot table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.statistics.ballots import NONE
from analysis.statistics.other_answers import Numbers, Picks
from analysis.statistics.pairs import LEFT, RIGHT, TIE, Pairs
from analysis.statistics.questions import Question
from analysis.statistics.rankings import Rankings
from analysis.statistics.value_results import TextCounts
from analysis.statistics.values import Values
from analysis.tables.errors import TableError
from analysis.tables.instrument_table import TrialRows
from study.instruments.content import TIE as TIE_WORD
from study.instruments.questions import Choose, Confidence, Instrument, Pair, Pick, Rate, Scale, Text


def questions_of(rows: TrialRows, instrument: Instrument, points: Sequence[float] = ()) -> list[Question]:
    """Each question, and each scale of ratings, with its answers, in their order.

    Two scales of the images in one question are a plane, valence across it if one is called so.

    Args:
        points: of the ranks of the question that chooses images.

    Raises:
        TableError: a ballot holds what the question cannot have as an answer.
    """
    found: list[Question] = []
    for question in instrument.questions:
        match question:
            case Choose(key=key):
                ranks = Question(name=key, kind="choose", data=_ranks(rows, question), points=tuple(points) or None)
                found.append(ranks)
            case Pair(key=key):
                found.append(Question(name=key, kind="pair", data=_pairs(rows, key)))
            case Rate(of="music"):
                found += [_of_music(rows, scale) for scale in question.scales]
            case Rate():
                found += _of_images(rows, question, in_parts=instrument.pair is not None)
            case Pick(key=key):
                found.append(Question(name=key, kind="pick", data=_picks(rows, question)))
            case Confidence(key=key, steps=steps):
                sure = _numbers(rows, key, 1, steps, steps)
                found.append(Question(name=key, kind="confidence", data=sure))
            case Text(key=key):
                found.append(Question(name=key, kind="text", data=_texts(rows, key)))
    return found


def _cells(rows: TrialRows) -> dict[str, Any]:
    return {
        "conditions": rows.conditions,
        "participants": rows.participants,
        "clips": rows.clips,
        "participant": rows.participant,
        "clip": rows.clip,
        "repeat": rows.repeat,
        "trial": rows.trial,
    }


def _ranks(rows: TrialRows, choose: Choose) -> Rankings:
    further = np.full((len(rows.contents), max(choose.ranks - 2, 0)), NONE, dtype=np.int8)
    place = {key: number for number, key in enumerate(rows.conditions)}
    for row, content in zip(further, rows.contents, strict=True):
        names = content.get(choose.key, [])
        if not isinstance(names, list) or len(names) > len(row) or not set(names) <= set(place):
            raise _impossible(choose.key, names)
        row[: len(names)] = [place[name] for name in names]
    ranks = np.column_stack([rows.first, rows.second, further[rows.content]])[:, : choose.ranks]
    return Rankings(**_cells(rows), ranks=ranks, order=rows.order)


def _pairs(rows: TrialRows, key: str) -> Pairs:
    left, right = rows.order[:, 0], rows.order[:, 1]
    if (rows.shown.sum(axis=1) != 2).any():
        raise TableError(f"question '{key}': each trial must show two images.")
    ties = np.array([content.get(key) == TIE_WORD for content in rows.contents], dtype=bool)[rows.content]
    chosen = np.select([ties, rows.first == left, rows.first == right], [TIE, LEFT, RIGHT], default=-1)
    if (chosen < 0).any():
        raise TableError(f"question '{key}': in a trial neither of the two images is chosen, and it is no tie.")
    return Pairs(**_cells(rows), left=left, right=right, chosen=chosen.astype(np.int8))


def _of_images(rows: TrialRows, question: Rate, *, in_parts: bool) -> Iterator[Question]:
    names = [scale.key for scale in question.scales]
    across, up = (names if "valence" not in names[1:] else names[::-1]) if len(names) == 2 else ("", "")
    for scale in question.scales:
        numbers, unsaid = _image_numbers(rows, scale)
        values = Values(
            **_cells(rows),
            values=numbers,
            cannot_say=unsaid if unsaid.any() else None,
            lowest=float(scale.lowest),
            highest=float(scale.highest),
            order=rows.order,
            part=rows.images if in_parts else None,
        )
        yield Question(
            name=scale.key,
            kind="rate",
            data=values,
            steps=None if scale.is_slider else scale.highest,
            plane_with=across if scale.key == up else None,
            of_chosen=question.of == "chosen",
        )


def _image_numbers(rows: TrialRows, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """The numbers given to images, NaN for none, and which people could not say; both (N, K)."""
    numbers = np.full((len(rows.contents), rows.k), np.nan)
    unsaid = np.zeros(numbers.shape, dtype=bool)
    place = {key: number for number, key in enumerate(rows.conditions)}
    for row, content in enumerate(rows.contents):
        given = content.get(scale.key, {})
        if not isinstance(given, Mapping) or not given.keys() <= place.keys():
            raise _impossible(scale.key, given)
        for name, value in given.items():
            if value is None:
                unsaid[row, place[name]] = True
            else:
                numbers[row, place[name]] = _number(scale.key, value)
    return numbers[rows.content], unsaid[rows.content]


def _of_music(rows: TrialRows, scale: Scale) -> Question:
    steps = None if scale.is_slider else scale.highest
    numbers = _numbers(rows, scale.key, scale.lowest, scale.highest, steps)
    return Question(name=scale.key, kind="rate", data=numbers)


def _numbers(rows: TrialRows, key: str, lowest: int, highest: int, steps: int | None) -> Numbers:
    given = np.full(len(rows.contents), np.nan)
    unsaid = np.zeros(len(rows.contents), dtype=bool)
    for row, content in enumerate(rows.contents):
        if (value := content.get(key)) is not None:
            given[row] = _number(key, value)
        unsaid[row] = key in content and value is None
    return Numbers(
        participants=rows.participants,
        participant=rows.participant,
        numbers=given[rows.content],
        lowest=float(lowest),
        highest=float(highest),
        steps=steps,
        unsaid=int(unsaid[rows.content].sum()),
    )


def _picks(rows: TrialRows, question: Pick) -> Picks:
    of_images = question.of == "images"
    images = rows.conditions if of_images else ("",)
    options = tuple(option.key for option in question.options)
    picked = np.zeros((len(rows.contents), len(images), len(options)), dtype=bool)
    answered = np.zeros((len(rows.contents), len(images)), dtype=bool)
    for row, content in enumerate(rows.contents):
        if question.key not in content:
            continue
        given = content[question.key] if of_images else {"": content[question.key]}
        if not isinstance(given, Mapping) or not given.keys() <= set(images):
            raise _impossible(question.key, given)
        for name, value in given.items():
            categories = value if isinstance(value, list) else [value]
            if not set(categories) <= set(options):
                raise _impossible(question.key, value)
            answered[row, images.index(name)] = True
            picked[row, images.index(name), [options.index(category) for category in categories]] = True
    return Picks(
        categories=options,
        participants=rows.participants,
        participant=rows.participant,
        picked=picked[rows.content],
        answered=answered[rows.content],
        conditions=rows.conditions if of_images else (),
    )


def _texts(rows: TrialRows, key: str) -> TextCounts:
    given = np.array([bool(content.get(key)) for content in rows.contents], dtype=bool)[rows.content]
    return TextCounts(trials=rows.n, given=int(given.sum()), participants=len(np.unique(rows.participant[given])))


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _impossible(key, value)
    return float(value)


def _impossible(key: str, value: Any) -> TableError:
    return TableError(f"question '{key}': '{str(value)[:80]}' cannot be an answer to it.")

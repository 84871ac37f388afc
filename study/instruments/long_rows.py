"""The answers of one trial, a row for each question and, where it is of images, image: the rows of the long table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from study.instruments.content import TIE
from study.instruments.questions import Choose, Confidence, Instrument, Pair, Pick, Question, Rate, Text


class LongRow(NamedTuple):
    """An answer to a question or on a scale; `image`: by its name, empty if it is of no image."""

    question: str
    kind: str
    image: str
    value: Any


def long_rows(
    instrument: Instrument, content: Mapping[str, Any], *, shown: Sequence[str], first: str, second: str
) -> Iterator[LongRow]:
    """Yield the answers of a trial in the order of the questions, and those of images in the order of `shown`.

    `value` of a choice is the rank, None for an image that was shown and not chosen; of a pair 1, 0.5 (tie) or 0; of a
    rating the number, None for "cannot say"; of a category its key, of several their keys joined by semicolons.

    Args:
        content: the ballot's, with names of images.
        shown: the names of the trial's images.
    """
    for question in instrument.questions:
        yield from _rows(question, content, shown, first, second)


def _rows(
    question: Question, content: Mapping[str, Any], shown: Sequence[str], first: str, second: str
) -> Iterator[LongRow]:
    match question:
        case Choose(key=key):
            chosen = [first, second, *content.get(key, ())]
            for image in shown:
                yield LongRow(key, "choose", image, chosen.index(image) + 1 if image in chosen else None)
        case Pair(key=key):
            is_tie = content.get(key) == TIE
            for image in shown:
                yield LongRow(key, "pair", image, 0.5 if is_tie else int(image == first))
        case Rate(scales=scales):
            for scale in scales:
                yield from _given(scale.key, "rate", content, shown)
        case Pick(key=key):
            for row in _given(key, "pick", content, shown):
                yield row._replace(value=";".join(row.value)) if isinstance(row.value, list) else row
        case Text(key=key) | Confidence(key=key):
            yield from _given(key, question.kind, content, shown)


def _given(key: str, kind: str, content: Mapping[str, Any], shown: Sequence[str]) -> Iterator[LongRow]:
    """Yield the answers that were given under a key: one, or one for each image that has one."""
    value = content.get(key)
    if isinstance(value, Mapping):
        yield from (LongRow(key, kind, image, value[image]) for image in shown if image in value)
    elif key in content:
        yield LongRow(key, kind, "", value)

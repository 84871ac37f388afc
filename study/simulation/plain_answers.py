"""Answers that depend on nothing but the positions of the images, as pilots of the blinding audit give them."""

from collections.abc import Iterator, Mapping
from typing import Any

from study.instruments.questions import Instrument, Pick, Rate, Text
from study.simulation.answering import Fields, Habits, ScaleUse, answer_as_expected, answer_trial


def answer_by_position(instrument: Instrument, images: int, expected: Mapping[str, Any] | None = None) -> Fields:
    """Return the same answer for every trial: the image at A is the best one, the last the worst.

    Args:
        expected: what an attention trial asks for.
    """
    best_first = [float(images - place) for place in range(images)]
    fields = answer_trial(instrument, lambda key: best_first, ScaleUse(), Habits(), lambda: 0.25)
    return answer_as_expected(instrument, fields, expected) if expected else fields


def incomplete_answer(instrument: Instrument, images: int) -> Fields:
    """Return an answer that every study with this instrument refuses: one image twice, or something missing."""
    fields = answer_by_position(instrument, images)
    if "second" in fields:
        return fields | {"second": fields["first"]}
    missing = "first" if "first" in fields else next(_required(instrument, fields))
    return {name: value for name, value in fields.items() if name != missing}


def _required(instrument: Instrument, fields: Fields) -> Iterator[str]:
    """Yield the last field of each question that has to be answered."""
    for question in instrument.questions:
        if isinstance(question, Pick | Text) and not question.required:
            continue
        key = question.scales[0].key if isinstance(question, Rate) else question.key
        yield from [name for name in fields if name.split(".")[1:2] == [key]][-1:]

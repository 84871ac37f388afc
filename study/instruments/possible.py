"""Whether a ballot's content is one that its instrument can give: for checks of what was stored, or comes in a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from study.instruments.answers import one_line
from study.instruments.content import TIE
from study.instruments.questions import (
    MOST_LETTERS,
    Choose,
    Confidence,
    Instrument,
    Pair,
    Pick,
    Question,
    Rate,
    Scale,
    Text,
)


def content_fault(
    instrument: Instrument,
    content: Any,
    *,
    shown: Sequence[str],
    first: str | None,
    second: str | None,
    none_fits: bool,
) -> str:
    """Return why a ballot cannot be one of the instrument, as a part of an English sentence; empty if it can.

    Args:
        content: its images, also those that it lists, by names.
        shown: the images of the trial, as the content names them.
    """
    if not isinstance(content, Mapping):
        return "its content is no object"
    if unknown := sorted(content.keys() - set(instrument.keys())):
        return f"it answers {unknown[0][:40]!r}, which the study does not ask"
    if fault := _fault_of_choice(instrument, content, shown, first, second, none_fits):
        return fault
    choose = instrument.choose
    further = content.get(choose.key, []) if choose is not None else []
    chosen = [image for image in (first, second, *further) if image is not None]
    for question in instrument.questions:
        if fault := _fault_of(question, content, shown, chosen):
            return fault
    return ""


def _fault_of_choice(
    instrument: Instrument,
    content: Mapping[str, Any],
    shown: Sequence[str],
    first: str | None,
    second: str | None,
    none_fits: bool,
) -> str:
    choose, pair = instrument.choose, instrument.pair
    if none_fits and choose is None:
        return "it says that no image fits, which the study does not ask"
    if choose is None and (second is not None or (first is not None and pair is None)):
        return "it chooses images, which the study does not ask"
    if choose is not None:
        further = content.get(choose.key, [])
        if not isinstance(further, list) or any(not isinstance(image, str) for image in further):
            return f"{choose.key}: its further choices are no list of images"
        ranked = [image for image in (first, second, *further) if image is not None]
        if (first is None) != none_fits or (further and second is None) or (first is None and second is not None):
            return f"{choose.key}: a choice before another is missing"
        if len(set(ranked)) != len(ranked) or not set(ranked) <= set(shown) or len(ranked) > choose.ranks:
            return f"{choose.key}: it ranks images twice, too many, or some that were not shown"
        if choose.key in content and not further:
            return f"{choose.key}: its further choices are empty"
    if pair is not None:
        tied = pair.key in content
        if tied and (content[pair.key] != TIE or not pair.tie):
            return f"{pair.key}: it is no answer of a pair"
        if tied == (first is not None) or (first is not None and first not in shown):
            return f"{pair.key}: it needs one of the two images, or a tie"
    return ""


def _fault_of(question: Question, content: Mapping[str, Any], shown: Sequence[str], chosen: Sequence[str]) -> str:
    match question:
        case Rate():
            wanted = chosen if question.of == "chosen" else shown
            found = (_fault_of_scale(scale, question.of, content, wanted) for scale in question.scales)
            return next(filter(None, found), "")
        case Pick():
            return _fault_of_pick(question, content, shown)
        case Text(key=key):
            if key not in content:
                return _missing(key) if question.required else ""
            text = content[key]
            is_line = isinstance(text, str) and 0 < len(text) <= MOST_LETTERS and one_line(text) == text
            return "" if is_line else f"{key}: it is no line of text"
        case Confidence(key=key):
            if key not in content:
                return _missing(key)
            return "" if _is_whole(content[key], 1, question.steps) else f"{key}: it is off the scale"
        case Choose() | Pair():
            return ""


def _fault_of_scale(scale: Scale, of: str, content: Mapping[str, Any], wanted: Sequence[str]) -> str:
    key = scale.key
    if of == "music":
        values = [content[key]] if key in content else []
    else:
        given = content.get(key, {})
        if not isinstance(given, Mapping) or given.keys() != set(wanted):
            return f"{key}: it does not rate the images that were to be rated"
        if not given:
            return f"{key}: it is empty" if key in content else ""
        values = list(given.values())
    if not values:
        return _missing(key)
    is_on = all(
        (value is None and scale.cannot_say) or _is_whole(value, scale.lowest, scale.highest) for value in values
    )
    return "" if is_on else f"{key}: it is off the scale"


def _fault_of_pick(question: Pick, content: Mapping[str, Any], shown: Sequence[str]) -> str:
    key = question.key
    if key not in content:
        return _missing(key) if question.required and (question.of == "music" or shown) else ""
    values = [content[key]]
    if question.of == "images":
        given = content[key]
        if not isinstance(given, Mapping) or not given or not given.keys() <= set(shown):
            return f"{key}: it is of images that were not shown"
        if question.required and given.keys() != set(shown):
            return _missing(key)
        values = list(given.values())
    known = [option.key for option in question.options]
    for value in values:
        if question.several:
            is_known = isinstance(value, list) and value and value == [one for one in known if one in value]
        else:
            is_known = isinstance(value, str) and value in known
        if not is_known:
            return f"{key}: it is none of the categories"
    return ""


def _missing(key: str) -> str:
    return f"{key}: the answer is missing"


def _is_whole(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest

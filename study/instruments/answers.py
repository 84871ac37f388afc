"""What a participant sent for one trial, checked against the instrument and turned into a ballot's content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from study.errors import StudyError
from study.instruments.content import TIE, Content
from study.instruments.questions import (
    MOST_LETTERS,
    Choose,
    Confidence,
    Instrument,
    Pair,
    Pick,
    Rate,
    Scale,
    Text,
    localized,
)

CANNOT_SAY = "none"
Sent = Mapping[str, Sequence[str]]


class AnswerRefused(StudyError):
    """The answer cannot be a ballot; the message names what to correct."""


@dataclass(frozen=True)
class Shown:
    """The images of a trial by position letter (their ids), and the ids of those chosen, in order."""

    images: Mapping[str, int]
    chosen: Sequence[int] = field(default=())


def one_line(text: str) -> str:
    """Remove line ends and unprintable characters: the text becomes a cell of a table."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def content_of(instrument: Instrument, sent: Sent, shown: Shown) -> Content:
    """Check the answers beside the choice among images, and return them as the ballot stores them.

    Args:
        sent: values by field name without its beginning `q.`: "match.A", "emotion", "sure".
        shown: the images, and those chosen; ratings of others than these are left out of a question "of chosen".

    Raises:
        AnswerRefused: an answer is missing, or none that the question takes.
    """
    _refuse_unknown(instrument, sent, shown)
    content: Content = {}
    for question in instrument.questions:
        match question:
            case Rate():
                for scale in question.scales:
                    content |= _rating(question, scale, sent, shown)
            case Pick():
                content |= _picked(question, sent, shown)
            case Text():
                content |= _words(question, sent)
            case Confidence():
                value = _one(sent, question.key)
                if value is None:
                    raise AnswerRefused(_("Say how sure you are.") if not question.text else _missing(question.text))
                content[question.key] = _number(value, 1, question.steps)
            case Choose() | Pair():
                pass
    return content


def further_ranks(
    choose: Choose,
    first: int | None,
    second: int | None,
    further: Sequence[int],
    images: Sequence[int],
    *,
    required: bool,
) -> list[int]:
    """Check the ranks after the second, and return them; the last image of a whole order is added if it is missing.

    Raises:
        AnswerRefused: a rank is missing, or an image has two ranks.
    """
    given = [image for image in (first, second, *further) if image is not None]
    if len(set(given)) != len(given):
        raise AnswerRefused(_("Each image can have one place only."))
    if further and (first is None or second is None):
        raise AnswerRefused(_("A place between two others is empty. Fill it, or take the later ones back."))
    if len(given) > choose.ranks:
        raise AnswerRefused(_("Choose %(n)d images at most.") % {"n": choose.ranks})
    if choose.ranks == len(images) == len(given) + 1:
        given += [image for image in images if image not in given]
    if required and len(given) < min(choose.ranks, len(images)):
        raise AnswerRefused(_("Choose %(n)d images, in order.") % {"n": min(choose.ranks, len(images))})
    return given[2:]


def pair_content(pair: Pair, *, tie: bool) -> Content:
    """Return what a ballot holds of a pair beside its winner.

    Raises:
        AnswerRefused: a tie, which the study does not take.
    """
    if tie and not pair.tie:
        raise AnswerRefused(_("In this study one of the two images has to be chosen."))
    return {pair.key: TIE} if tie else {}


def field_names(instrument: Instrument, letters: Sequence[str]) -> set[str]:
    """Return the names, without their beginning `q.`, of all fields that a trial's form can have."""
    names: set[str] = set()
    for question in instrument.questions:
        keys = [scale.key for scale in question.scales] if isinstance(question, Rate) else [question.key]
        for key in keys:
            if isinstance(question, Rate | Pick) and question.of != "music":
                names |= {f"{key}.{letter}" for letter in letters}
            elif not isinstance(question, Choose | Pair):
                names.add(key)
    return names


def _refuse_unknown(instrument: Instrument, sent: Sent, shown: Shown) -> None:
    if sent.keys() - field_names(instrument, list(shown.images)):
        raise AnswerRefused(_("This page is no longer the one that the study shows. Load it again."))


def _rating(question: Rate, scale: Scale, sent: Sent, shown: Shown) -> Content:
    if question.of == "music":
        return {scale.key: _on_scale(scale, _one(sent, scale.key), question)}
    wanted = {
        letter: image for letter, image in shown.images.items() if question.of == "images" or image in shown.chosen
    }
    values = {
        str(image): _on_scale(scale, _one(sent, f"{scale.key}.{letter}"), question, letter)
        for letter, image in wanted.items()
    }
    return {scale.key: values} if values else {}


def _on_scale(scale: Scale, value: str | None, question: Rate, letter: str = "") -> int | None:
    if value is None:
        name = localized(scale.text) or localized(question.text) or scale.key
        if letter:
            raise AnswerRefused(
                _("Image %(letter)s has no answer yet to “%(question)s”.") % {"letter": letter, "question": name}
            )
        raise AnswerRefused(_("“%(question)s” has no answer yet.") % {"question": name})
    if value == CANNOT_SAY and scale.cannot_say:
        return None
    return _number(value, scale.lowest, scale.highest)


def _picked(question: Pick, sent: Sent, shown: Shown) -> Content:
    if question.of == "music":
        value = _categories(question, sent.get(question.key, ()), "")
        return {} if value is None else {question.key: value}
    values = {
        str(image): value
        for letter, image in shown.images.items()
        if (value := _categories(question, sent.get(f"{question.key}.{letter}", ()), letter)) is not None
    }
    return {question.key: values} if values else {}


def _categories(question: Pick, given: Sequence[str], letter: str) -> str | list[str] | None:
    """Return the category, or with several the list in the question's order; None if nothing was picked."""
    known = [option.key for option in question.options]
    picked = [key for key in known if key in given]
    if set(given) - {*known, ""}:
        raise AnswerRefused(_("This answer could not be read. Please choose again."))
    if not picked:
        if question.required:
            name = localized(question.text) or question.key
            if letter:
                raise AnswerRefused(
                    _("Image %(letter)s has no answer yet to “%(question)s”.") % {"letter": letter, "question": name}
                )
            raise AnswerRefused(_("“%(question)s” has no answer yet.") % {"question": name})
        return None
    if question.several:
        return picked
    if len(picked) > 1:
        raise AnswerRefused(_("Only one can be picked here."))
    return picked[0]


def _words(question: Text, sent: Sent) -> Content:
    text = one_line(_one(sent, question.key) or "")[:MOST_LETTERS]
    if not text and question.required:
        raise AnswerRefused(_missing(question.text) if question.text else _("A line is still empty."))
    return {question.key: text} if text else {}


def _missing(texts: dict[str, str]) -> str:
    return _("“%(question)s” has no answer yet.") % {"question": localized(texts)}


def _one(sent: Sent, name: str) -> str | None:
    """Return the one value of a field; None if it is empty."""
    values = [value for value in sent.get(name, ()) if value.strip()]
    if len(values) > 1:
        raise AnswerRefused(_("This answer could not be read. Please choose again."))
    return values[0] if values else None


def _number(text: str, lowest: int, highest: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and lowest <= int(text) <= highest):
        raise AnswerRefused(_("This answer could not be read. Please choose again."))
    return int(text)

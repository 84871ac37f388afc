"""Collect what the review shows of an answer to an instrument's questions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from study.instruments.content import TIE
from study.instruments.questions import Confidence, Instrument, Pick, Rate, Text, localized
from study.models import Ballot, Study
from study.survey.page_facts import AskedAnswerFacts, GivenFacts, ImageFacts
from study.survey.question_facts import PLACE_TEXTS, heading

_NO_NUMBER = "–"


def asked_answer(
    study: Study,
    instrument: Instrument,
    ballot: Ballot,
    order: list[int],
    image_of: Callable[[int | None], ImageFacts | None],
) -> AskedAnswerFacts:
    """Collect an answer: the images with their places and ratings, and what was said of the music.

    Args:
        order: the ids of the images that the trial shows, by position.
    """
    places = _places(instrument, ballot)
    shown = [*places, *(image for image in order if image not in places)]
    images = [
        GivenFacts(_said_of(instrument, ballot.content, image), image_of(image), places.get(image, ""), at == 0)
        for at, image in enumerate(shown)
    ]
    if places:  # of the images that were not chosen, only those are shown of which something was said
        images = [image for image in images if image.place or image.text]
    titles = " · ".join(_titles_of_images(study, instrument)) if any(image.text for image in images) else ""
    return AskedAnswerFacts(
        tuple(images), tuple(_lines(study, instrument, ballot)), titles, instrument.pair is not None
    )


def _places(instrument: Instrument, ballot: Ballot) -> dict[int, str]:
    """Return the words for the place of each image chosen, in order."""
    if instrument.pair is not None:
        return {ballot.first_id: _("Better")} if ballot.first_id else {}
    if instrument.choose is None:
        return {}
    further = ballot.content.get(instrument.choose.key, [])
    chosen = [image for image in (ballot.first_id, ballot.second_id, *further) if image is not None]
    texts = [_("Best")] if instrument.choose.ranks == 1 else [_(text) for text in PLACE_TEXTS]
    return dict(zip(chosen, texts, strict=False))


def _titles_of_images(study: Study, instrument: Instrument) -> Iterator[str]:
    """Yield the questions about images, in the order of what `_said_of` returns."""
    for question in instrument.questions:
        if isinstance(question, Rate) and question.of != "music":
            yield from (localized(scale.text) or heading(study, question) for scale in question.scales)
        elif isinstance(question, Pick) and question.of == "images":
            yield heading(study, question)


def _said_of(instrument: Instrument, content: Mapping[str, Any], image: int) -> str:
    """Return the ratings and categories of an image, in the order of the questions; empty if it was not judged."""
    said, is_judged = [], False
    for question in instrument.questions:
        if isinstance(question, Rate) and question.of != "music":
            values = [content.get(scale.key, {}) for scale in question.scales]
            said += [_number(of_scale.get(str(image))) for of_scale in values]
            is_judged |= any(str(image) in of_scale for of_scale in values)
        elif isinstance(question, Pick) and question.of == "images":
            picked = content.get(question.key, {}).get(str(image))
            said.append(_categories(question, picked) if picked else _NO_NUMBER)
            is_judged |= bool(picked)
    return " · ".join(said) if is_judged else ""


def _lines(study: Study, instrument: Instrument, ballot: Ballot) -> Iterator[GivenFacts]:
    """Yield the answers that are of no image, each with its question."""
    content = ballot.content
    if instrument.pair is not None and content.get(instrument.pair.key) == TIE:
        yield GivenFacts(_("Both fit equally well"))
    for question in instrument.questions:
        title = heading(study, question)
        match question:
            case Rate(of="music"):
                for scale in question.scales:
                    yield GivenFacts(_said(localized(scale.text) or title, _number(content.get(scale.key))))
            case Pick(of="music") if question.key in content:
                yield GivenFacts(_said(title, _categories(question, content[question.key])))
            case Text() | Confidence() if question.key in content:
                yield GivenFacts(_said(title, str(content[question.key])))


def _said(title: str, value: str) -> str:
    return f"{title} {value}" if title.endswith((".", "?", "!")) else f"{title}: {value}"


def _number(value: Any) -> str:
    return _NO_NUMBER if value is None else str(value)


def _categories(question: Pick, picked: str | list[str]) -> str:
    keys = picked if isinstance(picked, list) else [picked]
    return ", ".join(localized(option.text) or option.key for option in question.options if option.key in keys)

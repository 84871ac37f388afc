"""The answers to further questions of a trial, in words for the replay of a person."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from study.instruments.content import TIE
from study.instruments.questions import Choose, Instrument, Pair, Text


def further_answers(
    instrument: Instrument, content: Mapping[str, Any], name_of: Callable[[int], str], *, sealed: bool
) -> str:
    """Return the answers by question or scale, as in "match: A 5, B 3; sure: 4".

    Args:
        name_of: the name of an image of the trial.
        sealed: leave out the names at ratings and categories, and answers in words. Images whose names come from the
            order in which they are told would tell their position or their condition.
    """
    kinds = {question.key: question for question in instrument.questions}
    return "; ".join(
        f"{key}: {', '.join(_told(kinds.get(key), value, name_of, sealed))}"
        for key, value in content.items()
        if not (sealed and isinstance(kinds.get(key), Text))
    )


def _told(question: Any, value: Any, name_of: Callable[[int], str], sealed: bool) -> Iterator[str]:
    if isinstance(question, Pair) and value == TIE:
        yield _("both fit equally well")
    elif isinstance(question, Choose):
        for rank, image in enumerate(value, start=3):
            yield _("place %(rank)d %(image)s") % {"rank": rank, "image": name_of(image)}
    elif isinstance(value, Mapping):
        if sealed:
            yield from sorted(_in_words(given) for given in value.values())
        else:
            yield from sorted(f"{name_of(int(image))} {_in_words(given)}" for image, given in value.items())
    else:
        yield _in_words(value)


def _in_words(value: Any) -> str:
    if value is None:
        return _("cannot say")
    return " + ".join(value) if isinstance(value, list) else str(value)

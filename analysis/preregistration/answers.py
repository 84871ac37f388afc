"""The answer to a question of a form: its text, and what is missing of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Missing:
    """Something that an answer needs and nobody has said; `page` is the console's address where it is said."""

    what: Any  # translated when it is shown
    page: str


@dataclass(frozen=True)
class Answer:
    """An answer in the words of a paper; `chosen` are the options of the form that it ticks."""

    text: str = ""
    missing: tuple[Missing, ...] = ()
    chosen: tuple[str, ...] = ()


def joined(*answers: Answer) -> Answer:
    """Several answers as one, a paragraph each."""
    return Answer(
        paragraphs(each.text for each in answers),
        tuple(dict.fromkeys(missing for each in answers for missing in each.missing)),
        tuple(option for each in answers for option in each.chosen),
    )


def paragraphs(texts: Iterable[str]) -> str:
    """The texts that are not empty, a paragraph each."""
    return "\n\n".join(text for text in texts if text)


def sentences(*texts: str) -> str:
    """The texts that are not empty, as one paragraph."""
    return " ".join(text.strip() for text in texts if text)


def counted(n: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"

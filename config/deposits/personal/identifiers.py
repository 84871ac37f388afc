"""Identifiers of people in a text: addresses, numbers and ids by which somebody can be found.

Scripts are compared after NFKC, so that full-width digits and letters are seen. What a machine wrote (names of clips,
prompts, digests, seeds) is searched for the kinds alone that cannot be there by chance.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from config.deposits.personal.identifier_kinds import KINDS, PHONE
from config.deposits.personal.phones import phone_numbers

# Signs that nobody sees go; every dash is a hyphen.
_SIGNS = dict.fromkeys((173, *range(8203, 8208), 8288, 65279)) | dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
# What tables hold most: keys, numbers, digests, hours. A cell of this kind alone names nobody.
_PLAIN = re.compile(r"-?\d{1,9}(\.\d+)?|\d\.\d+|[a-z_]{1,40}|[a-z_]*\d{0,3}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Identifier:
    """Something in a text by which a person can be found.

    `value` is what was found, as it is written; `secret` the part of it to be masked.
    """

    kind: str
    value: str
    secret: str


_DIGIT = re.compile(r"\d")


def identifiers_in(text: str, *, by_machine: bool = False) -> Iterator[Identifier]:
    """What in the text points to a person; `by_machine`: no person wrote it as a text of their own."""
    if _PLAIN.fullmatch(text):
        return
    text = normal(text)
    lower, has_digit = text.lower(), _DIGIT.search(text) is not None
    for kind in KINDS:
        if not (any(part in lower for part in kind.needs) if kind.needs else has_digit):
            continue
        if by_machine and not kind.anywhere:
            continue
        for match in kind.pattern.finditer(text):
            if kind.is_one(match.group()):
                secret = next((part for part in match.groupdict().values() if part), match.group())
                yield Identifier(kind.name, match.group(), secret)
    if has_digit:
        for number in phone_numbers(text):
            yield Identifier(PHONE, number, number)


def normal(text: str) -> str:
    """The text with one form of each sign, and without those that nobody sees."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_SIGNS)


def masked(value: str, secret: str = "", longest: int = 40) -> str:
    """The value as a page may show it: of each word of its secret part the first sign, and dots."""
    secret = secret or value
    hidden = re.sub(r"(\w)(\w*)", lambda word: word.group(1) + "•" * min(len(word.group(2)), 6), secret)
    shown = value.replace(secret, hidden)
    return shown if len(shown) <= longest else shown[:longest] + "…"

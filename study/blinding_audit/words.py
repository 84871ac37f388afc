"""Text as the guesser reads it: whole, in words, by place; and what a word gives away that never comes twice."""

import hashlib
import re
import sys
from collections.abc import Iterator

MOST = 200  # characters and words that are kept as they are; of what is longer, a digest stands for the rest
_WORD = re.compile(r"[^\s\"'<>=,;:(){}\[\]&?#/|]+")


def shortened(text: str) -> str:
    """The text, or its beginning and a digest of all of it, so that no difference gets lost."""
    if len(text) <= MOST:
        return text
    return f"{text[:MOST]}…{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def words_of(text: str) -> list[str]:
    return [sys.intern(word) for word in _WORD.findall(text)]


def readings(text: str) -> list[str]:
    """The text whole, its words, and its words by place, so that lists tell by their order too."""
    words = words_of(text)[:MOST]
    return [shortened(text), *words, *(f"{place}:{word}" for place, word in enumerate(words[:40]))]


def layout(text: str) -> str:
    """Only where spaces and breaks stand, as a digest."""
    return hashlib.blake2b(re.sub(r"\S+", "x", text).encode(), digest_size=8).hexdigest()


def traits(word: str) -> Iterator[tuple[str, str]]:
    """What a random-looking word may tell although it never comes twice: ends, length, parity, remainders."""
    yield "length", str(len(word))
    yield "beginning", word[:1]
    yield "beginning of two", word[:2]
    yield "beginning of four", word[:4]
    yield "end", word[-1:]
    yield "end of two", word[-2:]
    yield "capitals", str(sum(character.isupper() for character in word))
    number = _number(word)
    for divisor in (2, 3, 4, 5, 6):
        yield f"modulo {divisor}", str(number % divisor)
    yield "bits", str(number.bit_count() % 2)


def _number(word: str) -> int:
    digits = word.replace("-", "")
    for base in (10, 16):
        try:
            return int(digits, base)
        except ValueError:
            continue
    return sum(word.encode("utf-8", "replace"))

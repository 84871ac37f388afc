"""Cut text into the tokens that the guesser learns from: the whole text, its words, its words by place."""

import hashlib
import re
import sys
from collections.abc import Iterator

MAX_LENGTH = 200  # characters and words kept as they are; a digest replaces the rest
_WORD = re.compile(r"[^\s\"'<>=,;:(){}\[\]&?#/|]+")


def shorten(text: str) -> str:
    """Return the text, or its beginning with a digest of all of it: no difference gets lost."""
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[:MAX_LENGTH]}…{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def words_of(text: str) -> list[str]:
    return [sys.intern(word) for word in _WORD.findall(text)]


def tokens_of(text: str) -> list[str]:
    """Return the whole text, its words, and its words by place, so that the order of lists counts too."""
    words = words_of(text)[:MAX_LENGTH]
    return [shorten(text), *words, *(f"{place}:{word}" for place, word in enumerate(words[:40]))]


def layout_digest(text: str) -> str:
    """Return a digest of the positions of blanks and line breaks."""
    return hashlib.blake2b(re.sub(r"\S+", "x", text).encode(), digest_size=8).hexdigest()


def traits(word: str) -> Iterator[tuple[str, str]]:
    """Yield traits by which a word that occurs only once could reveal something: ends, length, remainders, parity."""
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

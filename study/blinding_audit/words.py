"""What a word that never occurs twice could still reveal: its ends, length, character classes, numbers and bits."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\s\"'<>=,;:(){}\[\]&?#/|]+")
_HEX = "0123456789abcdef"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# Alphabets by the number of bits of a character.
_ALPHABETS = {4: _HEX, 5: _BASE32, 6: _BASE64}
MODULI = (2, 3, 4, 5, 6, 7, 8, 24)
MAX_CHARACTERS = 64


def words_of(text: str) -> list[str]:
    return WORD.findall(text)


def shape(text: str) -> str:
    """Return a text without its letters and digits: its blanks and signs as they are."""
    return re.sub(r"\w+", "x", text)


def traits(word: str) -> Iterator[tuple[str, str]]:
    """Yield named traits of a word that looks random."""
    yield "length", str(len(word))
    yield "length modulo 4", str(len(word) % 4)
    for size in (1, 2, 3, 4):
        yield f"first {size}", word[:size]
        yield f"last {size}", word[-size:]
    yield "capitals", str(sum(character.isupper() for character in word))
    yield "more capitals than small letters", str(sum(map(str.isupper, word)) > sum(map(str.islower, word)))
    yield "digits", str(sum(map(str.isdigit, word)))
    yield "form", re.sub(r"[0-9]", "9", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", word)))
    yield "first kind", re.sub(r"[0-9]", "9", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", word[:1])))
    yield "last kind", re.sub(r"[0-9]", "9", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", word[-1:])))
    yield "different characters", str(len(set(word)))
    number = as_number(word)
    for divisor in MODULI:
        yield f"modulo {divisor}", str(number % divisor)
    yield "digit sum modulo 4", str(sum(int(c, 36) for c in word if c.isascii() and c.isalnum()) % 4)
    yield "number of bits", str(number.bit_count() % 2)
    yield "number of bits modulo 4", str(number.bit_count() % 4)
    for name, data in (("bytes", as_bytes(word)), ("characters", word.encode("utf-8", "replace"))):
        folded = 0
        for byte in data:
            folded ^= byte
        for bit in range(8):
            yield f"exclusive or of its {name}, bit {bit}", str(folded >> bit & 1)
        for divisor in (4, 16):
            yield f"exclusive or of its {name}, modulo {divisor}", str(folded % divisor)
        yield f"sum of its {name}, modulo 4", str(sum(data) % 4)
        yield f"product of its {name}, modulo 5", str(prod(byte % 5 or 1 for byte in data) % 5)


def as_number(word: str) -> int:
    digits = word.replace("-", "")
    for base in (10, 16):
        try:
            return int(digits, base)
        except ValueError:
            continue
    return int.from_bytes(as_bytes(word))


def as_bytes(word: str) -> bytes:
    """Return what a word encodes, if it may be hexadecimal or base64, else its own bytes."""
    digits = word.replace("-", "")
    if len(digits) % 2 == 0:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    try:
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return word.encode("utf-8", "replace")


def bits_of(words: Sequence[str]) -> tuple[list[str], NDArray[np.int8]]:
    """Return the names and the bits of words: shape (words, bits), 0 or 1, -1 where a word is too short.

    The characters are read in the smallest alphabet that fits them all, so that bits of hexadecimal, base32 and base64
    tokens are those of what they encode.
    """
    plain = [word.replace("-", "") for word in words]
    used = set("".join(plain))
    if used <= set(_HEX.upper() + _HEX):
        plain = [word.lower() for word in plain]
        used = set("".join(plain))
    else:
        if not used <= set(_BASE32):
            plain = list(words)
        used = set("".join(plain))
    width = next((bits for bits, alphabet in _ALPHABETS.items() if used <= set(alphabet)), 8)
    alphabet = _ALPHABETS.get(width)
    longest = min(max(map(len, plain)), MAX_CHARACTERS)
    numbers = np.full((len(plain), longest), -1, np.int64)
    for row, word in enumerate(plain):
        for place, character in enumerate(word[:longest]):
            numbers[row, place] = alphabet.index(character) if alphabet else ord(character) & 255
    bits = np.stack([np.where(numbers < 0, -1, numbers >> bit & 1) for bit in range(width)], axis=2)
    names = [f"character {place}, bit {bit}" for place in range(longest) for bit in range(width)]
    return names, bits.reshape(len(plain), -1).astype(np.int8)

"""Check the form of a model's sentence: whether it can be used as a prompt at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_CHARACTERS = 1000
# Words about how a picture is made. They are allowed only if a tag has them.
_REVEALING = (
    "redefined",
    "original",
    "tag",
    "tags",
    "tagged",
    "prompt",
    "condition",
    "sentence",
    "json",
    "image of",
)
_SECOND_SENTENCE = re.compile(r"[.!?][\"')\]]*\s+\S")
_ADDRESS = re.compile(r"https?://|www\.|\S@\S")


def with_full_stop(text: str) -> str:
    """Add the full stop that some models leave out after the last word; any other ending is kept."""
    return f"{text}." if re.search(r"\w[\"')\]]*$", text) else text


def find_fault(text: str, tags: Sequence[str]) -> str | None:
    """The first fault of `text` as a sentence for `tags`, worded for the model; None without a fault."""
    if len(text) > MAX_CHARACTERS:
        return f"it has {len(text)} characters."
    if "\n" in text or not text.isprintable():
        return "it is not one line of plain text."
    if _SECOND_SENTENCE.search(text):
        return "it is more than one sentence."
    if not re.search(r"[.!?][\"')\]]*$", text):
        return "it is not a whole sentence that ends with a full stop."
    if _ADDRESS.search(text):
        return "it holds an address."
    given, used = (words.casefold().replace("_", " ") for words in (" ".join(tags), text))
    for word in _REVEALING:
        if re.search(rf"\b{word}\b", used) and not re.search(rf"\b{word}\b", given):
            return f'it uses "{word}".'
    for name in _names(text):
        if not _is_given(name, given):
            return f'it names "{name}", which no tag does.'
    return None


def _names(text: str) -> list[str]:
    """Words that look like names: capitalised words within the sentence, and the first word if the second is one.

    A text in which most words have capitals gives no evidence.
    """
    words = re.findall(r"[^\W\d_][\w'’-]*", text)
    capital = [word[:1].isupper() and not word.startswith(("I'", "I’")) and word != "I" for word in words]
    if sum(capital) > len(words) / 2:
        return []
    names = [word for word, is_capital in zip(words[1:], capital[1:], strict=True) if is_capital]
    return words[:1] + names if names and len(words) > 1 and capital[1] else names


def _is_given(name: str, given: str) -> bool:
    """Whether a tag has the word in any ending; words of fewer than three letters count as no names."""
    stem = re.sub(r"(['’]s|s)$", "", name.casefold())
    return len(stem) < 3 or any(_is_used(word, [stem]) or _is_used(stem, [word]) for word in re.findall(r"\w+", given))


def _is_used(word: str, used: Sequence[str]) -> bool:
    stem = word if len(word) < 5 else word[: max(4, len(word) - 2)]
    return any(other.startswith(stem) for other in used)

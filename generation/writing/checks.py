"""Whether a model's answer may stand as a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 1000
# Words that tell how a picture came about. A tag may use them; a model may not bring them in.
_TELLING = (
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


def finished(text: str) -> str:
    """The text with the full stop that some models leave out; what breaks off otherwise stays as it is."""
    return f"{text}." if re.search(r"\w[\"')\]]*$", text) else text


def fault_of(text: str, tags: Sequence[str]) -> str | None:
    """What is wrong with `text` as a sentence for `tags`, in one sentence for the model; None if nothing is."""
    if len(text) > LONGEST:
        return f"it has {len(text)} characters."
    if "\n" in text or not text.isprintable():
        return "it is not one line of plain text."
    if _SECOND_SENTENCE.search(text):
        return "it is more than one sentence."
    if not re.search(r"[.!?][\"')\]]*$", text):
        return "it is not a whole sentence that ends with a full stop."
    if _ADDRESS.search(text):
        return "it holds an address."
    given, said = (words.casefold().replace("_", " ") for words in (" ".join(tags), text))
    for word in _TELLING:
        if re.search(rf"\b{word}\b", said) and not re.search(rf"\b{word}\b", given):
            return f'it uses "{word}".'
    for name in _names(text):
        if not _is_given(name, given):
            return f'it names "{name}", which no tag does.'
    if tags and len(missing_tags(text, tags)) == len(tags):
        return "it speaks of none of the tags."
    return None


def _names(text: str) -> list[str]:
    """Words that look like names: capitals within the sentence, and its first word where another follows at once.

    A text that is written with capitals throughout says nothing by them.
    """
    words = re.findall(r"[^\W\d_][\w'’-]*", text)
    capital = [word[:1].isupper() and not word.startswith(("I'", "I’")) and word != "I" for word in words]
    if sum(capital) > len(words) / 2:
        return []
    names = [word for word, is_capital in zip(words[1:], capital[1:], strict=True) if is_capital]
    return words[:1] + names if names and len(words) > 1 and capital[1] else names


def _is_given(name: str, given: str) -> bool:
    """Whether a tag says the name in any ending; articles and short words open sentences and are no names."""
    stem = re.sub(r"(['’]s|s)$", "", name.casefold())
    return len(stem) < 3 or any(_is_said(word, [stem]) or _is_said(stem, [word]) for word in re.findall(r"\w+", given))


def missing_tags(text: str, tags: Sequence[str]) -> list[str]:
    """The tags of which no word stands in the text, in any ending. "no" and "not" are no words of a tag."""
    said = re.findall(r"\w+", text.casefold())
    return [tag for tag in tags if not any(_is_said(word, said) for word in _words_of(tag))]


def _words_of(tag: str) -> list[str]:
    words = re.findall(r"\w+", tag.casefold())
    return [word for word in words if word not in ("no", "not")] or words


def _is_said(word: str, said: Sequence[str]) -> bool:
    stem = word if len(word) < 5 else word[: max(4, len(word) - 2)]
    return any(other.startswith(stem) for other in said)

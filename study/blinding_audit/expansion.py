"""Take the texts of a fact apart: attributes, words, characters, numbers, traits of words that look random."""

import re
from collections.abc import Iterator, Sequence
from html import unescape

from study.blinding_audit.tables import ABSENT
from study.blinding_audit.words import shape, traits, words_of

# Words with more different values than this look random, so that their traits and bits are tried too.
RANDOM_VALUES = 12
MAX_WORDS, FROM_THE_END = 80, 24
MAX_CHARACTERS = 16  # of words whose characters are tried one by one; bits are those of longer ones too

Part = tuple[str, str, Sequence[str]]  # the family of channels, a name, and a text for each row
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(\s*=\s*)?("[^"]*"|'[^']*'|[^\s"'<>]+)?""")


def parts(name: str, texts: Sequence[str]) -> Iterator[Part]:
    """Yield a fact as a whole and all that it can be taken apart into."""
    yield "seen", name, texts
    tags = {text for text in texts if _is_tag(text)}
    if tags:
        yield from _attributes(name, [text if text in tags else ABSENT for text in texts])
        texts = ["" if text in tags else text for text in texts]
        if len(set(texts)) < 2:
            return
    yield from _words(name, texts)


def _is_tag(text: str) -> bool:
    return len(text) > 2 and text[0] == "<" and text[1] != "!" and text[-1] == ">"


def _attributes(name: str, tags: Sequence[str]) -> Iterator[Part]:
    """Yield how each tag is written, and its attributes by name."""
    read = {tag: _read_tag(tag) for tag in set(tags)}
    yield "seen", f"{name}, as written", [read[tag][0] for tag in tags]
    for attribute in sorted({key for _, found in read.values() for key in found}):
        values = [read[tag][1].get(attribute, ABSENT) for tag in tags]
        if len(set(values)) > 1:
            yield "seen", f"{name} {attribute}", values
            yield from _words(f"{name} {attribute}", values)


def _read_tag(tag: str) -> tuple[str, dict[str, str]]:
    """Return a tag without the values of its attributes, and these by name."""
    found: dict[str, str] = {}

    def note(match: re.Match[str]) -> str:
        key, equals, value = match.groups()
        if not equals or value is None:
            return match.group()
        quote = value[0] if value[0] in "\"'" else ""
        found[key.lower()] = unescape(value.strip(quote) if quote else value)
        return f"{key}{equals}{quote}@{quote}"

    return _ATTRIBUTE.sub(note, tag), found


def _words(name: str, texts: Sequence[str]) -> Iterator[Part]:
    """Yield the words of texts by place, counted from both ends, and the blanks and signs between them."""
    cut = {text: [] if text == ABSENT else words_of(text) for text in set(texts)}
    longest = max(map(len, cut.values()))
    shapes = [shape(text) for text in texts]
    if len(set(shapes)) > 1:
        yield "seen", f"{name}, blanks and signs", shapes
    if longest == 1:
        yield from word_parts(name, [next(iter(cut[text]), "") for text in texts])
        return
    places = [*range(min(longest, MAX_WORDS))]
    if len({len(words) for words in cut.values()} - {0}) > 1:
        places += range(-min(longest, FROM_THE_END), 0)
    for place in places:
        words = [cut[text][place] if -len(cut[text]) <= place < len(cut[text]) else "" for text in texts]
        if len(set(words)) > 1:
            yield "word", f"{name}, word {place}", words
            yield from word_parts(f"{name}, word {place}", words)


def word_parts(name: str, words: Sequence[str]) -> Iterator[Part]:
    """Yield characters and traits of one word for each row."""
    known = set(words)
    longest = max(map(len, known))
    if 2 <= longest <= MAX_CHARACTERS:
        for place in range(longest):
            characters = [word[place : place + 1] for word in words]
            if len(set(characters)) > 1:
                yield "word", f"{name}, character {place}", characters
    if len(known) <= RANDOM_VALUES:
        return
    of_word = {word: dict(traits(word)) for word in known}
    for trait in next(iter(of_word.values())):
        values = [of_word[word][trait] for word in words]
        if len(set(values)) > 1:
            yield "trait", f"{name}: {trait}", values
    yield "bits", name, words

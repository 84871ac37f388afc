"""Compare a sentence with its tags: which tags it does not say, and which words of music it adds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from functools import cache

from generation.redefinition import RuleSet, load_rules
from generation.redefinition.spelling import normalise
from generation.redefinition.vocabulary import denied_part
from generation.writing.content.faults import ContentFaults
from generation.writing.content.meanings import Meanings, Phrase, Way, words_of
from generation.writing.content.tokens import (
    is_article,
    is_break,
    is_word,
    negated_positions,
    split_suffixes,
    tokenise,
)
from generation.writing.content.word_lists import word_lists

# Words that may be between two words of one tag: "acoustic and electric guitars", "a fast, driving beat".
_MAX_GAP = 3
_JOINING = ("and", "or", ",")
# Words and marks that may be between a word and the music that it describes.
_MAX_ADJECTIVES = 14
_ADJECTIVE_ENDINGS = ("ed", "ing", "y", "ic", "al", "ish", "ful", "ous", "ive", "ern")
_ADJECTIVE_KINDS = ("mood", "tempo", "origin", "genre")


# By the digest of the rules; a study has one rule set.
_known: dict[str, Meanings] = {}


def _meanings(rules: RuleSet) -> Meanings:
    if rules.digest not in _known:
        _known[rules.digest] = Meanings(rules)
    return _known[rules.digest]


def find_content_faults(text: str, tags: Sequence[str], rules: RuleSet | None = None) -> ContentFaults:
    """Compare `text`, an English sentence, with the tags that it was written from.

    `rules`: the rule set by which words mean the same; the default one if None.
    """
    comparison = _Comparison(text, tags, _meanings(rules or load_rules()))
    return ContentFaults(comparison.missing(), comparison.added())


class _Comparison:
    """One sentence beside one tag set."""

    def __init__(self, text: str, tags: Sequence[str], meanings: Meanings) -> None:
        self._meanings = meanings
        self._lists = word_lists()
        self._tags = tags
        self._ways = {tag: meanings.ways(tag) for tag in tags}
        own = {word for tag in tags for word in words_of(tag)}
        self._tokens = split_suffixes(tokenise(text), meanings.single_words | own)
        self._excepted = {
            position for phrase in self._lists.not_music for position in _places_of(self._tokens, words_of(phrase))
        }
        # Each word with the next one, unless it is a letter or the last.
        self._joined = [
            word + after if len(word) > 1 and after else "" for word, after in itertools.pairwise([*self._tokens, ""])
        ]
        self._mentions = self._find_mentions()
        # Every place of a tag's words, whether they are denied or not.
        self._places = {
            phrase: self._find(phrase)
            for ways in self._ways.values()
            for way in ways
            for need in way
            for phrase in need.phrases
        }
        used = {position for places in self._places.values() for place in places for position in place}
        heard = {position for start, end, _name in self._mentions for position in range(start, end)}
        self._music = frozenset(heard | used)
        self._denied = negated_positions(self._tokens, self._music)
        self._used = frozenset(
            position
            for ways in self._ways.values()
            for way in ways
            for need in way
            for phrase in need.phrases
            for place in self._places[phrase]
            for position in place
            if (place[0] in self._denied) == need.is_denied
        )

    # What is missing --------------------------------------------------------------------------------------------

    def missing(self) -> tuple[str, ...]:
        said = {normalise(tag) for tag in self._tags if self._is_said(tag)}
        implied = {general for name in said for general in self._meanings.implied(name)}
        return tuple(
            tag
            for tag in self._tags
            if words_of(tag)
            and normalise(tag) not in said
            and not (denied_part(normalise(tag)) is None and self._meanings.same_as(normalise(tag)) & implied)
        )

    def _is_said(self, tag: str) -> bool:
        return any(all(self._has(phrases, is_denied) for phrases, is_denied in _needs(way)) for way in self._ways[tag])

    def _has(self, phrases: Sequence[Phrase], is_denied: bool) -> bool:
        return any(
            (place[0] in self._denied) == is_denied and not self._is_thing(place)
            for phrase in phrases
            for place in self._places[phrase]
        )

    def _find(self, phrase: Phrase) -> list[tuple[int, ...]]:
        places = []
        forms, is_one_word = phrase[0], len(phrase) == 1
        joined_forms = frozenset() if is_one_word else _joined_forms(phrase)
        for start, word in enumerate(self._tokens):
            if word in forms and start not in self._excepted:
                place = self._follow(phrase, start)
                if place:
                    places.append(place)
            # "lo fi" for "lofi", "synth pop" for "synthpop".
            if is_one_word and self._joined[start] in forms:
                places.append((start, start + 1))
            if len(word) > 4 and word in joined_forms:
                places.append((start,))
        return places

    def _follow(self, phrase: Phrase, start: int) -> tuple[int, ...] | None:
        """The positions of the phrase's words from `start` on, with at most a few adjectives between two words."""
        place = [start]
        name = self._meanings.vocabulary.get(tuple(next(iter(forms)) for forms in phrase))
        is_genre = name is not None and self._meanings.kind(name) == "genre"
        for forms in phrase[1:]:
            for position in range(place[-1] + 1, min(place[-1] + 2 + _MAX_GAP, len(self._tokens))):
                if self._tokens[position] in forms:
                    place.append(position)
                    break
                # A "new golden age" is no new age.
                is_known = self._tokens[position] in (*_JOINING, *self._meanings.single_words)
                if not self._may_be_between(position) or (is_genre and not is_known):
                    return None
            else:
                return None
        return tuple(place)

    def _may_be_between(self, position: int) -> bool:
        word = self._tokens[position]
        if word == ",":
            return True
        if is_break(word) or word in self._lists.music_nouns:
            return False
        name = self._meanings.vocabulary.get((word,))
        return name is None or self._meanings.kind(name) in _ADJECTIVE_KINDS or name in ("male", "female")

    def _is_thing(self, place: tuple[int, ...]) -> bool:
        """Whether the words at `place` name an everyday thing, "a rock", and not the music."""
        words = " ".join(self._tokens[position] for position in place)
        following = "".join(self._tokens[place[-1] + 1 : place[-1] + 2])
        if words not in self._lists.homonyms or following in self._lists.places:
            return False
        if self._describes_music(place[-1] + 1):
            return False
        for position in range(place[0] - 1, max(-1, place[0] - 4), -1):
            word = self._tokens[position]
            if is_article(word):
                return True
            if is_break(word) and word != ",":
                return False
        return False

    # What is added ----------------------------------------------------------------------------------------------

    def added(self) -> tuple[str, ...]:
        covered, covered_denied = self._covered()
        found: dict[str, None] = {}
        for start, end, name in self._mentions:
            is_denied = start in self._denied
            words = " ".join(self._tokens[start:end])
            # "A drum and bass" are two tags, and no drum and bass.
            if all(position in self._used or self._tokens[position] in _JOINING for position in range(start, end)):
                continue
            if name in (covered_denied if is_denied else covered) or words in self._lists.generic:
                continue
            if self._is_metaphor(start, words, covered_denied) or not self._counts(start, end, name):
                continue
            found[f"no {words}" if is_denied else words] = None
        return tuple(found)

    def _is_metaphor(self, start: int, words: str, denied: Collection[str]) -> bool:
        """Whether an instrument sings, where no tag denies voices."""
        if words not in ("sing", "sings", "singing", "sang") or "singing" in denied:
            return False
        return any(end == start and self._meanings.kind(name) == "instrument" for _start, end, name in self._mentions)

    def _covered(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names that the tags say, and those that they deny."""
        said: set[str] = set()
        denied: set[str] = set()
        for tag in self._tags:
            name = normalise(tag)
            part = denied_part(name)
            same = self._meanings.same_as(name)
            denied |= {word for other in same if (rest := denied_part(other)) for word in self._meanings.same_as(rest)}
            if part is not None:
                denied |= self._meanings.same_as(part)
                # "instrumental" says "no vocals".
                said |= {other for other in same if denied_part(other) is None}
                continue
            said |= same | self._meanings.generals(name) | self._parts(name)
        return frozenset(said), frozenset(denied)

    def _parts(self, name: str) -> set[str]:
        """The vocabulary within a tag of several words: "guitar" in "acoustic guitar", anything in an unknown tag."""
        kind, words = self._meanings.kind(name), words_of(name)
        found: set[str] = set()
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                part = self._meanings.vocabulary.get(words[start:end])
                if part and (kind in ("other", self._meanings.kind(part))):
                    found |= self._meanings.same_as(part) if kind != "other" else {part} | self._meanings.same_as(part)
        return found

    def _counts(self, start: int, end: int, name: str) -> bool:
        """Whether a word of the vocabulary is about the music, as far as its neighbours show."""
        words = " ".join(self._tokens[start:end])
        if name not in self._lists.everyday and words not in self._lists.everyday:
            return not self._is_thing(tuple(range(start, end)))
        if self._describes_music(end):
            return True
        if words.endswith("ing") and self._meanings.kind(name) != "other":  # no "evening", no "wedding"
            following = self._tokens[end] if end < len(self._tokens) else "."
            return is_break(following) or following in ("and", "or")
        return False

    def _describes_music(self, position: int) -> bool:
        """Whether the words from `position` on lead over adjectives to a word for music."""
        starts = {start: (end, name) for start, end, name in self._mentions}
        for ahead in range(position, min(position + _MAX_ADJECTIVES, len(self._tokens))):
            word = self._tokens[ahead]
            if word in self._lists.music_nouns:
                return True
            if ahead in starts:
                _end, name = starts[ahead]
                kind = self._meanings.kind(name)
                if name not in self._lists.everyday and kind in ("instrument", "voice", "genre"):
                    return True
                continue
            if word in _JOINING or (is_word(word) and word.endswith(_ADJECTIVE_ENDINGS)):
                continue
            return False
        return False

    def _find_mentions(self) -> list[tuple[int, int, str]]:
        """(start, end, name) of each word of the vocabulary, the longest first at each place."""
        found = []
        tokens, vocabulary = self._tokens, self._meanings.vocabulary
        position = 0
        while position < len(tokens):
            for length in range(min(self._meanings.longest, len(tokens) - position), 0, -1):
                name = vocabulary.get(tuple(tokens[position : position + length]))
                if name is not None and position not in self._excepted:
                    found.append((position, position + length, name))
                    position += length
                    break
            else:
                position += 1
        return found


def _needs(way: Way) -> list[tuple[Sequence[Phrase], bool]]:
    return [(need.phrases, need.is_denied) for need in way]


@cache
def _joined_forms(phrase: Phrase) -> frozenset[str]:
    first = "".join(next(iter(forms)) for forms in phrase[:-1])
    return frozenset(f"{first}{last}" for last in phrase[-1])


def _places_of(tokens: Sequence[str], words: Collection[str]) -> set[int]:
    words = list(words)
    found: set[int] = set()
    for start in range(len(tokens) - len(words) + 1):
        if list(tokens[start : start + len(words)]) == words:
            found |= set(range(start, start + len(words)))
    return found

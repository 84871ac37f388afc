"""Read a prompt: the concepts it names and those it denies, and what a picture of them shows.

What a picture shows depends on the set of concepts alone. The order of the words, their number and the form of the text
(a list of tags or a sentence) may only change how the same things are arranged.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from generation.painting.sketch.concepts import CONCEPTS
from generation.painting.sketch.lexicon import DENIED_FAMILY, DENYING, FAMILIES, LEXICON, MAX_PHRASE_WORDS, TOKEN

_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
_DENIALS = {"no", "not", "without", "never", "neither", "nor", "non", "lacks", "lacking", "isn't", "hardly", "minus"}
_LISTING = {"or", "nor"}
_LINKS = {
    "with",
    "and",
    "beside",
    "alongside",
    "accompanied",
    "joined",
    "while",
    "meets",
    "meet",
    "plus",
    "over",
    "above",
    "behind",
    "against",
    "beneath",
    "under",
    "across",
    "amid",
    "among",
    "in",
    "at",
    "inside",
    "through",
    "on",
    "within",
}
_FUNCTION_WORDS = (_LINKS - {"and"}) | {
    "a",
    "an",
    "the",
    "of",
    "is",
    "are",
    "as",
    "to",
    "by",
    "its",
    "it",
    "this",
    "that",
    "from",
    "for",
    "plays",
    "play",
    "carries",
    "carry",
    "sings",
    "sing",
    "has",
    "there",
    "where",
    "into",
    "along",
    "one",
    "hears",
}
_UNSTRESSED = ("any", "only", "much")
MAX_SUGGESTED = 1

# The order of concepts in `CONCEPTS` decides wherever an order is needed: never the order of the text.
_RANK = {name: rank for rank, name in enumerate(CONCEPTS)}
_SINGERS = {name for name, c in CONCEPTS.items() if {*c.things} & {*FAMILIES["voices"]} - {"microphone"}}
_PLACES = sorted({concept.place for concept in CONCEPTS.values()} - {""})


@dataclass
class Reading:
    """What a prompt names: `concepts` and `denied` concepts, without those that a denial takes away.

    `unknown`: the words of a prompt that names no concept. `digest`: of the text, for small differences between texts
    that mean the same.
    """

    concepts: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    is_sentence: bool = False
    unknown: tuple[str, ...] = ()
    digest: int = 0

    @property
    def things(self) -> list[str]:
        """Each thing once, in the order of `CONCEPTS`; suggested things if none is named."""
        absent = self._denied_things
        named = [thing for name in self.concepts for thing in CONCEPTS[name].things]
        if not named:
            named = [thing for name in self.concepts for thing in CONCEPTS[name].suggests if thing not in absent]
            named = list(dict.fromkeys(named))[:MAX_SUGGESTED]
        found = [thing for thing in dict.fromkeys(named) if thing not in absent]
        return [thing for thing in found if not (thing == "drum_kit" and {"tabla", "hand_drums"} & set(found))]

    def places(self, seed_order: list[str]) -> list[str]:
        """The places, those with most votes first; `seed_order` decides between equals.

        A prompt whose only places are the homes of its instruments has one place.
        """
        votes: dict[str, float] = {}
        for name in self.concepts:
            concept = CONCEPTS[name]
            if concept.place:
                votes[concept.place] = votes.get(concept.place, 0) + concept.votes
        for name in self.denied:
            if CONCEPTS[name].votes >= 2:
                votes.pop(CONCEPTS[name].place, None)
        ordered = sorted(votes, key=lambda place: (-votes[place], seed_order.index(place)))
        return [place for n, place in enumerate(ordered) if n == 0 or votes[place] >= 2]

    @property
    def lights(self) -> dict[str, float]:
        """The lights of all concepts and their weights; a denied concept's own light counts against it."""
        weights: dict[str, float] = {}
        for sign, names in ((1.0, self.concepts), (-0.35, self.denied)):
            for name in names:
                concept = CONCEPTS[name]
                if concept.light and not (sign < 0 and concept.things):
                    weights[concept.light] = weights.get(concept.light, 0) + sign * concept.weight
        return weights

    @property
    def tempos(self) -> list[str]:
        return list(dict.fromkeys(CONCEPTS[name].tempo for name in self.concepts if CONCEPTS[name].tempo))

    @property
    def airs(self) -> list[str]:
        """The concepts that show something in the air."""
        return [name for name in self.concepts if CONCEPTS[name].air]

    @property
    def dress(self) -> str:
        """What singers wear: the dress of most concepts."""
        worn = [CONCEPTS[name].dress for name in self.concepts if CONCEPTS[name].dress]
        return max(worn, key=worn.count) if worn else ""

    @property
    def _denied_things(self) -> set[str]:
        return {thing for name in self.denied for thing in denied_things(name)}


def denied_things(name: str) -> tuple[str, ...]:
    """The things that the denial of a concept takes away."""
    return (*CONCEPTS[name].things, *FAMILIES.get(DENIED_FAMILY.get(name, ""), ()))


def all_places() -> list[str]:
    """The places that a concept may choose."""
    return list(_PLACES)


def count_tokens(text: str) -> int:
    """The number of tokens of a text, close to the count of common image models.

    A word is one token for every twelve letters or part of them; every letter outside ASCII, digit and punctuation mark
    is one; start and end are two.
    """
    total = 2
    for piece in _PIECE.findall(text):
        if piece.isascii():
            total += -(-len(piece) // 12)
        else:
            total += sum(1 for letter in piece if not letter.isascii()) or 1
    return total


def read(prompt: str) -> Reading:
    """Read the concepts that the prompt names and denies."""
    words = [word.replace("’", "'") for word in TOKEN.findall(prompt.lower())]
    plain = [word for word in words if word[0].isalnum()]
    named: list[str] = []
    denied: list[str] = []
    denying, listing, at = False, "", 0
    while at < len(words):
        word = words[at]
        phrase, names = _longest_phrase(words, at)
        if word in DENYING and not names:
            (named if denying else denied).append(DENYING[word])
            at += 1
        elif names:
            at += len(phrase)
            denied_after = at < len(words) and words[at] in ("free", "less") and words[at - 1] != "and"
            (denied if denying or denied_after else named).extend(names)
            listing = listing if denying else ""
        else:
            if word in _DENIALS:
                denying, listing = True, word
            elif word in ".;:!?(),":
                denying = False
            elif word in _LINKS:
                denying = denying and word == "and" and listing in ("without", "neither")
            elif word not in _LISTING and word not in _FUNCTION_WORDS and word not in _UNSTRESSED:
                # "no further hurry, guitars": a denial holds over one unknown word, not over two.
                denying = denying and at > 0 and words[at - 1] in _DENIALS
            at += 1
    return Reading(
        concepts=_without_denied(named, denied),
        denied=sorted(set(denied), key=_RANK.__getitem__),
        is_sentence=sum(word in _FUNCTION_WORDS for word in plain) >= 2,
        unknown=() if named or denied else tuple(word for word in plain if word not in _FUNCTION_WORDS) or (prompt,),
        digest=int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:8], "big"),
    )


def _without_denied(named: list[str], denied: list[str]) -> list[str]:
    """The named concepts in the order of `CONCEPTS`, without those whose things are all denied."""
    absent = {thing for name in denied for thing in denied_things(name)}
    kept = {n for n in set(named) - set(denied) if not CONCEPTS[n].things or set(CONCEPTS[n].things) - absent}
    if kept & _SINGERS:
        kept.discard("vocals")  # the special word stands for the general one: "female vocals, vocals"
    return sorted(kept, key=_RANK.__getitem__)


def _longest_phrase(words: list[str], at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for length in range(MAX_PHRASE_WORDS, 0, -1):
        phrase = tuple(words[at : at + length])
        if phrase in LEXICON:
            return phrase, LEXICON[phrase]
    return (), ()

"""Read a prompt: the things it names, those it denies, and the role of each in the sentence."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

from generation.painting.sketch.lexicon import DENIED_FAMILY, FAMILIES, LEXICON, MAX_PHRASE_WORDS, VOICELESS, Meaning

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()]")
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")

_DENIALS = {
    "no",
    "not",
    "without",
    "never",
    "neither",
    "nor",
    "non",
    "lacks",
    "lacking",
    "isn't",
    "hardly",
    "minus",
}
_LISTING = {"or", "nor"}
_LINKS = {
    "with": "companion",
    "and": "",
    "beside": "companion",
    "alongside": "companion",
    "accompanied": "companion",
    "joined": "companion",
    "while": "companion",
    "meets": "companion",
    "meet": "companion",
    "plus": "companion",
    "over": "behind",
    "above": "behind",
    "behind": "behind",
    "against": "behind",
    "beneath": "behind",
    "under": "behind",
    "across": "behind",
    "amid": "behind",
    "among": "behind",
    "in": "setting",
    "at": "setting",
    "inside": "setting",
    "through": "setting",
    "on": "setting",
    "within": "setting",
}
_FUNCTION_WORDS = set(_LINKS) - {"and"} | {
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
    "there",
    "where",
    "into",
    "along",
}


@dataclass
class Reading:
    """The content of a prompt. `things` are (name, role) in order of rank, without denied things.

    A thing that several words name ("violin, violins") is listed twice. `places`, `moods` and `tempos` count the words
    for each.
    """

    things: list[tuple[str, str]] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)
    moods: Counter[str] = field(default_factory=Counter)
    tempos: Counter[str] = field(default_factory=Counter)
    denied: set[str] = field(default_factory=set)
    is_sentence: bool = False
    is_solo: bool = False
    digest: int = 0

    def first(self, votes: str, default: str = "") -> str:
        """The place, mood or tempo with the most words; the text's digest decides between equals."""
        counted: Counter[str] = getattr(self, votes)
        if not counted:
            return default
        top = [name for name, count in counted.items() if count == max(counted.values())]
        return top[self.digest % len(top)]


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
    """Read the things that the prompt names, with their order and roles, and its places, moods and tempos."""
    words = [w.replace("’", "'") for w in _TOKEN.findall(prompt.lower())]
    reading = Reading(digest=int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:8], "big"))
    plain = [w for w in words if w[0].isalnum()]
    reading.is_sentence = sum(w in _FUNCTION_WORDS for w in plain) >= 2
    reading.is_solo = "solo" in plain
    suggested: list[str] = []
    named: list[tuple[str, str]] = []
    role, denying, listing = "subject", False, ""
    at = 0
    while at < len(words):
        word = words[at]
        phrase, meaning = _longest_phrase(words, at)
        if meaning is None:
            if word in _DENIALS:
                denying, listing = True, word
            elif word in ".;:!?(),":
                denying = False
                role = "subject" if word in ".;!?" else ("companion" if role == "setting" else role)
            elif word in _LINKS:
                if not (word == "and" and listing in ("without", "neither")):
                    denying = False
                role = _LINKS[word] or role
            elif word not in _LISTING and word not in _FUNCTION_WORDS and word not in ("any", "only", "much"):
                # "no further hurry, guitars": a denial holds over one unknown word, not over two.
                denying = denying and at > 0 and words[at - 1] in _DENIALS
            at += 1
            continue
        at += len(phrase)
        denied_after = at < len(words) and words[at] in ("free", "less") and words[at - 1] != "and"
        if denying or denied_after:
            _deny(reading, phrase, meaning)
            continue
        listing = ""
        if " ".join(phrase) in VOICELESS:
            reading.denied.update(FAMILIES["voices"])
        weight = 2 if role == "setting" else 1
        reading.places.update({meaning.place: weight} if meaning.place else {})
        reading.moods.update({meaning.mood: 1} if meaning.mood else {})
        reading.tempos.update({meaning.tempo: 1} if meaning.tempo else {})
        named += [(thing, role) for thing in meaning.things]
        suggested += meaning.suggests
    reading.things = _select_things(reading, named, suggested)
    return reading


def _longest_phrase(words: list[str], at: int) -> tuple[tuple[str, ...], Meaning | None]:
    for length in range(MAX_PHRASE_WORDS, 0, -1):
        phrase = tuple(words[at : at + length])
        if phrase in LEXICON:
            return phrase, LEXICON[phrase]
    return (), None


def _deny(reading: Reading, phrase: tuple[str, ...], meaning: Meaning) -> None:
    text = " ".join(phrase)
    reading.denied.update(meaning.things)
    if text in DENIED_FAMILY:
        reading.denied.update(FAMILIES[DENIED_FAMILY[text]])
    if "microphone" in meaning.things:
        reading.denied.update(FAMILIES["voices"])
    for votes, value in ((reading.places, meaning.place), (reading.moods, meaning.mood)):
        if value and not meaning.things:
            votes[value] -= 1
            if votes[value] <= 0:
                reading.denied.add(value)


def _select_things(reading: Reading, named: list[tuple[str, str]], suggested: list[str]) -> list[tuple[str, str]]:
    """Each thing once, without denied things; a special thing replaces a general one."""
    for votes in (reading.places, reading.moods):
        for value in [v for v in votes if votes[v] <= 0 or v in reading.denied]:
            del votes[value]
    things = [(t, r) for t, r in dict.fromkeys(named) if t not in reading.denied]
    seen: dict[str, str] = {}
    for thing, role in things:
        seen.setdefault(thing, role)
    if any(v in seen for v in ("female_voice", "male_voice", "choir", "monks")):
        seen.pop("microphone", None)
    if "tabla" in seen:
        seen.pop("drum_kit", None)
    if "hand_drums" in seen:
        seen.pop("drum_kit", None)
    if not seen:
        seen = {t: "subject" for t in suggested if t not in reading.denied}
        seen = dict(list(seen.items())[:2])
    ranks = {"subject": 0, "companion": 1, "behind": 2, "setting": 3}
    ordered = list(seen.items())
    if reading.is_sentence:
        ordered.sort(key=lambda item: ranks[item[1]])
    mentions = Counter(name for name, _ in named)
    return ordered + [(name, "echo") for name, _ in ordered if mentions[name] > 1]

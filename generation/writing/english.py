"""The form of a tag's word in English: article, number, capitals, negation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation.redefinition.vocabulary import denied_part
from generation.writing.content.inflection import number


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Exceptions from the forms by kind. By kind, instruments are countable nouns; genres, moods, tempi and origins are
# adjectives; and other words are nouns without an article.
_ADJECTIVES = _words(
    """
    acoustic airy ancient choral contemporary cool deep different digital dreamy echoing electric
    electronic energetic exotic experimental foreign funky groovy harsh heavy high hypnotic instrumental
    jazzy live lo-fi loud low melodic minimal modern muted old operatic orchestral percussive
    plucked powerful rhythmic repetitive retro romantic simple soft solo spacey spiritual strange
    traditional unusual vintage warm weird wordless
    """
)
_COUNTABLE = _words(
    """
    beat bell chant crowd choir chorus drone duet echo groove pulse rhythm riff singer voice soprano tenor
    alto baritone woman man girl boy rapper beatbox sound melody solo break loop sample performance song
    """
)
_UNCOUNTABLE = _words(
    """
    bass brass chanting clapping electronics humming keys noise opera percussion plucking rap
    rapping shouting silence singing speech talking tapping water whistling wind woodwind yodelling
    vocal
    """
)
_PLURAL = _words("men women people keys electronics monks timpani vocals")
_SINGULAR_IN_S = _words("bass brass contrabass chorus blues")
_PROPER = _words(
    """
    african american arabic arab asian balkan brazilian british bulgarian caribbean celtic chinese
    cuban dutch egyptian english european french gaelic german greek gypsy hawaiian hebrew hungarian
    india indian irish italian jamaican japanese jewish korean latin mexican moroccan nordic norwegian
    persian polish portuguese romanian russian scottish spanish swedish thai tibetan turkish
    vietnamese welsh
    """
)
_NOUN_IN_ADJECTIVE_KIND = _words(
    """
    beat beats rhythm pulse groove drone silence noise happiness sadness india space tension drama
    energy
    """
)
_INITIALS = ("edm", "idm", "r&b")
_ADJECTIVE_VOICES = ("instrumental", "a cappella", "acapella")
# What a voice does, where the others are those who do it.
_ACTS = _words(
    """
    beatboxing chant chanting clapping humming opera rap rapping screaming shouting silence singing speech talking
    whispering whistling word yodeling yodelling
    """
)
# Words of tags from which the music is slow, or quick.
_SLOW = _words(
    """
    slow adagio andante calm quiet soft gentle peaceful meditative relaxing relaxed mellow dreamy ambient drone
    chillout chill lounge
    """
)
_QUICK = _words(
    """
    fast quick presto allegro upbeat loud aggressive angry energetic exciting intense powerful party heavy hard techno
    metal punk hardcore dubstep disco dance
    """
)
_DESCRIBING = ("female", "male", "operatic", "choral", "tenor", "alto", "baritone")
# Words that need a noun; the tag's own word stays part of the phrase.
_COMPLETED = {
    "wind": "wind instruments",
    "woodwind": "woodwind instruments",
    "string": "string instrument",
    "brass": "brass instruments",
    "sea": "the sea",
}
_SUNG = ("vocals", "vocal", "voices", "voice", "singing", "singer")


@dataclass(frozen=True)
class Phrase:
    """A tag's word and its form: `text` without, `with_article` with its article."""

    text: str
    is_adjective: bool = False
    is_plural: bool = False
    is_countable: bool = False
    negated: bool = False

    @property
    def with_article(self) -> str:
        return with_article(self.text) if self.is_countable and not self.is_plural else self.text


def phrase_of(word: str, kind: str) -> Phrase:
    """The form of `word`, a tag of `kind`."""
    rest = denied_part(word)
    if rest:
        positive = phrase_of(rest, kind)
        unlike = positive.is_adjective or kind == "genre"
        if kind == "voice" and rest.casefold() in ("vocal", "voice"):
            return Phrase(f"{rest}s", is_plural=True, negated=True)
        return replace(positive, is_adjective=unlike, is_countable=not unlike and positive.is_countable, negated=True)
    if kind in ("instrument", "other"):
        word = _COMPLETED.get(word.casefold(), word)
    text = _spelled(word)
    lowered = word.casefold()
    last = lowered.split(" ")[-1].split("-")[-1]
    if lowered in (_ADJECTIVE_VOICES if kind == "voice" else _ADJECTIVES):
        return Phrase(text, is_adjective=True)
    if kind == "other" and re.fullmatch(r"[a-z]+-[a-z]+ed", lowered):  # low-pitched
        return Phrase(text, is_adjective=True)
    if kind in ("mood", "tempo", "origin") and last not in _NOUN_IN_ADJECTIVE_KIND:
        return Phrase(text, is_adjective=True)
    plural = last in _PLURAL or (last.endswith("s") and last not in _SINGULAR_IN_S and not last.endswith("ss"))
    countable = last in _COUNTABLE or (kind == "instrument" and last not in _UNCOUNTABLE)
    if last == "singing" and lowered.startswith(("woman ", "man ", "child ", "girl ", "boy ")):
        countable = True
    return Phrase(text, is_plural=plural, is_countable=countable or last == "bass")


def _is_proper(part: str, word: str) -> bool:
    if part.partition("-")[2]:
        return part.partition("-")[0].casefold() in _PROPER
    if word.casefold() in ("middle eastern", "latin american", "north african", "new orleans"):
        return True
    return part.casefold() in _PROPER


def _spelled(word: str) -> str:
    """The word with the capitals that English always gives it."""
    if word.casefold() in _INITIALS:
        return word.upper()
    return " ".join(part.capitalize() if _is_proper(part, word) else part for part in word.split(" "))


def voice_phrases(words: Sequence[str]) -> list[Phrase]:
    """Voice words as nouns: "female" and "vocals" become "female vocals"."""
    lowered = [word.casefold() for word in words]
    describing = [word for word in lowered if word in _DESCRIBING]
    sung = next((word for word in _SUNG if word in lowered), None)
    phrases = []
    if describing:
        noun = sung or ("voices" if len(describing) > 1 or "choral" in describing else "voice")
        noun = "vocals" if noun == "vocal" else noun
        plural = noun.endswith("s")
        countable = noun in ("voice", "singer")
        phrases.append(Phrase(f"{enumerate_words(describing)} {noun}", is_plural=plural, is_countable=countable))
    for word in lowered:
        if word in _DESCRIBING or (describing and word == sung):
            continue
        phrases.append(phrase_of(f"{word}s" if word.split(" ")[-1] == "vocal" else word, "voice"))
    # "vocal" and "vocals" are two tags with one word; and "male vocals" includes "vocals".
    texts = [phrase.text for phrase in phrases]
    return [
        phrase
        for number, phrase in enumerate(phrases)
        if phrase.text not in texts[:number] and not any(text.endswith(f" {phrase.text}") for text in texts)
    ]


def is_act(phrase: Phrase) -> bool:
    """Whether a voice's phrase names what is done ("chanting", "female opera") and not who does it."""
    words = phrase.text.casefold().split(" ")
    return words[-1] == "chant" or (words[-1] in _ACTS and not phrase.is_countable)


def tempo_of(tags: Sequence[str]) -> str:
    """ "slow" or "quick" as the tags have the music, empty if they do not say, or say both."""
    words = {word for tag in tags if denied_part(tag) is None for word in tag.casefold().split(" ")}
    is_slow, is_quick = bool(words & _SLOW), bool(words & _QUICK)
    return "" if is_slow == is_quick else "slow" if is_slow else "quick"


def without_twins(phrases: Sequence[Phrase]) -> list[Phrase]:
    """The phrases without a singular beside its plural: "drums" for "a drum and drums"."""
    texts = {phrase.text for phrase in phrases}
    return [phrase for phrase in phrases if phrase.is_plural or not (number(phrase.text) - {phrase.text}) & texts]


def enumerate_words(words: Sequence[str], *, last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"; empty for none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def with_article(noun: str) -> str:
    """ "a guitar", "an organ": by the first letter, but for words of music that sound otherwise."""
    first = noun.split(" ")[0].split(",")[0].casefold()
    vowel = first[:1] in "aeiou" and not first.startswith(("uni", "eu", "uku", "use", "one"))
    vowel = vowel or first.startswith("r&b")
    return f"{'an' if vowel else 'a'} {noun}"


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest unchanged."""
    return text[:1].upper() + text[1:]

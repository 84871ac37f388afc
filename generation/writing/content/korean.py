"""Korean tags and Korean sentences: their translations, and the check in Korean.

Data: the rule set `korean`, and korean.yaml for what it does not have.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from generation.redefinition import kind_of, load_rules
from generation.redefinition.spelling import normalise
from generation.redefinition.vocabulary import denied_part, prompt_word
from generation.writing.content.faults import ContentFaults
from generation.writing.content.meanings import Meanings

KOREAN_FILE = Path(__file__).with_name("korean.yaml")
TRANSLATING_RULES = "korean"
# Kinds whose words count as added in a Korean sentence; moods and tempi describe scenes too.
_COUNTED_KINDS = ("instrument", "voice", "genre")
_PARTICLES = (
    "이|가|은|는|을|를|의|와|과|에|로|으로|도|만|이나|나|하고|랑|이랑|"
    "까지|부터|처럼|에서|에게|보다|마저|조차|이며|이고|인|들|이란|라는"
)
_PARTICLE = re.compile(rf"(?:{_PARTICLES})*")
_JOINING = re.compile(r"(?:와|과|이나|나|도|하고|랑|이랑|,)?")
_DENIAL = re.compile(r"(?:없|아닌|아니|않|빠진|빠지|제외|배제)")
_FILLER = re.compile(r"전혀|아예|그리고|혹은|또는|및|더는|더|하나도?|소리[가도]?")


class KoreanWords(BaseModel):
    """The lists of korean.yaml, which explains each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    forms: dict[str, tuple[str, ...]]
    only_tags: tuple[str, ...]


@cache
def _own_words() -> KoreanWords:
    return KoreanWords.model_validate(yaml.safe_load(KOREAN_FILE.read_text(encoding="utf-8")))


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    """English tag → its Korean words, those of the rule set first; of two spellings the one with spaces."""
    single = [(tags[0], word) for word, tags in load_rules(TRANSLATING_RULES).translations.items() if len(tags) == 1]
    words: dict[str, dict[str, str]] = {}
    for tag, word in (*single, *((tag, word) for tag, forms in _own_words().forms.items() for word in forms)):
        spellings = words.setdefault(tag, {})
        spellings[_squeezed(word)] = max(spellings.get(_squeezed(word), word), word, key=lambda text: text.count(" "))
    return {tag: tuple(spellings.values()) for tag, spellings in words.items()}


@cache
def _in_sentences() -> dict[str, str]:
    """Korean word → the English tag that it says in any sentence."""
    others = set(_own_words().only_tags)
    return {word: tag for tag, words in _listed().items() for word in words if word not in others}


@cache
def _english() -> dict[str, tuple[str, ...]]:
    """Korean word without spaces → its English tags, two or more for a compound."""
    compounds = load_rules(TRANSLATING_RULES).translations
    return {_squeezed(word): tags for word, tags in compounds.items()} | {
        _squeezed(word): (tag,) for tag, words in _listed().items() for word in words
    }


@cache
def translations_digest() -> str:
    """SHA-256 of the lists of translations."""
    return hashlib.sha256(KOREAN_FILE.read_bytes() + load_rules(TRANSLATING_RULES).digest.encode()).hexdigest()


def _squeezed(text: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFC", text)).casefold()


def english_of(tag: str) -> tuple[str, ...]:
    """The English tags of a Korean tag, two or more for a compound; none if the lists do not have it."""
    return _english().get(_squeezed(tag), ())


def korean_of(tag: str) -> str:
    """The Korean word for an English tag, by the lists; the tag itself if they have none."""
    name = normalise(tag)
    for other in (name, prompt_word(name), *sorted(_same(name))):
        if other in _listed():
            return _listed()[other][0]
    return tag


@cache
def _meanings() -> Meanings:
    return Meanings(load_rules())


@cache
def _same(name: str) -> frozenset[str]:
    return _meanings().same_as(name)


@dataclass(frozen=True)
class _Mention:
    start: int
    end: int
    word: str
    name: str


def find_korean_faults(text: str, tags: Sequence[str]) -> ContentFaults:
    """Compare `text`, a Korean sentence, with its tags, which may be Korean or English.

    A tag is said by its own letters or by a Korean word of the list for it, with any ending. Instruments, voices and
    genres of the list that no tag says count as added; words of one syllable do not, since many are other words too.
    """
    text = unicodedata.normalize("NFC", text)
    own = [unicodedata.normalize("NFC", tag) for tag in tags]
    mentions = _find_mentions(text, [tag for tag in own if tag not in _in_sentences()])
    denied = {mention for mention in mentions if _is_denied(text, mention, mentions)}
    said = {_name_of(tag) for tag in tags if _is_said(tag, text, mentions, denied)}
    # What the rules conclude from a tag that is said needs no word of its own: a choir sings.
    concluded = {general for name in said for general in _meanings().implied(name)}
    missing = tuple(tag for tag in tags if _name_of(tag) not in said and not _same(_name_of(tag)) & concluded)
    return ContentFaults(missing, _added(tags, mentions, denied))


def _name_of(tag: str) -> str:
    names = english_of(tag)
    return names[0] if len(names) == 1 else normalise(tag)


def _is_said(tag: str, text: str, mentions: Sequence[_Mention], denied: set[_Mention]) -> bool:
    name = _name_of(tag)
    part = denied_part(name)
    if part is not None:
        wanted = _same(part)
        if any(mention in denied and mention.name in wanted for mention in mentions):
            return True
    if any(mention.name in _same(name) and mention not in denied for mention in mentions):
        return True
    return part is None and len(tag) > 1 and bool(re.search(rf"(?<!\w){re.escape(normalise(tag))}", text.casefold()))


def _added(tags: Sequence[str], mentions: Sequence[_Mention], denied: set[_Mention]) -> tuple[str, ...]:
    meanings = _meanings()
    names = [_name_of(tag) for tag in tags]
    said = {word for name in names if denied_part(name) is None for word in _same(name) | meanings.generals(name)}
    said |= {word for name in names for word in _same(name)}
    # The last word of a tag of several: "guitar" beside "acoustic guitar".
    said |= {word for name in names if denied_part(name) is None for word in _same(name.rpartition(" ")[2])}
    unsaid = {word for name in names for same in _same(name) if (part := denied_part(same)) for word in _same(part)}
    found: dict[str, None] = {}
    for mention in mentions:
        is_denied = mention in denied
        if mention.name in (unsaid if is_denied else said) or kind_of(mention.name) not in _COUNTED_KINDS:
            continue
        if len(mention.word) > 1:
            found[f"{mention.word} 없음" if is_denied else mention.word] = None
    return tuple(found)


def _find_mentions(text: str, own: Sequence[str]) -> list[_Mention]:
    """The words of the list and the tags' own words in the text, the longest first at each place."""
    words = _in_sentences() | {tag: _name_of(tag) for tag in own}
    found: list[_Mention] = []
    taken: set[int] = set()
    for word, name in sorted(words.items(), key=lambda pair: -len(_squeezed(pair[0]))):
        for match in _pattern(word).finditer(text):
            place = set(range(match.start(), match.end()))
            if place & taken or not _ends_well(text, word, match.end()):
                continue
            taken |= place
            found.append(_Mention(match.start(), match.end(), word, name))
    return sorted(found, key=lambda mention: mention.start)


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    spaced = r"\s*".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){spaced}", re.IGNORECASE)


def _ends_well(text: str, word: str, end: int) -> bool:
    """Whether the word ends there: after one syllable only a particle may follow ("록은", not "록키")."""
    if len(word) > 1:
        return True
    rest = re.match(r"\w*", text[end:])
    return rest is not None and _PARTICLE.fullmatch(rest.group()) is not None


def _is_denied(text: str, mention: _Mention, mentions: Sequence[_Mention]) -> bool:
    """Whether "없이", "없는", "아닌" and the like follow, directly or after other words of a list."""
    position = mention.end
    by_start = {other.start: other for other in mentions}
    is_first = True
    while position < len(text):
        particle = _PARTICLE.match(text, position)
        ending = particle.group() if particle else ""
        position += len(ending)
        rest = re.match(r"[,\s]*", text[position:])
        position += rest.end() if rest else 0
        if _DENIAL.match(text, position):
            return True
        following = re.match(r"\w+", text[position:])
        if following is None:
            return False
        if _FILLER.fullmatch(following.group()):
            position += following.end()
            continue
        if position not in by_start or (is_first and not _JOINING.fullmatch(ending)):
            return False
        position = by_start[position].end
    return False

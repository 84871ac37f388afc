"""A text as words and marks, and the words in it that a negation reaches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

from generation.redefinition.vocabulary import no_denials

_POSSESSIVE = re.compile(r"['’](s)?$")
_AND = {"&": "and", "n": "and"}
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*['’]?|&|[,;:()—–.!?]|-(?=free\b|less\b)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARTICLES = _words("a an the its their his her this that these those our my some any another")
_NEGATORS = _words(
    """
    no not without nor neither lacking lacks lack lacked absent non sans minus cannot never doesn't don't isn't aren't
    wasn't weren't didn't won't can't couldn't wouldn't nobody none nothing
    """
)
# A negation in several words. The first words of a phrase that is none.
_NEGATIONS = (
    ("free", "of"),
    ("free", "from"),
    ("devoid", "of"),
    ("empty", "of"),
    ("bereft", "of"),
    ("stripped", "of"),
    ("absence", "of"),
    ("instead", "of"),
    ("rather", "than"),
    ("other", "than"),
    ("far", "from"),
    ("anything", "but"),
    ("except", "for"),
)
_BEGINNINGS = _NEGATORS | {phrase[0] for phrase in _NEGATIONS}
_NO_NEGATIONS = (
    ("not", "only"),
    ("not", "just"),
    ("not", "merely"),
    ("not", "simply"),
    ("not", "without"),
    ("never", "without"),
    ("nothing", "but"),
    ("none", "but"),
    ("no", "longer", "without"),
)
# Words at which the reach of a negation ends.
_ENDS = _words(
    """
    but yet while with as where when whose that which who so because over on upon under beneath through across into by
    above along among around beside against from to at in for after before until then only just still instead is are
    was were be been has have had stays stay remains remain ; : ( ) — – . ! ?
    """
)
_LINKS = frozenset({"and", "or", "nor"})
_ABSENT = _words("absent missing silent lacking gone nowhere")
_BETWEEN = _words(
    "is are was were stay stays remain remains be being fall falls fell completely all both entirely quite"
)
_NEVER = _words("never not doesn't don't isn't aren't didn't won't can't cannot")
_HAPPENS = _words(
    """
    appear appears play plays sing sings sound sounds enter enters join joins come comes present heard there used
    featured arrive arrives speak speaks exist exists allowed needed
    """
)


def tokenise(text: str) -> list[str]:
    """The words and marks of `text` in lower case, without possessive endings; "&" is "and", "-less" is "without"."""
    tokens: list[str] = []
    for found in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " ")):
        word = _POSSESSIVE.sub("", found) if len(found) > 1 else found
        tokens.append(_AND.get(word) or word.replace("’", "'"))
    return tokens


def is_word(word: str) -> bool:
    return word[0].isalnum()


def is_break(word: str) -> bool:
    """Whether a noun phrase ends at the word."""
    return not is_word(word) or word in _ARTICLES or word in _ENDS or word == "of"


def is_article(word: str) -> bool:
    return word in _ARTICLES


def split_suffixes(tokens: Sequence[str], music: Collection[str]) -> list[str]:
    """ "drumless" as "without drum", and "vocal-free" as "without vocal", for words of `music`."""
    found: list[str] = []
    position = 0
    while position < len(tokens):
        word = tokens[position]
        base = word.removesuffix("less")
        if base != word and base in music:
            found += ["without", base]
        elif list(tokens[position + 1 : position + 3]) in (["-", "free"], ["-", "less"]):
            found += ["without", word]
            position += 2
        elif word != "-":
            found.append(word)
        position += 1
    return found


def negated_positions(tokens: Sequence[str], music: Collection[int]) -> frozenset[int]:
    """The positions of the tokens that a negation reaches; `music`: those of words of music and of tags.

    A negation reaches forward over one noun phrase and those joined to it by "or", "nor" and "and", and over a list
    with commas that ends with "or". A word after the music that is no music ends it ("no voice joins the guitar").
    Words after the music can deny it too: "vocals are absent", "the voice never sings".
    """
    reached: set[int] = set()
    for position, word in enumerate(tokens):
        start = _after_negation(tokens, position)
        if start is not None:
            reached |= _forward(tokens, start, music, brief=word == "never")
    for position in music:
        if position + 1 not in music and _is_denied_after(tokens, position + 1):
            reached.add(position)
            while position - 1 in music:
                position -= 1
                reached.add(position)
    return frozenset(reached)


@cache
def _no_negations() -> tuple[tuple[str, ...], ...]:
    names = (tuple(word for word in tokenise(name) if is_word(word)) for name in no_denials())
    return (*_NO_NEGATIONS, *names)


def _after_negation(tokens: Sequence[str], position: int) -> int | None:
    """The position after a negation that begins at `position`, or None."""
    if tokens[position] not in _BEGINNINGS:
        return None
    following = tuple(tokens[position : position + 3])
    if any(following[: len(phrase)] == phrase for phrase in _no_negations()):
        return None
    before = tuple(tokens[max(0, position - 1) : position + 1])
    if before in (("not", "without"), ("never", "without")):
        return None
    for phrase in _NEGATIONS:
        if following[: len(phrase)] == phrase:
            return position + len(phrase)
    if following[:2] == ("no", "one"):
        return position + 2
    if tokens[position] in _NEGATORS:
        return position + 1
    return None


def _forward(tokens: Sequence[str], start: int, music: Collection[int], *, brief: bool) -> set[int]:
    reached: set[int] = set()
    is_seen, article_fits = False, True
    for position in range(start, len(tokens)):
        word = tokens[position]
        if word == ",":
            if not _is_in_list(tokens, position):
                break
            is_seen, article_fits = False, True
            continue
        if word in _ENDS:
            break
        if word in _LINKS:
            if word == "and" and position + 1 < len(tokens) and tokens[position + 1] in _ARTICLES:
                break
            is_seen, article_fits = False, True
            continue
        if word in _ARTICLES:
            if not article_fits:
                break
        elif position in music:
            is_seen = True
        elif is_seen or (brief and position > start):
            break
        reached.add(position)
        article_fits = word == "of"
    return reached


def _is_in_list(tokens: Sequence[str], comma: int) -> bool:
    """Whether the negation goes on after a comma: a list of short phrases that ends with "or" or "nor"."""
    length = 0
    for word in tokens[comma + 1 :]:
        if word in ("or", "nor"):
            return True
        if word == ",":
            length = 0
        elif word in _ENDS or word == "and" or length >= 4:
            return False
        else:
            length += 1
    return False


def _is_denied_after(tokens: Sequence[str], position: int) -> bool:
    rest = list(tokens[position : position + 5])
    while rest and rest[0] in _BETWEEN:
        rest.pop(0)
        if rest and rest[0] in _ABSENT:
            return True
    if rest and rest[0] in ("absent", "missing"):
        return True
    if rest and rest[0] in ("do", "does", "did", "will", "can"):
        rest.pop(0)
    return len(rest) > 1 and rest[0] in _NEVER and any(word in _HAPPENS for word in rest[1:3])

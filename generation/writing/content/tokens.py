"""A text as words and marks, and the words in it that a negation reaches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*['’]?|&|[,;:()—–.!?]|-(?=free\b|less\b)")
_ARTICLES = frozenset("a an the its their his her this that these those our my some any another".split())
_NEGATORS = frozenset("no not without nor neither lacking lacks lack lacked absent non sans minus cannot never".split())
_DENYING_VERBS = frozenset(
    "doesn't don't isn't aren't wasn't weren't didn't won't can't couldn't wouldn't nobody none nothing".split()
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
_ENDS = frozenset(
    """but yet while with as where when whose that which who so because over on upon under beneath through across into by
    above along among around beside against from to at in for after before until then only just still instead is are
    was were be been has have had stays stay remains remain ; : ( ) — – . ! ?""".split()
)
_LINKS = frozenset({"and", "or", "nor"})
_ABSENT = frozenset("absent missing silent lacking gone nowhere".split())
_BETWEEN = frozenset("is are was were stay stays remain remains be being fall falls fell completely all entirely".split())
_NEVER = frozenset("never not doesn't don't isn't aren't didn't won't can't cannot".split())
_HAPPENS = frozenset(
    """appear appears play plays sing sings sound sounds enter enters join joins come comes present heard there used
    featured arrive arrives speak speaks exist exists allowed needed""".split()
)


def tokenise(text: str) -> list[str]:
    """The words and marks of `text` in lower case, without possessive endings; "&" is "and", "-less" is "without"."""
    tokens: list[str] = []
    for found in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " ")):
        word = re.sub(r"['’](s)?$", "", found) if len(found) > 1 else found
        tokens.append({"&": "and", "n": "and"}.get(word, word.replace("’", "'")))
    return tokens


def is_word(token: str) -> bool:
    return token[0].isalnum()


def is_break(token: str) -> bool:
    """Whether a noun phrase ends at the token."""
    return not is_word(token) or token in _ARTICLES or token in _ENDS or token == "of"


def is_article(token: str) -> bool:
    return token in _ARTICLES


def split_suffixes(tokens: Sequence[str], music: Collection[str]) -> list[str]:
    """"drumless" as "without drum", and "vocal-free" as "without vocal", for words of `music`."""
    found: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        base = token.removesuffix("less")
        if base != token and base in music:
            found += ["without", base]
        elif list(tokens[position + 1 : position + 3]) in (["-", "free"], ["-", "less"]):
            found += ["without", token]
            position += 2
        elif token != "-":
            found.append(token)
        position += 1
    return found


def negated_positions(tokens: Sequence[str], music: Collection[int]) -> frozenset[int]:
    """The positions of the tokens that a negation reaches; `music`: those of words of music and of tags.

    A negation reaches forward over one noun phrase and those joined to it by "or", "nor" and "and", and over a list
    with commas that ends with "or". A word after the music that is no music ends it ("no voice joins the guitar").
    Words after the music can deny it too: "vocals are absent", "the voice never sings".
    """
    reached: set[int] = set()
    for position, token in enumerate(tokens):
        start = _after_negation(tokens, position)
        if start is not None:
            reached |= _forward(tokens, start, music, brief=token == "never")
    for position in music:
        if position + 1 not in music and _is_denied_after(tokens, position + 1):
            reached.add(position)
            while position - 1 in music:
                position -= 1
                reached.add(position)
    return frozenset(reached)


def _after_negation(tokens: Sequence[str], position: int) -> int | None:
    """The position after a negation that begins at `position`, or None."""
    following = tuple(tokens[position : position + 3])
    if any(following[: len(phrase)] == phrase for phrase in _NO_NEGATIONS):
        return None
    before = tuple(tokens[max(0, position - 1) : position + 1])
    if before in (("not", "without"), ("never", "without")):
        return None
    for phrase in _NEGATIONS:
        if following[: len(phrase)] == phrase:
            return position + len(phrase)
    if following[:2] == ("no", "one"):
        return position + 2
    if tokens[position] in _NEGATORS or tokens[position] in _DENYING_VERBS:
        return position + 1
    return None


def _forward(tokens: Sequence[str], start: int, music: Collection[int], *, brief: bool) -> set[int]:
    reached: set[int] = set()
    is_seen, article_fits = False, True
    for position in range(start, len(tokens)):
        token = tokens[position]
        if token == ",":
            if not _is_in_list(tokens, position):
                break
            is_seen, article_fits = False, True
            continue
        if token in _ENDS:
            break
        if token in _LINKS:
            if token == "and" and position + 1 < len(tokens) and tokens[position + 1] in _ARTICLES:
                break
            is_seen, article_fits = False, True
            continue
        if token in _ARTICLES:
            if not article_fits:
                break
        elif position in music:
            is_seen = True
        elif is_seen or (brief and position > start):
            break
        reached.add(position)
        article_fits = token == "of"
    return reached


def _is_in_list(tokens: Sequence[str], comma: int) -> bool:
    """Whether the negation goes on after a comma: a list of short phrases that ends with "or" or "nor"."""
    length = 0
    for token in tokens[comma + 1 :]:
        if token in ("or", "nor"):
            return True
        if token == ",":
            length = 0
        elif token in _ENDS or token == "and" or length >= 4:
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
    return len(rest) > 1 and rest[0] in _NEVER and any(token in _HAPPENS for token in rest[1:3])

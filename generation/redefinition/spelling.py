"""One spelling for tags, and suggestions for misspelt ones (shown to the researcher, never applied)."""

import difflib
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

LONGEST_COMPOSED = 1_200
_GAPS = re.compile(r"[\s_]+")
# The kind before a tag in MTG-Jamendo's files: "genre---rock", "instrument---bell", "mood/theme---dark".
_PREFIX = re.compile(r"^\s*(genre|instrument|mood/theme|mood|theme)---(?=\S)", re.IGNORECASE)


def without_prefix(tag: str) -> str:
    """`"genre---electronic"` → `"electronic"`: the tag without the kind that some collections write before it."""
    return _PREFIX.sub("", tag)


def normalise(tag: str) -> str:
    """`" Genre---Female_Vocal "` → `"female vocal"`: NFC, lower case, single spaces, no underscores, no prefix.

    What is far too long for a tag is not composed: that takes time by the square of its length.
    """
    spelled = _GAPS.sub(" ", without_prefix(tag)).strip().casefold()
    return unicodedata.normalize("NFC", spelled) if len(spelled) <= LONGEST_COMPOSED else spelled


def suggestion(tag: str, known: Collection[str]) -> str | None:
    """The known tag that `tag` is most likely a misspelling of, or None."""
    if len(tag) > LONGEST_COMPOSED:
        return None
    spelled, candidates = _letters(normalise(tag)), _by_letters(frozenset(known))
    if twin := candidates.get(spelled):
        return twin
    matches = difflib.get_close_matches(spelled, candidates, n=1, cutoff=0.8)
    return candidates[matches[0]] if matches else None


@lru_cache(maxsize=8)
def _by_letters(known: frozenset[str]) -> dict[str, str]:
    found = {_letters(candidate): candidate for candidate in sorted(known)}
    found.pop("", None)  # a name of signs alone resembles nothing
    return found


def _letters(name: str) -> str:
    """The letters and digits of a name. A Hangul syllable gives its two or three letters, so that one may be wrong."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFD", name))

"""What was changed while a table was read, in sentences.

The analysis keeps them in English among its warnings, and the report recognises them again by these patterns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

ENCODING = gettext_noop("The table was read as %(encoding)s.")
INVISIBLE = gettext_noop("Invisible or control characters were removed from the table: %(n)s.")
LETTERS = gettext_noop("Letters that were written in parts (Unicode NFD) were put together.")
SPACES = gettext_noop("Superfluous spaces were removed from cells: %(n)s.")
HEADINGS = gettext_noop("Row %(row)s holds further headings (“%(text)s”), no answers, and was left out.")
MISSING = gettext_noop("In the column %(column)s, %(words)s counts as a missing value; such cells: %(n)s.")
ONE_LABEL = gettext_noop("In the column %(column)s, “%(one)s” and “%(other)s” are one label.")
RARE_KEY = gettext_noop(
    "The condition “%(key)s” is named on %(n)s of %(all)s ballots. If it is misspelt, correct the key; if it is a "
    "condition, name all of them with --conditions."
)
WORD_AS_NAME = gettext_noop(
    "In the column %(column)s, “%(word)s” counts as a name; remove these rows if it means a missing value."
)
MAPPED = gettext_noop("By the mapping, %(rows)s rows of %(file)s gave %(n)s ballots of %(people)s people.")
ROWS_LEFT_OUT = gettext_noop("Rows that the mapping leaves out: %(n)s.")
UNANSWERED = gettext_noop("Clips without an answer, which give no ballot: %(n)s.")
SAME_PLACES = gettext_noop(
    "The mapping gives every label one condition in all clips. If the labels are places on the page, each condition "
    "was always at one place, and a preference for a place looks like one for a condition."
)
ORDERED_TICKS = gettext_noop(
    "In clip “%(clip)s”, the first image of a cell counts as the 1st choice and the next as the 2nd."
)
LEFT_OUT = gettext_noop("Rows without an answer in the column %(column)s, which were left out: %(n)s.")
SCALE_FOUND = gettext_noop(
    "The scale of “%(question)s” is taken from its answers, %(lowest)s to %(highest)s. If its ends are others, name "
    "them with --scale."
)
TWO_SCALES = gettext_noop(
    "On “%(question)s”, %(n)s of %(people)s people never go beyond %(small)s while others reach %(highest)s. If they "
    "had another scale, give their answers a question of their own."
)
CODE_AS_NUMBER = gettext_noop(
    "On “%(question)s”, %(n)s answers are %(code)s, and all others lie from %(lowest)s to %(highest)s. If it stands "
    "for a missing answer, empty these cells: here they count as numbers."
)
SENTENCES = (
    *(ENCODING, INVISIBLE, LETTERS, SPACES, HEADINGS, MISSING, ONE_LABEL, RARE_KEY, WORD_AS_NAME),
    *(LEFT_OUT, SCALE_FOUND, TWO_SCALES, CODE_AS_NUMBER),
    *(MAPPED, ROWS_LEFT_OUT, UNANSWERED, SAME_PLACES, ORDERED_TICKS),
)


@dataclass
class Notes:
    """What was changed while a table was read; `spaces`: cells with spaces that were removed."""

    encoding: str = "UTF-8"
    invisible: int = 0
    put_together: bool = False
    spaces: int = 0
    further: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, sentence: str, **values: Any) -> None:
        """Add a sentence of this module with its values."""
        self.further.append((sentence, values))

    def missing(self, column: str, words: Iterable[str], n: int) -> None:
        """Note that words of a column were read as missing values."""
        named = ", ".join(f"“{word}”" for word in sorted(set(words)))
        if named:
            self.add(MISSING, column=column, words=named, n=n)

    def sentences(self) -> list[str]:
        """Return the notes as sentences in the current language."""
        found: list[tuple[str, dict[str, Any]]] = []
        if self.encoding != "UTF-8":
            found.append((ENCODING, {"encoding": self.encoding}))
        if self.invisible:
            found.append((INVISIBLE, {"n": self.invisible}))
        if self.put_together:
            found.append((LETTERS, {}))
        if self.spaces:
            found.append((SPACES, {"n": self.spaces}))
        return [_(sentence) % values if values else _(sentence) for sentence, values in (*found, *self.further)]

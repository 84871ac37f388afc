"""What cells are cleaned of, and the words that mean that a value is missing."""

import re
import unicodedata

from study.tables.spreadsheet import unescape_formula

MISSING_WORDS = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "none", "null", "-"})

# Signs that nobody sees: control characters, byte order marks, marks of direction, soft hyphens, zero-width spaces.
# The joiners of Persian, of Indian scripts and of emoji stay, except at the ends of a cell.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb]"
)
_ODD_SPACES = re.compile("[\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_BREAKS = re.compile(r"[\t\r\n]+ *")
_JOINERS = "\u200c\u200d"
_CARE = re.compile(f"[\t\r\n{_JOINERS}]|'[=+\\-@]")


def clean_text(text: str) -> tuple[str, int, bool]:
    """Return a table's text without signs that nobody sees, with plain spaces and with composed letters (NFC).

    Also returned: how many signs were removed, and whether letters were composed.
    """
    if not (_INVISIBLE.search(text) or _ODD_SPACES.search(text)) and text.isascii():
        return text, 0, False
    seen = _INVISIBLE.sub("", text)
    spaced = _ODD_SPACES.sub(" ", seen)
    composed = unicodedata.normalize("NFC", spaced)
    return composed, len(text) - len(seen), composed != spaced


def needs_care(text: str) -> bool:
    """Return whether cells of this text need more than the spaces around them removed: see `clean_cell`."""
    return _CARE.search(text) is not None


def clean_cell(value: str) -> str:
    """Return a cell in one line, without the spaces around it and the apostrophe of an exported formula.

    The text must have passed `clean_text`.
    """
    value = unescape_formula(value.strip())
    if "\n" in value or "\r" in value or "\t" in value:
        value = _BREAKS.sub(" ", value)
    return value.strip(_JOINERS + " ") if value[:1] in _JOINERS or value[-1:] in _JOINERS else value


def clean_name(name: str) -> str:
    """Return a name as a table's cell gives it, to compare it with those in tables."""
    return clean_cell(clean_text(name)[0])


def is_missing(value: str) -> bool:
    """Return whether a clean cell is empty, or holds a usual word for a missing value (NA, None, null, …)."""
    return not value or value.casefold() in MISSING_WORDS


def column_key(heading: str) -> str:
    """Return a heading as columns are named here: `Position First` is `position_first`."""
    return re.sub(r"[\s_]+", "_", heading.strip().casefold())

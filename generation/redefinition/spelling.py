"""One spelling for tags, and suggestions for misspelt ones (shown to the researcher, never applied)."""

import difflib
import re
from collections.abc import Collection

_GAPS = re.compile(r"[\s_]+")


def normalise(tag: str) -> str:
    """`" Female_Vocal "` → `"female vocal"`: lower case, single spaces, no underscores."""
    return _GAPS.sub(" ", tag).strip().casefold()


def suggestion(tag: str, known: Collection[str]) -> str | None:
    """The known tag that `tag` is most likely a misspelling of, or None."""
    name = normalise(tag)
    squeezed = {re.sub(r"[^a-z0-9]", "", candidate): candidate for candidate in known}
    if twin := squeezed.get(re.sub(r"[^a-z0-9]", "", name)):
        return twin
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return matches[0] if matches else None

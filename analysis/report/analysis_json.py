"""Reading values of the analysis JSON, in which every block may be null or missing."""

from typing import Any


def value_at(data: Any, *path: str | int) -> Any:
    """The value at `path`, or None if a key on the way is missing or null."""
    for key in path:
        if data is None:
            return None
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def is_significant(p: float | None, alpha: float) -> bool:
    """Whether a p value is given and below `alpha`."""
    return p is not None and p < alpha

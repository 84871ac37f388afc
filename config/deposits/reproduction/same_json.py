"""Where two JSON values differ."""

from collections.abc import Iterator
from math import isclose
from typing import Any


def differences(stored: Any, again: Any, *, tolerance: float, path: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, by the path to it: "primary.estimate: 1.5 in the deposit, 1.4 made again".

    Args:
        tolerance: the relative difference of numbers that passes; with 0 they are the same to the last digit.
    """
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in sorted(stored.keys() | again.keys()):
            inner = f"{path}.{key}".lstrip(".")
            if key not in stored or key not in again:
                yield f"{inner}: not in {'what was made again' if key in stored else 'the deposit'}"
            else:
                yield from differences(stored[key], again[key], tolerance=tolerance, path=inner)
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for index, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from differences(one, other, tolerance=tolerance, path=f"{path}[{index}]")
    elif not _same(stored, again, tolerance):
        yield f"{path}: {_shown(stored)} in the deposit, {_shown(again)} made again"


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return type(one) is type(other) and bool(one == other)
    if not isinstance(other, int | float):
        return False
    try:
        # Near zero a relative difference says nothing.
        return one == other or (tolerance > 0 and isclose(one, other, rel_tol=tolerance, abs_tol=tolerance))
    except OverflowError:  # a number with hundreds of digits
        return False


def _shown(value: Any) -> str:
    text = f"{len(value)} values" if isinstance(value, list | dict) else repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"

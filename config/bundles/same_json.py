"""Where two JSON values differ: an analysis that came in, and the same made again."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How two JSON values are compared, and how a difference is told.

    Attributes:
        tolerance: the relative difference of numbers that passes; with 0 they are the same to the last digit.
        missing_is_null: whether a key that one of them lacks is as one whose value is null. For exports: an analysis
            of an earlier version lacks blocks that came later, and those that do not apply are null. A deposit is
            compared with what its own version made, so a key that came or went is a difference.
        stored, again: what the two are called: "1.5 in the deposit, 1.4 made again".
    """

    tolerance: float
    missing_is_null: bool
    stored: str
    again: str

    def differences(self, stored: Any, again: Any, path: str = "") -> Iterator[str]:
        """Yield where the two differ, by the path to it: "primary.estimate: 1.5 in the deposit, 1.4 made again"."""
        if isinstance(stored, dict) and isinstance(again, dict):
            for key in sorted(stored.keys() | again.keys()):
                inner = f"{path}.{key}".lstrip(".")
                if (key in stored and key in again) or self.missing_is_null:
                    yield from self.differences(stored.get(key), again.get(key), inner)
                else:
                    here, gone = (self.stored, self.again) if key in stored else (self.again, self.stored)
                    yield f"{inner}: {here}, not {gone}"
        elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
            for index, (one, other) in enumerate(zip(stored, again, strict=True)):
                yield from self.differences(one, other, f"{path}[{index}]")
        elif not _same(stored, again, self.tolerance):
            yield f"{path}: {_shown(stored)} {self.stored}, {_shown(again)} {self.again}"


def of_export() -> Comparison:
    """How an export's analysis is compared: rounding passes, as an earlier NumPy may have made it."""
    return Comparison(tolerance=1e-9, missing_is_null=True, stored="exported", again="now")


def of_deposit(tolerance: float) -> Comparison:
    """How a deposit's analysis is compared; `tolerance` is 0 if the same versions made both."""
    return Comparison(tolerance=tolerance, missing_is_null=False, stored="in the deposit", again="made again")


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return type(one) is type(other) and bool(one == other)
    if not isinstance(other, int | float):
        return False
    try:
        # Near zero a relative difference says nothing. NaN, which no analysis holds, is a difference.
        return one == other or (tolerance > 0 and isclose(one, other, rel_tol=tolerance, abs_tol=tolerance))
    except OverflowError:  # a number with hundreds of digits
        return False


def _shown(value: Any) -> str:
    text = f"{len(value)} values" if isinstance(value, list | dict) else repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"

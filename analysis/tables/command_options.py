"""Command-line options for weights, conditions, factors and claims; errors show how to write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from analysis.statistics.assumed_choices import check_points
from analysis.statistics.ballots import check_weights
from analysis.statistics.errors import DesignError

ENCODING_HELP = "the table's encoding if it is not recognised: utf-8, utf-16, cp949, cp1252, shift_jis, gb18030, …"


def check_output(output: Path | None, table: Path) -> None:
    """Refuse to write a result over the table from which it is computed. Raises DesignError."""
    if output and output.resolve() == table.resolve():
        raise DesignError(f"{output}: this is the table itself; give the result another name.")


def parse_weights(text: str) -> tuple[float, float]:
    """`3,1` as two numbers."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise DesignError(f"weights '{text}' are not two numbers; write them as 3,1.") from error
    return check_weights(numbers)


def parse_points(text: str) -> tuple[float, ...]:
    """`3,1` or `3,2,1` as numbers, one for each choice."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise DesignError(f"weights '{text[:40]}' are not numbers; write one for each choice, such as 3,1.") from error
    return check_points(numbers)


def parse_rank_points(text: str | None) -> tuple[float, ...] | None:
    """`3,2,1` as points of ranks; None stays None. Whether they fall is checked where the ranks are known."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise DesignError(f"points '{text}' are not numbers; write one for each rank, as 3,2,1.") from error


def parse_numbers(name: str, text: str) -> tuple[int, ...]:
    """`1,2` as whole numbers."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise DesignError(f"{name} '{text[:40]}' are not whole numbers; write them as 1,2.") from error


def parse_conditions(text: str | None) -> tuple[str, ...] | None:
    """`a,b,c` as keys; None stays None."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def parse_moderators(text: str | None) -> dict[str, tuple[float, ...]]:
    """`device,age:30:50` as column → the rising numbers at which a new group begins, none for each value a group."""
    if text is None:
        return {}
    found: dict[str, tuple[float, ...]] = {}
    for part in text.split(","):
        name, *numbers = part.strip().split(":")
        try:
            cuts = tuple(map(float, numbers))
        except ValueError:
            name, cuts = part.strip(), ()  # a heading with a colon of its own
        if not all(map(math.isfinite, cuts)) or any(low >= high for low, high in pairwise(cuts)):
            raise DesignError(f"moderator '{part}': write the numbers at which a new group begins rising, age:30:50.")
        if name in found:
            raise DesignError(f"moderator '{name}': name each column once.")
        found[name] = cuts
    return found


def parse_factors(text: str | None) -> dict[str, tuple[str, ...]] | None:
    """`redefined=a,b;sentence=b,d` as name → conditions at the high level; None stays None."""
    if text is None:
        return None
    factors: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, members = part.partition("=")
        if not equals or not name.strip() or name.strip() in factors:
            raise DesignError(f"factors '{text}': write each once as name=a,b and separate them by semicolons.")
        factors[name.strip()] = tuple(member.strip() for member in members.split(","))
    if not factors and text.strip():
        raise DesignError(f"factors '{text}' name none; write each as name=a,b, or leave the option out.")
    return factors


def parse_claims(texts: Sequence[str]) -> dict[str, float]:
    """`NAME=VALUE` pairs."""
    claims: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not name.strip() or not math.isfinite(number):
            raise DesignError(f"claim '{text}': write it as NAME=NUMBER.")
        if name.strip() in claims:
            raise DesignError(f"claim '{text}': '{name.strip()}' is claimed twice; give each claim a name of its own.")
        claims[name.strip()] = number
    return claims

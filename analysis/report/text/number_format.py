"""Numbers in print: a minus sign, as many digits as mean something, p values as journals print them."""

from collections.abc import Sequence
from typing import Any


def plain(value: float | None, digits: int = 2) -> str:
    """`value` with `digits` decimals and a true minus sign; an em dash where there is none."""
    if value is None:
        return "—"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def points(value: float | None) -> str:
    """Points: whole where they are whole (the usual weights), else two decimals."""
    if value is None:
        return "—"
    return f"{value:,.0f}".replace("-", "−") if float(value).is_integer() else plain(value)


def p_value(value: float | None) -> str:
    """`p = 0.032`, `p < 0.001`: never zero."""
    if value is None:
        return "p = —"
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def p_cell(value: float | None) -> str:
    """`0.032`, `< 0.001`: for a table's column of p values."""
    return p_value(value).removeprefix("p ").removeprefix("= ")


def interval(pair: Sequence[float] | None, digits: int = 2, to: str = "to") -> str:
    """`1.20 to 3.04`."""
    if not pair:
        return "—"
    return f"{plain(pair[0], digits)} {to} {plain(pair[1], digits)}"


def degrees(value: float | None) -> str:
    """Degrees of freedom: whole where whole."""
    if value is None:
        return "—"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def get(data: Any, *path: str | int) -> Any:
    """The value at `path`, or None as soon as something on the way is missing or null."""
    for key in path:
        if data is None:
            return None
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def percent(share: float | None, digits: int = 0) -> str:
    """`62 %`."""
    return "—" if share is None else f"{plain(100 * share, digits)} %"

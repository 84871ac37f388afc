"""Numbers as text: a true minus sign, few digits, p values as journals print them."""

from collections.abc import Sequence

from django.utils.translation import gettext as _


def plain(value: float | None, digits: int = 2) -> str:
    """`value` with `digits` decimals and a true minus sign; an em dash for None."""
    if value is None:
        return "—"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def points(value: float | None) -> str:
    """Points: without decimals if whole (as with the usual weights), else with two."""
    if value is None:
        return "—"
    return f"{value:,.0f}".replace("-", "−") if float(value).is_integer() else plain(value)


def p_value(value: float | None) -> str:
    """`p = 0.032` or `p < 0.001`; never zero."""
    if value is None:
        return "p = —"
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def p_cell(value: float | None) -> str:
    """`0.032` or `< 0.001`, for a table's column of p values."""
    return p_value(value).removeprefix("p ").removeprefix("= ")


def interval(pair: Sequence[float] | None, digits: int = 2) -> str:
    """`1.20 to 3.04`; Korean writes `1.20~3.04`."""
    if not pair:
        return "—"
    return _("%(low)s to %(high)s") % {"low": plain(pair[0], digits), "high": plain(pair[1], digits)}


def degrees(value: float | None) -> str:
    """Degrees of freedom: without decimals if whole, else with one."""
    if value is None:
        return "—"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def percent(share: float | None, digits: int = 0) -> str:
    """`62 %`; Korean writes `62%`."""
    return "—" if share is None else _("%(number)s %%") % {"number": plain(100 * share, digits)}


def percent_interval(pair: Sequence[float] | None) -> str:
    """`43 %–81 %`; Korean writes `43%~81%`."""
    return _("%(low)s–%(high)s") % {"low": percent(pair[0]), "high": percent(pair[1])} if pair else "—"


def share_with_interval(share: float | None, ends: Sequence[float] | None, digits: int = 0) -> str:
    """`62 % (43 %–81 %)`, or the share alone without an interval."""
    return percent(share, digits) + (f" ({percent_interval(ends)})" if ends else "")


def chi_square(statistic: float | None, df: float | None) -> str:
    """`χ²(3) = 40.20`."""
    return f"χ²({degrees(df)}) = {plain(statistic)}"

"""Whether a published table of weighted scores is possible, and what it shows without its ballots.

Every respondent judges every item and gives w1 points to one image and w2 to another; a second choice may be
missing. Feasibility is decided exactly, column by column, over the ways to write each cell as w1 f + w2 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from analysis.statistics.ballots import check_factors
from analysis.statistics.contrasts import points_contrasts
from analysis.statistics.distributions import two_sided_t
from analysis.statistics.errors import DesignError

MAX_WEIGHT = 10
MAX_RESPONDENTS = 120  # that are tried if the number is not given
MOST_RESPONDENTS = 2_000
DEFAULT_WEIGHTS = (3, 1)


@dataclass(frozen=True)
class ScoreTable:
    """Points (`cells`): rows are conditions, columns items; `printed_totals` per row, None if not printed."""

    conditions: tuple[str, ...]
    items: tuple[str, ...]
    cells: np.ndarray
    printed_totals: tuple[int | None, ...]


@dataclass(frozen=True)
class Consistent:
    """Weights and respondents with which the table is possible; second choices per item follow from them."""

    weights: tuple[int, int]
    respondents: int
    second_choices: tuple[int, ...]


@dataclass(frozen=True)
class Mismatch:
    """A printed total that is not the sum of its row."""

    row: str
    printed: int
    sum: int


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A change of one cell: `mends`: the faults that it corrects; `still_consistent`: ballots can give the result."""

    row: str
    item: str
    from_: int
    to: int
    mends: tuple[str, ...]
    still_consistent: bool


@dataclass(frozen=True, kw_only=True)
class ClipLevelTest:
    """t over items of a contrast of points; `estimate` is per ballot, None if the respondents are not known."""

    estimate: float | None
    points_per_item: float
    t: float | None
    df: int
    p: float | None
    p_sign_flip: float
    smallest_possible_p: float


@dataclass(frozen=True)
class Claim:
    """A number that a text claims, and all computations on the table that give it."""

    name: str
    claimed: float
    found_as: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableAudit:
    """The result of an audit; `respondents`: as given, else the most plausible number."""

    column_totals: tuple[int, ...]
    row_totals: Mapping[str, int]
    mismatches: tuple[Mismatch, ...]
    consistent: tuple[Consistent, ...]
    repairs: tuple[Repair, ...]
    contrasts: Mapping[str, Mapping[str, float]]
    clip_level_tests: Mapping[str, ClipLevelTest]
    claims: tuple[Claim, ...]
    respondents: int | None


def column_possible(
    column: Sequence[int], weights: tuple[int, int], respondents: int, allow_same: bool = False
) -> int | None:
    """The number of second choices with which a column is possible, or None if it is not.

    Σ f = N firsts, Σ s ≤ N seconds, and, as no ballot gives both choices to one image, f + s ≤ N for each cell;
    with these (and only then) the ballots exist.
    """
    w1, w2 = weights
    seconds, rest = divmod(sum(column) - w1 * respondents, w2)
    if rest or not 0 <= seconds <= respondents:
        return None
    reachable, most = 1, (2 << respondents) - 1  # bit n: the cells so far can hold n first choices
    for cell in column:
        ways = [
            first
            for first in range(min(cell // w1, respondents) + 1)
            if (cell - w1 * first) % w2 == 0
            and (cell - w1 * first) // w2 <= (respondents if allow_same else respondents - first)
        ]
        before, reachable = reachable, 0
        for first in ways:
            reachable |= before << first
        reachable &= most
        if not reachable:
            return None
    return seconds if reachable >> respondents & 1 else None


def consistent_designs(
    cells: np.ndarray, respondents: int | None = None, *, allow_same: bool = False
) -> tuple[Consistent, ...]:
    """All coprime weights w2 < w1 ≤ 10 and numbers of respondents (1 to 120 if None) that fit every column."""
    found = []
    numbers = range(1, MAX_RESPONDENTS + 1) if respondents is None else [respondents]
    for w1 in range(2, MAX_WEIGHT + 1):
        for w2 in range(1, w1):
            if math.gcd(w1, w2) > 1:
                continue
            for n in numbers:
                seconds: list[int] = []
                for column in cells.T.tolist():
                    possible = column_possible(column, (w1, w2), n, allow_same)
                    if possible is None:
                        break
                    seconds.append(possible)
                else:
                    found.append(Consistent((w1, w2), n, tuple(seconds)))
    return tuple(found)


def _common_total(cells: np.ndarray) -> int | None:
    """The total of all columns but at most one, else None.

    One wrong cell changes one column. If two or more columns differ, second choices are missing, and totals need not
    be equal.
    """
    totals = cells.sum(axis=0).tolist()
    common = max(set(totals), key=lambda total: (totals.count(total), total))
    alike = totals.count(common)
    return int(common) if alike > 1 and alike >= len(totals) - 1 else None


def _faults(table: ScoreTable, cells: np.ndarray, common: int | None) -> dict[str, bool]:
    """Whether each printed total and each column total is wrong, by name."""
    faults = {}
    for i, printed in enumerate(table.printed_totals):
        if printed is not None:
            faults[f"printed total of {table.conditions[i]}"] = int(cells[i].sum()) != printed
    if common is not None:
        for j, total in enumerate(cells.sum(axis=0).tolist()):
            faults[f"column total of {table.items[j]}"] = total != common
    return faults


def one_cell_repairs(
    table: ScoreTable, respondents: int | None = None, *, allow_same: bool = False
) -> tuple[Repair, ...]:
    """Changes of one cell that correct the most faults and make no new one; empty if nothing is wrong.

    Changes that give a possible table come first.
    """
    common = _common_total(table.cells)
    before = _faults(table, table.cells, common)
    wrong = [name for name, fault in before.items() if fault]
    if not wrong:
        return ()
    totals = table.cells.sum(axis=0).tolist()
    repairs: list[Repair] = []
    for i, j in np.ndindex(*table.cells.shape):
        value = int(table.cells[i, j])
        targets = set() if common is None else {value + common - totals[j]}
        printed = table.printed_totals[i]
        if printed is not None:
            targets.add(value + printed - int(table.cells[i].sum()))
        for to in sorted(targets - {value}):
            if to < 0:
                continue
            changed = table.cells.copy()
            changed[i, j] = to
            after = _faults(table, changed, common)
            mends = tuple(name for name in wrong if not after[name])
            if not mends or any(after[name] and not before[name] for name in after):
                continue
            possible = bool(consistent_designs(changed, respondents, allow_same=allow_same))
            repairs.append(
                Repair(
                    row=table.conditions[i],
                    item=table.items[j],
                    from_=value,
                    to=int(to),
                    mends=mends,
                    still_consistent=possible,
                )
            )
    most = max((len(repair.mends) for repair in repairs), default=0)
    best = [repair for repair in repairs if len(repair.mends) == most]
    return tuple(sorted(best, key=lambda repair: not repair.still_consistent))


def _contrasts(table: ScoreTable, totals: np.ndarray, factors: Mapping[str, Sequence[str]]) -> dict[str, float]:
    return {
        contrast.name: _rounded_if_whole(float(totals @ contrast.coefficients))
        for contrast in points_contrasts(factors, table.conditions)
        if not contrast.name.startswith("interaction")
    }


def _rounded_if_whole(value: float) -> float:
    return round(value) if abs(value - round(value)) < 1e-9 else value


def clip_level_tests(
    table: ScoreTable, factors: Mapping[str, Sequence[str]], respondents: int | None
) -> dict[str, ClipLevelTest]:
    """t and sign-flip tests over items, for new clips; they need no ballots."""
    tests = {}
    names = [*factors, "interaction"]
    for name, contrast in zip(names, points_contrasts(factors, table.conditions), strict=False):
        per_item = contrast.coefficients @ table.cells
        n = len(per_item)
        mean = float(per_item.mean())
        spread = float(per_item.std(ddof=1)) if n > 1 else 0.0
        t = mean / (spread / math.sqrt(n)) if spread > 0 else None
        p = None if t is None else two_sided_t(t, n - 1)
        estimate = None if respondents is None else mean / respondents
        tests[name] = ClipLevelTest(
            estimate=estimate,
            points_per_item=mean,
            t=t,
            df=n - 1,
            p=p,
            p_sign_flip=_sign_flip(per_item),
            smallest_possible_p=2 / 2 ** min(n, 60),
        )
    return tests


def _sign_flip(values: np.ndarray) -> float:
    """Two-sided sign-flip p over items: exact up to 20 items, else from 100,000 draws."""
    n = len(values)
    if n <= 20:
        signs = np.array(list(product((1, -1), repeat=n))) if n <= 12 else _all_signs(n)
        sums = np.abs(signs @ values)
        return float((sums >= abs(values.sum()) - 1e-9).mean())
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(100_000, n))
    return float((1 + (np.abs(signs @ values) >= abs(values.sum()) - 1e-9).sum()) / 100_001)


def _all_signs(n: int) -> np.ndarray:
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    return (1 - 2 * bits).astype(np.int8)


def audit_table(
    table: ScoreTable,
    *,
    respondents: int | None = None,
    factors: Mapping[str, Sequence[str]] | None = None,
    claims: Mapping[str, float] | None = None,
    allow_same: bool = False,
) -> TableAudit:
    """Audit a table of points; without `factors`, the preset's if the rows are its conditions. Raises DesignError."""
    _check(table, respondents)
    factors = check_factors(factors, table.conditions)
    rows = table.cells.sum(axis=1)
    mismatches = tuple(
        Mismatch(table.conditions[i], printed, int(rows[i]))
        for i, printed in enumerate(table.printed_totals)
        if printed is not None and printed != rows[i]
    )
    consistent = consistent_designs(table.cells, respondents, allow_same=allow_same)
    repairs = one_cell_repairs(table, respondents, allow_same=allow_same)
    contrasts: dict[str, Mapping[str, float]] = {"as_printed": _contrasts(table, rows, factors)}
    changed = table.cells.copy()
    if repairs:
        best = repairs[0]
        changed[table.conditions.index(best.row), table.items.index(best.item)] = best.to
    contrasts["repaired"] = _contrasts(table, changed.sum(axis=1), factors)
    if all(total is not None for total in table.printed_totals):
        contrasts["printed_totals"] = _contrasts(table, np.array(table.printed_totals, dtype=float), factors)
    known = respondents if respondents is not None else _common_respondents(consistent)
    audit_claims = tuple(
        Claim(name, value, _found_as(value, table, rows, contrasts)) for name, value in (claims or {}).items()
    )
    return TableAudit(
        column_totals=tuple(int(x) for x in table.cells.sum(axis=0)),
        row_totals={c: int(x) for c, x in zip(table.conditions, rows, strict=True)},
        mismatches=mismatches,
        consistent=consistent,
        repairs=repairs,
        contrasts=contrasts,
        clip_level_tests=clip_level_tests(table, factors, known),
        claims=audit_claims,
        respondents=known,
    )


def _common_respondents(consistent: Sequence[Consistent]) -> int | None:
    """The fewest respondents that fit the weights 3:1, the default of a study, else the fewest that fit any."""
    if not consistent:
        return None
    return min(consistent, key=lambda c: (c.weights != DEFAULT_WEIGHTS, c.respondents)).respondents


def _found_as(
    value: float, table: ScoreTable, rows: np.ndarray, contrasts: Mapping[str, Mapping[str, float]]
) -> tuple[str, ...]:
    found = [
        f"{name} ({source})"
        for source, each in contrasts.items()
        for name, number in each.items()
        if abs(number - value) < 1e-9
    ]
    for i, a in enumerate(table.conditions):
        for j, b in enumerate(table.conditions):
            if i != j and rows[i] - rows[j] == value:
                found.append(f"{a} − {b} (sums of the cells)")
    return tuple(found)


def _check(table: ScoreTable, respondents: int | None) -> None:
    if table.cells.shape != (len(table.conditions), len(table.items)) or table.cells.size == 0:
        raise DesignError("the table needs at least one condition (row) and one item (column).")
    if (table.cells < 0).any():
        i, j = np.argwhere(table.cells < 0)[0]
        raise DesignError(f"{table.conditions[i]}, {table.items[j]}: points cannot be negative.")
    if respondents is not None and not 1 <= respondents <= MOST_RESPONDENTS:
        raise DesignError(f"{respondents} respondents: the number must lie between 1 and {MOST_RESPONDENTS:,}.")

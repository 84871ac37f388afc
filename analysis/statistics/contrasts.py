"""Contrasts of points per ballot by crossed random effects, for new clips, and by t for these clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import sparse

from analysis.statistics.ballots import Ballots, points_of_outcomes
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.multiplicity import holm
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS, ContrastTest


@dataclass(frozen=True, kw_only=True)
class CrossedMean:
    """Mean of a crossed table, its variance for new rows and new columns, and the variance components."""

    mean: float
    variance: float
    df: float
    var_rows: float
    var_columns: float
    var_residual: float


class CrossedDesign:
    """A crossed two-way table without interaction, complete or with empty cells; serves any number of `mean(y)`.

    `row`, `column`: codes from 0, one entry per cell, shape (N,). Variance components by Henderson's method
    III (Searle, Casella and McCulloch 1992, ch. 5). On complete data they are those of the analysis of
    variance, and V = max(MSP + MSC − MSE, MSP, MSC) / N with df by Satterthwaite, never below C − 1.
    """

    def __init__(self, row: np.ndarray, column: np.ndarray) -> None:
        self.row, self.column, self.n = row, column, len(row)
        self.n_row = np.bincount(row).astype(float)
        self.n_column = np.bincount(column).astype(float)
        self.rows = int((self.n_row > 0).sum())
        self.columns = int((self.n_column > 0).sum())
        self.estimable = self.rows > 1 and self.columns > 1
        if not self.estimable:
            return
        self._per_row = 1 / np.maximum(self.n_row, 1.0)
        self._per_column = 1 / np.maximum(self.n_column, 1.0)
        cells = _cell_counts(row, column, (len(self.n_row), len(self.n_column)))
        squared = cells**2 if isinstance(cells, np.ndarray) else cells.multiply(cells)
        self.trace_columns = self.n - float((squared.T @ self._per_row).sum())
        self.trace_rows = self.n - float((squared @ self._per_column).sum())
        if isinstance(cells, np.ndarray):
            self._scaled = cells * self._per_row[:, None]
            swept = cells.T @ self._scaled
        else:
            self._scaled = sparse.diags(self._per_row) @ cells
            swept = (cells.T @ self._scaled).toarray()
        # Normal equations of the columns after adjusting for the rows.
        self._inverse, self.df_columns = _pseudo_inverse(np.diag(self.n_column) - swept)
        self.df_rows = self.rows + self.df_columns - self.columns
        self.df_residual = self.n - self.rows - self.df_columns
        self.estimable = min(self.df_rows, self.df_columns, self.df_residual) > 0

    def mean(self, y: np.ndarray) -> CrossedMean | None:
        """Mean and variance of y (N,) for new rows and columns; None without residual degrees of freedom."""
        if not self.estimable:
            return None
        n = self.n
        mean = float(y.mean())
        y = y - mean  # changes no sum of squares below, but improves their precision
        sum_row = np.bincount(self.row, weights=y)
        sum_column = np.bincount(self.column, weights=y)
        right = sum_column - self._scaled.T @ sum_row
        columns_given_rows = float(right @ self._inverse @ right)
        rows = float((sum_row**2 * self._per_row).sum())
        columns = float((sum_column**2 * self._per_column).sum())
        total = float(y @ y)
        rows_given_columns = max(rows + columns_given_rows - columns, 0.0)
        ss_residual = max(total - rows - columns_given_rows, 0.0)
        if total <= 1e-24 * n * mean**2:
            ss_residual = rows_given_columns = columns_given_rows = 0.0
        residual = ss_residual / self.df_residual
        var_rows = (rows_given_columns - self.df_rows * residual) / self.trace_rows
        var_columns = (columns_given_rows - self.df_columns * residual) / self.trace_columns
        ms_rows = residual + var_rows * float((self.n_row**2).sum()) / n
        ms_columns = residual + var_columns * float((self.n_column**2).sum()) / n
        scale = max(ms_rows + ms_columns - residual, ms_rows, ms_columns, 0.0)
        spread = ms_rows**2 / (self.rows - 1) + ms_columns**2 / (self.columns - 1) + residual**2 / self.df_residual
        df = max(self.columns - 1.0, scale**2 / spread) if spread > 0 else self.columns - 1.0
        return CrossedMean(
            mean=mean,
            variance=scale / n,
            df=df,
            var_rows=var_rows,
            var_columns=var_columns,
            var_residual=residual,
        )


def crossed_mean(row: np.ndarray, column: np.ndarray, y: np.ndarray) -> CrossedMean | None:
    """`CrossedDesign(row, column).mean(y)`."""
    return CrossedDesign(row, column).mean(y)


def _pseudo_inverse(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-10 * max(float(values[-1]), 1e-300)
    return (vectors[:, keep] / values[keep]) @ vectors[:, keep].T, int(keep.sum())


DENSE_CELLS = 20_000_000


def _cell_counts(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> np.ndarray | sparse.csr_matrix:
    if shape[0] * shape[1] > DENSE_CELLS:
        return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
    flat = row.astype(np.int64) * shape[1] + column
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def t_test(
    contrast: str, estimate: float, variance: float, df: float, population: str, **components: float
) -> ContrastTest:
    """Two-sided t test with its interval; without spread t and p are None, or 0 and 1 if the estimate is 0 too."""
    se = float(np.sqrt(max(variance, 0.0)))
    t: float | None
    p: float | None
    if se <= 1e-12 * max(abs(estimate), 1.0):
        se, half = 0.0, 0.0
        t, p = (0.0, 1.0) if abs(estimate) <= 1e-12 else (None, None)
    else:
        half = t_quantile(0.975, df) * se
        t = estimate / se
        p = two_sided_t(t, df)
    return ContrastTest(
        contrast=contrast,
        estimate=estimate,
        se=se,
        df=df,
        t=t,
        p=p,
        ci95=(estimate - half, estimate + half),
        population=population,
        **components,
    )


@dataclass(frozen=True)
class FactorContrast:
    """A contrast of condition means: `coefficients` (K,) sum to 0; `order` is 1 for a factor, 2 for an interaction."""

    name: str
    coefficients: np.ndarray
    order: int


def factor_contrasts(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> list[FactorContrast]:
    """The contrasts of each factor and of the interactions of pairs of factors.

    A factor is the mean at its high level minus the mean at its low level, which in the 2 × 2 is the ±½ coding. An
    interaction is a difference of differences of cell means, in the 2 × 2 (θ2 − θ1) − (θ4 − θ3); it is left out if
    a cell is empty.
    """
    is_high = {name: np.array([c in members for c in conditions]) for name, members in factors.items()}
    found = [FactorContrast(name, high / high.sum() - ~high / (~high).sum(), 1) for name, high in is_high.items()]
    pairs = list(combinations(is_high, 2))
    for a, b in pairs:
        coefficients = _interaction(is_high[a], is_high[b])
        if coefficients is not None:
            name = "interaction" if len(pairs) == 1 else f"interaction_{a}_{b}"
            found.append(FactorContrast(name, coefficients, 2))
    return found


def _interaction(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    cells = [a & b, a & ~b, ~a & b, ~a & ~b]
    if not all(cell.any() for cell in cells):
        return None
    return sum(sign * cell / cell.sum() for sign, cell in zip((1, -1, -1, 1), cells, strict=True))


def points_contrasts(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """Names and coefficients on points, shape (K,), of `factor_contrasts`.

    Scaled so that with as many high as low conditions a factor is the points of the high images minus those of the
    low ones.
    """
    names = {"redefined": "redefined_minus_original", "sentence": "sentence_minus_tags"}
    return [
        (
            names.get(contrast.name, f"{contrast.name}_minus_rest") if contrast.order == 1 else contrast.name,
            contrast.coefficients * len(conditions) / 2**contrast.order,
        )
        for contrast in factor_contrasts(factors, conditions)
    ]


@dataclass(frozen=True)
class Cells:
    """Participant × clip cells. A repeated trial belongs to the cell of its first: it is no independent observation.

    Without repeats a ballot is a cell, and `cell` and `counts` are None.
    """

    design: CrossedDesign
    cell: np.ndarray | None  # each ballot's cell (N,)
    counts: np.ndarray | None  # ballots in each cell

    def means(self, y: np.ndarray) -> np.ndarray:
        """Mean per cell of y (N,)."""
        return y if self.cell is None or self.counts is None else np.bincount(self.cell, weights=y) / self.counts

    def sums(self, y: np.ndarray) -> np.ndarray:
        """Sum per cell of y (N,)."""
        return y if self.cell is None else np.bincount(self.cell, weights=y)


def cells_of(ballots: Ballots) -> Cells:
    """The crossed design of the ballots."""
    if not ballots.is_repeat.any():
        return Cells(CrossedDesign(ballots.participant, ballots.clip), None, None)
    pair = ballots.participant.astype(np.int64) * ballots.c + ballots.clip
    cells, inverse, counts = np.unique(pair, return_inverse=True, return_counts=True)
    return Cells(CrossedDesign(cells // ballots.c, cells % ballots.c), inverse, counts)


def new_clips_test(cells: Cells, y: np.ndarray, contrast: str) -> ContrastTest | None:
    """The crossed random-effects test of mean(y) = 0, y per ballot (N,), for new people and new clips."""
    crossed = cells.design.mean(cells.means(y))
    if crossed is None:
        return None
    return t_test(
        contrast,
        crossed.mean,
        crossed.variance,
        crossed.df,
        NEW_CLIPS,
        var_participants=crossed.var_rows,
        var_clips=crossed.var_columns,
        var_residual=crossed.var_residual,
    )


def participant_means(ballots: Ballots, of_outcome: np.ndarray) -> np.ndarray:
    """Mean per participant of a value per outcome: ((K + 1)²,) → (P,), or ((K + 1)², m) → (P, m)."""
    counts = np.bincount(ballots.participant, minlength=ballots.p)
    sums = ballots.outcome_counts @ of_outcome
    return sums / (counts if sums.ndim == 1 else counts[:, None])


def these_clips_test(means: np.ndarray, contrast: str) -> ContrastTest | None:
    """Student's t over participants' means (P,), for new people and these clips; None for one participant."""
    people = len(means)
    if people < 2:
        return None
    variance = float(means.var(ddof=1)) / people
    return t_test(contrast, float(means.mean()), variance, people - 1.0, THESE_CLIPS)


def contrast_tests(
    ballots: Ballots,
    cells: Cells,
    weights: tuple[float, float],
    contrasts: Sequence[tuple[str, np.ndarray]],
) -> tuple[list[ContrastTest], list[ContrastTest]]:
    """Each contrast for new clips and for these clips; Holm over all but the first, within each question."""
    points = points_of_outcomes(ballots.k, weights)
    values = [(name, points @ coefficients) for name, coefficients in contrasts]
    new = [test for name, value in values if (test := new_clips_test(cells, value[ballots.outcome], name)) is not None]
    means = participant_means(ballots, np.stack([value for _, value in values], axis=1)) if values else None
    these = [
        test
        for j, (name, _) in enumerate(values)
        if means is not None and (test := these_clips_test(means[:, j], name)) is not None
    ]
    return [*new[:1], *holm_tests(new[1:])], [*these[:1], *holm_tests(these[1:])]


def holm_tests(tests: Sequence[ContrastTest]) -> list[ContrastTest]:
    """The tests with `p_holm`; a test without p is not counted."""
    adjusted = iter(holm([test.p for test in tests if test.p is not None]))
    return [test if test.p is None else replace(test, p_holm=next(adjusted)) for test in tests]

"""Contrasts of points per ballot by crossed random effects, for new clips, and by t for these clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.statistics.ballots import Ballots, points_of_outcomes
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.multiplicity import holm
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS, ContrastTest


@dataclass(frozen=True)
class CrossedMean:
    """Mean of a crossed table with its variance for new rows and new columns."""

    mean: float
    variance: float
    df: float
    var_rows: float
    var_columns: float
    var_residual: float


class CrossedDesign:
    """A crossed two-way table without interaction, complete or with holes; `mean(y)` may be asked many times.

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
        # Columns adjusted for rows: normal equations after sweeping the rows out.
        self._inverse, self.df_columns = _pseudo_inverse(np.diag(self.n_column) - swept)
        self.df_rows = self.rows + self.df_columns - self.columns
        self.df_residual = self.n - self.rows - self.df_columns
        self.estimable = min(self.df_rows, self.df_columns, self.df_residual) > 0

    def mean(self, y: np.ndarray) -> CrossedMean | None:
        """Mean of y (N,), its variance for new rows and columns; None where no residual is left."""
        if not self.estimable:
            return None
        n = self.n
        mean = float(y.mean())
        y = y - mean  # invariant, and kinder to the sums below
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
        return CrossedMean(mean, scale / n, df, var_rows, var_columns, residual)


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
    """Two-sided t test with its interval; without spread t and p are None unless the estimate is 0 too."""
    se = float(np.sqrt(max(variance, 0.0)))
    if se <= 1e-12 * max(abs(estimate), 1.0):
        flat = abs(estimate) <= 1e-12
        t, p = (0.0, 1.0) if flat else (None, None)
        return ContrastTest(contrast, estimate, 0.0, df, t, p, (estimate, estimate), population, None, **components)
    t = estimate / se
    half = t_quantile(0.975, df) * se
    p = two_sided_t(t, df)
    return ContrastTest(
        contrast, estimate, se, df, t, p, (estimate - half, estimate + half), population, None, **components
    )


def contrast_weights(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """Coefficients on points, shape (K,), of each factor and of the interactions of pairs of factors.

    Scaled so that with as many high as low conditions a factor is the points of the high images minus those
    of the low ones; an interaction of the 2 × 2 is (θ2 − θ1) − (θ4 − θ3).
    """
    k = len(conditions)
    high = {name: np.array([c in members for c in conditions]) for name, members in factors.items()}
    found = []
    preset = {"redefined": "redefined_minus_original", "sentence": "sentence_minus_tags"}
    for name, is_high in high.items():
        coefficients = (is_high / is_high.sum() - ~is_high / (~is_high).sum()) * k / 2
        found.append((preset.get(name, f"{name}_minus_rest"), coefficients))
    names = list(high)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for a, b in pairs:
        coefficients = interaction(high[a], high[b])
        if coefficients is not None:
            name = "interaction" if len(pairs) == 1 else f"interaction_{a}_{b}"
            found.append((name, coefficients * k / 4))
    return found


def interaction(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """Difference of differences of cell means, shape (K,); None where a cell of the 2 × 2 is empty."""
    cells = [a & b, a & ~b, ~a & b, ~a & ~b]
    if not all(cell.any() for cell in cells):
        return None
    return sum(sign * cell / cell.sum() for sign, cell in zip((1, -1, -1, 1), cells, strict=True))


@dataclass(frozen=True)
class Cells:
    """Participant × clip cells; a repeated trial falls into the cell it repeats: no new ground."""

    design: CrossedDesign
    cell: np.ndarray | None  # each ballot's cell where there are repeats
    counts: np.ndarray | None

    def means(self, y: np.ndarray) -> np.ndarray:
        """Mean of y per cell."""
        return y if self.cell is None or self.counts is None else np.bincount(self.cell, weights=y) / self.counts

    def sums(self, y: np.ndarray) -> np.ndarray:
        """Sum of y per cell."""
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
    """Mean per participant of a value that each outcome has: ((K + 1)²,) or ((K + 1)², m) → (P,) or (P, m)."""
    counts = np.bincount(ballots.participant, minlength=ballots.p)
    sums = ballots.outcome_counts @ of_outcome
    return sums / (counts if sums.ndim == 1 else counts[:, None])


def these_clips_test(means: np.ndarray, contrast: str) -> ContrastTest | None:
    """Student's t over participants' means (P,): would other people say the same of these clips?"""
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
    """The same tests with `p_holm`; one without p is left out of the count."""
    adjusted = iter(holm([test.p for test in tests if test.p is not None]))
    return [test if test.p is None else replace(test, p_holm=next(adjusted)) for test in tests]

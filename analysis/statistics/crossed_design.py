"""A crossed table of people × clips: its mean, and the variance of that mean for new people and new clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse


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
    variance, and V = max(MSP + MSC − MSE, MSP, MSC) / N with df by Satterthwaite, never below C_eff − 1.

    `effective_columns`: C_eff = N² / Σ n_j² over the cells n_j of each column; C if all columns have equally many.
    """

    def __init__(self, row: np.ndarray, column: np.ndarray) -> None:
        self.row, self.column, self.n = row, column, len(row)
        self.n_row = np.bincount(row).astype(float)
        self.n_column = np.bincount(column).astype(float)
        self.rows = int((self.n_row > 0).sum())
        self.columns = int((self.n_column > 0).sum())
        self.effective_columns = self.n**2 / float(self.n_column @ self.n_column) if self.n else 0.0
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
        """Mean and variance of y (N,) for new rows and columns.

        None without residual degrees of freedom, or if y varies and its components still give no variance above 0, as
        they may in a sparse table: an interval of no width would be a certainty that the data do not have.
        """
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
        if residual > 0 and scale <= 1e-12 * residual:
            return None
        fewest = self.effective_columns - 1.0
        spread = ms_rows**2 / (self.rows - 1) + ms_columns**2 / fewest + residual**2 / self.df_residual
        df = max(fewest, scale**2 / spread) if spread > 0 else fewest
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

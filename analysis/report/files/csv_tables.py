"""Scores and points by clip as CSV, with full precision."""

from collections.abc import Mapping
from typing import Any

from study.tables.spreadsheet import csv_text


def score_rows(data: Mapping[str, Any]) -> list[list[Any]]:
    """A header, then one row for each condition: points, mean points with interval, 1st and 2nd choices."""
    rows: list[list[Any]] = [["condition", "points", "mean_points", "ci95_low", "ci95_high", "first", "second"]]
    for key, row in (data.get("scores") or {}).items():
        low, high = row.get("ci95") or (None, None)
        rows.append([key, row["points"], row["mean_points"], low, high, row["first"], row["second"]])
    return rows


def scores_csv(data: Mapping[str, Any]) -> str:
    """The rows of `score_rows`."""
    return csv_text(score_rows(data))


def by_clip_csv(data: Mapping[str, Any]) -> str:
    """One row for each clip and condition: points."""
    cells = [
        [clip, condition, value]
        for clip, row in (data.get("by_clip") or {}).items()
        for condition, value in row.items()
    ]
    return csv_text([["clip", "condition", "points"], *cells])

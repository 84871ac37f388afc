"""Scores and points by clip as CSV, with full precision."""

from collections.abc import Mapping
from typing import Any

from analysis.report.analysis_json import value_at
from study.tables.spreadsheet import csv_text


def score_rows(data: Mapping[str, Any]) -> list[list[Any]]:
    """A header, then one row for each condition: points, mean points with interval, 1st and 2nd choices."""
    rows: list[list[Any]] = [["condition", "points", "mean_points", "ci95_low", "ci95_high", "first", "second"]]
    for key, row in (data.get("scores") or {}).items():
        low, high = row.get("ci95") or (None, None)
        rows.append([key, row["points"], row["mean_points"], low, high, row["first"], row["second"]])
    return rows


def question_score_rows(data: Mapping[str, Any]) -> list[list[Any]]:
    """A header, then one row for each question and condition: number of answers, mean with interval, SD."""
    keys = ("answers", "cannot_say", "mean", "sd", "se")
    rows: list[list[Any]] = [["question", "kind", "condition", *keys, "ci95_low", "ci95_high"]]
    for name, block in (data.get("questions") or {}).items():
        for key, row in (block.get("scores") or {}).items():
            ends = row.get("ci95") or (None, None)
            rows.append([name, block["kind"], key, *(row.get(each) for each in keys), *ends])
    return rows


def scores_csv(data: Mapping[str, Any]) -> str:
    """The rows of `score_rows`; of a study with an instrument those of its questions."""
    return csv_text(question_score_rows(data) if data.get("questions") else score_rows(data))


def by_clip_csv(data: Mapping[str, Any]) -> str:
    """One row for each clip and condition: points; of a study with an instrument the mean for each question."""
    if data.get("questions"):
        means = [
            [name, clip, condition, value, value_at(block, "answers_by_clip", clip, condition)]
            for name, block in data["questions"].items()
            for clip, row in (block.get("by_clip") or {}).items()
            for condition, value in row.items()
        ]
        return csv_text([["question", "clip", "condition", "mean", "answers"], *means])
    cells = [
        [clip, condition, value]
        for clip, row in (data.get("by_clip") or {}).items()
        for condition, value in row.items()
    ]
    return csv_text([["clip", "condition", "points"], *cells])

"""Reading values of the analysis JSON, in which every block may be null or missing."""

from collections.abc import Mapping
from typing import Any


def value_at(data: Any, *path: str | int) -> Any:
    """The value at `path`, or None if a key on the way is missing or null."""
    for key in path:
        if data is None:
            return None
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def mean_of(row: Any) -> float | None:
    """The mean of a row of `scores`: of points, or of the answers to a question; None if it is not known."""
    points = value_at(row, "mean_points")
    return value_at(row, "mean") if points is None else points


def main_scores(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scores by condition of the analysis: of choices, or of the plan's main question."""
    of_question: Mapping[str, Any] | None = value_at(data, "questions", str(data.get("primary_question")), "scores")
    return data.get("scores") or of_question or {}


def is_significant(p: float | None, alpha: float) -> bool:
    """Whether a p value is given and below `alpha`."""
    return p is not None and p < alpha

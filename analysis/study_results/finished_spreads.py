"""The spreads that a finished study's analysis found, from a study or a file, to plan the next study with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from analysis.report.analysis_json import value_at
from analysis.statistics.errors import DesignError
from analysis.study_results.analyses import latest_unsealed
from analysis.study_results.power_questions import PowerQuestion
from study.models import Study

COMPONENTS = {"sd_participants": "var_participants", "sd_clips": "var_clips", "sd_residual": "var_residual"}


def spreads_of_choices(path: Path) -> dict[str, float]:
    """The spreads of tastes, from the random effects in the file of an analysis. Raises DesignError."""
    block = value_at(_read(path), "random_effects")
    if not value_at(block, "converged"):
        raise DesignError(f"{path}: this analysis has no fitted random effects; give the spreads yourself.")
    return {name: float(block[name]) for name in ("sd_participants", "sd_clips")}


def spreads_of_ratings(path: Path, question: str | None, scale: tuple[int, int]) -> dict[str, float]:
    """The spreads of one scale's ratings, from the file of an analysis. Raises DesignError.

    Args:
        question: its key; None: the one that the plan names, or the only one.
        scale: lowest and highest rating of the study that is planned.
    """
    data = _read(path)
    questions = value_at(data, "questions") or {}
    rated = [key for key, block in questions.items() if value_at(block, "kind") == "rate"]
    if question is None:
        named = data.get("primary")
        names = [key for key in rated if named and questions[key].get("primary") == named][:1] or rated
        if len(names) > 1:
            raise DesignError(f"{path}: its plan names no scale; name one with --question: {', '.join(rated)}.")
    else:
        names = [question] if question in rated else []
    if not names:
        asked = f"no ratings called '{question}'" if question else "no ratings"
        raise DesignError(f"{path}: this analysis has {asked}; give the spreads yourself.")
    block = questions[names[0]]
    ends = value_at(block, "lowest"), value_at(block, "highest")
    if None not in ends and tuple(map(float, ends)) != scale:
        raise DesignError(
            f"{path}: '{names[0]}' was rated from {ends[0]:g} to {ends[1]:g}, not from {scale[0]} to {scale[1]}; "
            "choose that scale with --scale, or give the spreads yourself."
        )
    found = rating_spreads(data, block)
    if found is None:
        raise DesignError(f"{path}: '{names[0]}' has no components of variance; give the spreads yourself.")
    return found


def rating_spreads(analysis: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, float] | None:
    """The spreads of one condition's ratings, from the components of the primary contrast; None without them.

    The contrast is the difference of two sides' means, which has 1/n + 1/m times the variance of one condition.
    """
    primary = question.get("primary") or {}
    values: dict[str, Any] = {name: primary.get(key) for name, key in COMPONENTS.items()}
    if any(not isinstance(value, int | float) for value in values.values()):
        return None
    conditions = len(question.get("conditions") or analysis.get("conditions") or ())
    factors = question.get("factors") or analysis.get("factors") or {}
    high = len(next(iter(factors.values()), ()))
    low = conditions - high
    ratio = 1 / high + 1 / low if high and low > 0 else 2.0
    return {name: round(math.sqrt(max(0.0, value) / ratio), 4) for name, value in values.items()}


@dataclass(frozen=True)
class FinishedSpreads:
    """The spreads that a finished study found, by the names of the form's fields."""

    title: str
    spreads: Mapping[str, float]

    def shown(self) -> list[str]:
        return [f"{spread:.2f}" for spread in self.spreads.values()]


def finished_spreads(studies: QuerySet[Study], asked: PowerQuestion) -> dict[str, FinishedSpreads]:
    """Spreads by slug, of finished studies that asked for a choice as well, or rated on the same scale.

    A sealed study shows nothing: its results by condition are not open yet. Nor does a rehearsal, whose people are
    simulated.
    """
    found = {}
    for study in studies.filter(rehearsal_of=None):
        analysis = latest_unsealed(study)
        result = (analysis.result or {}) if analysis else {}
        spreads = _ratings_of(result, asked) if asked.kind == "rate" else _tastes_of(result)
        if spreads:
            found[study.slug] = FinishedSpreads(study.title, spreads)
    return found


def _tastes_of(result: Mapping[str, Any]) -> dict[str, float] | None:
    block = result.get("random_effects")
    if not block or not block.get("converged"):
        return None
    return {name: block[name] for name in ("sd_participants", "sd_clips")}


def _ratings_of(result: Mapping[str, Any], asked: PowerQuestion) -> dict[str, float] | None:
    """Of the scale that the plan named, else of the first on the same numbers."""
    blocks = [
        block
        for block in (result.get("questions") or {}).values()
        if block.get("kind") == "rate" and (block.get("lowest"), block.get("highest")) == (asked.lowest, asked.highest)
    ]
    blocks.sort(key=lambda block: block.get("primary") != result.get("primary"))
    return next((spreads for block in blocks if (spreads := rating_spreads(result, block))), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DesignError(f"{path}: cannot be read as the JSON of `analyze` ({error}).") from error
    return data if isinstance(data, dict) else {}

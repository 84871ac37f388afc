"""Attention trials: the answer that each asks for, and whether it was given.

`Trial.expected` is {"first": "B", "second": "D"}, {"first": "B"} where one image is chosen, or, of ratings alone,
{"scale": "match", "value": 3}: this answer for every image.
"""

from collections.abc import Mapping
from typing import Any

from study.design import LETTERS, PlannedTrial
from study.models import Trial

# Nobody hits a number of a slider exactly.
SLIDER_TOLERANCE = 5
_SLIDER_FROM = 10  # the answers of steps are at most 9, those asked for on a slider at least 10


def expected_answer(plan: PlannedTrial, scale: str) -> dict[str, Any] | None:
    """Return what `Trial.expected` holds; None for trials that ask for nothing.

    Args:
        scale: the key of the scale of an answer that is asked for.
    """
    if plan.expected_value is not None:
        return {"scale": scale, "value": plan.expected_value}
    if plan.expected is None:
        return None
    return {name: LETTERS[position] for name, position in zip(("first", "second"), plan.expected, strict=False)}


def is_right(trial: Trial) -> bool | None:
    """Whether an answered trial has the answer that it asked for; None if it asked for none."""
    expected, ballot = trial.expected, trial.ballot
    if not expected:
        return None
    if "scale" in expected:
        return _all_are(ballot.content.get(expected["scale"]), expected["value"], trial.position_order)
    chosen = {"first": ballot.first_id, "second": ballot.second_id}
    return all(_letter(trial, chosen[name]) == letter for name, letter in expected.items())


def _all_are(given: Any, value: int, images: list[int]) -> bool:
    if not isinstance(given, Mapping):
        return False
    within = SLIDER_TOLERANCE if value >= _SLIDER_FROM else 0
    answers = [given.get(str(image)) for image in images]
    return all(answer is not None and abs(answer - value) <= within for answer in answers)


def _letter(trial: Trial, image: int | None) -> str:
    return LETTERS[trial.position_order.index(image)] if image in trial.position_order else ""

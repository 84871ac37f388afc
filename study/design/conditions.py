"""The preset of four conditions, and creating a study's condition rows; the only module here that uses the database."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from study.models import Condition, Study


@dataclass(frozen=True)
class ConditionPreset:
    """A condition to create: key, label and factor levels."""

    key: str
    label: str
    levels: dict[str, str]


# The 2 × 2 design of tag set and prompt form, in this order.
TAGS_BY_FORM = (
    ConditionPreset("redefined_tags", "Redefined tags", {"tags": "redefined", "form": "tags"}),
    ConditionPreset("redefined_sentence", "Redefined sentence", {"tags": "redefined", "form": "sentence"}),
    ConditionPreset("original_tags", "Original tags", {"tags": "original", "form": "tags"}),
    ConditionPreset("original_sentence", "Original sentence", {"tags": "original", "form": "sentence"}),
)


def sealed_labels(count: int) -> list[str]:
    """Random opaque names, one for each condition: "Condition W", "Condition Q", …"""
    letters = list("PQRSTUVWXYZ")
    secrets.SystemRandom().shuffle(letters)
    return [f"Condition {letter}" for letter in letters[:count]]


def create_conditions(study: Study, presets: Sequence[ConditionPreset] = TAGS_BY_FORM) -> list[Condition]:
    """Create the study's condition rows.

    Raises:
        ValueError: fewer than two or more than six conditions, or the same key twice.
    """
    if not 2 <= len(presets) <= 6:
        raise ValueError(f"A study has two to six conditions, not {len(presets)}.")
    if len({preset.key for preset in presets}) != len(presets):
        raise ValueError("Two conditions have the same key; rename one.")
    labels = sealed_labels(len(presets))
    return Condition.objects.bulk_create(
        Condition(
            study=study,
            number=number,
            key=preset.key,
            label=preset.label,
            levels=preset.levels,
            sealed_label=labels[number - 1],
        )
        for number, preset in enumerate(presets, start=1)
    )

"""The preset of four conditions, and how a study gets its rows."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from study.models import Condition, Study


@dataclass(frozen=True)
class ConditionPreset:
    """A condition to be: its key, its label, its factor levels."""

    key: str
    label: str
    levels: dict[str, str]


# The 2 × 2 of tag set and prompt form, always in this order.
TAGS_BY_FORM = (
    ConditionPreset("redefined_tags", "Redefined tags", {"tags": "redefined", "form": "tags"}),
    ConditionPreset("redefined_sentence", "Redefined sentence", {"tags": "redefined", "form": "sentence"}),
    ConditionPreset("original_tags", "Original tags", {"tags": "original", "form": "tags"}),
    ConditionPreset("original_sentence", "Original sentence", {"tags": "original", "form": "sentence"}),
)


def sealed_labels(count: int) -> list[str]:
    """Opaque names, one a condition, in an order that tells nothing: W, Q, Z, …"""
    letters = list("PQRSTUVWXYZ")
    secrets.SystemRandom().shuffle(letters)
    return [f"Condition {letter}" for letter in letters[:count]]


def create_conditions(study: Study, presets: Sequence[ConditionPreset] = TAGS_BY_FORM) -> list[Condition]:
    """Makes the study's condition rows.

    Raises:
        ValueError: fewer than two or more than six conditions, or a key twice.
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

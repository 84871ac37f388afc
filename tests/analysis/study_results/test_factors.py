"""From the factor levels of a study's conditions to the factors of its analysis."""

from typing import Any

import pytest

from analysis.study_results.factors import factors_of
from study.design.conditions import TAGS_BY_FORM
from study.models import Condition
from study.setup import preflight
from tests.factories import make_study


def conditions(*levels: dict[str, str]) -> list[Condition]:
    return [Condition(key=f"c{number}", levels=row) for number, row in enumerate(levels, start=1)]


def test_the_preset_keeps_its_two_factors() -> None:
    preset = [Condition(key=row.key, levels=row.levels) for row in TAGS_BY_FORM]
    assert factors_of(preset) == {
        "redefined": ["redefined_tags", "redefined_sentence"],
        "sentence": ["redefined_sentence", "original_sentence"],
    }


@pytest.mark.parametrize(
    ("levels", "factors"),
    [
        (({"size": "large"}, {"size": "small"}), {"size_large": ["c1"]}),
        (
            ({"by": "a", "size": "l"}, {"by": "a", "size": "s"}, {"by": "b", "size": "l"}),
            {"by_a": ["c1", "c2"], "size_l": ["c1", "c3"]},
        ),
        (({"by": "a"}, {"by": "b"}, {"by": "c"}), None),  # three levels: pair by pair
        (({"by": "a"}, {"by": "a"}), None),
        (({"by": "a"}, {}), None),  # a condition without a level
        (({}, {}, {}), None),
    ],
)
def test_a_factor_of_two_levels_is_a_contrast(
    levels: tuple[dict[str, str], ...], factors: dict[str, Any] | None
) -> None:
    assert factors_of(conditions(*levels)) == factors


@pytest.mark.django_db
def test_preflight_names_the_primary_question() -> None:
    def said(conditions: int, levels: dict[str, dict[str, str]]) -> list[str]:
        study = make_study(clips=1, conditions=conditions)
        for key, row in levels.items():
            study.conditions.filter(key=key).update(levels=row)
        return [finding.message for finding in preflight.run(study) if "primary question" in finding.message]

    assert said(4, {}) == []
    assert "pair by pair" in said(3, {})[0]
    old, new = {"era": "old"}, {"era": "new"}
    [question] = said(3, {"painter_a": old, "painter_b": new, "painter_c": old})
    assert "“Painter a”, “Painter c” against “Painter b”" in question

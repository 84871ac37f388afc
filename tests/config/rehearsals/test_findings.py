"""A rehearsal holds the result of each question of an instrument against the effect that its people had."""

from types import SimpleNamespace
from typing import Any

import pytest

from analysis.models import Analysis
from config.rehearsals.copies import unopened_copy
from config.rehearsals.findings import findings_of
from config.rehearsals.request import Wanted
from config.rehearsals.truth import effects_in_words, model_of, true_effects
from study.instruments.presets import PRESETS
from study.models import Study
from study.simulation.chosen_preference import ChosenPreference, Winner
from tests.factories import make_study

pytestmark = pytest.mark.django_db
WANTED = Wanted(20, 0.0, ChosenPreference((Winner("tags", "redefined", 0.8),)))


def result(**questions: dict[str, Any]) -> Any:
    """A finished analysis of these questions; what is not looked at is left out."""
    return SimpleNamespace(state=Analysis.State.READY, error="", result={"n_ballots": 60, "questions": questions})


def test_each_question_is_compared_with_its_true_contrast_in_its_own_unit() -> None:
    copy = unopened_copy(make_study(clips=1, instrument=PRESETS["match_and_quality"]))
    assert copy.instrument == PRESETS["match_and_quality"]
    true = true_effects(copy, model_of(copy, WANTED.preference))["match"].contrasts["redefined"]
    assert 0.8 < true < 1.4  # 15 % of six steps for a utility of log 4, less what the ends of the scale take
    row = {"contrast": "redefined_minus_original", "estimate": true, "se": 0.1, "df": 12.0, "ci95": [0.5, 1.9]}
    found = findings_of(copy, WANTED, result(match={"primary": row}, quality={"primary": {**row, "se": None}}))
    (comparison,) = found["comparisons"]  # without a standard error nothing is said
    assert (comparison["question"], comparison["contrast"]) == ("match", "redefined_minus_original")
    assert (comparison["expected"], comparison["estimate"]) == (true, true)


def test_without_factors_the_pair_that_lies_farthest_apart_is_compared() -> None:
    copy = unopened_copy(make_study(clips=1, conditions=3, instrument=PRESETS["pairs"]))
    weights = {"painter_a": 1.0, "painter_b": 1.0, "painter_c": 8.0}
    wanted = Wanted(20, 0.0, ChosenPreference(weights=weights))
    new = {"estimate": -0.6, "se": 0.1, "df": 12.0, "ci95": [-0.9, -0.3]}
    pairs = [{"a": a, "b": b, "new_clips": new} for a, b in (("painter_a", "painter_b"), ("painter_c", "painter_a"))]
    (comparison,) = findings_of(copy, wanted, result(pair={"pairwise": pairs}))["comparisons"]
    assert (comparison["a"], comparison["b"]) == ("painter_c", "painter_a")
    assert comparison["expected"] > 0.4


def test_the_effects_are_told_in_words(db: Any) -> None:
    study: Study = make_study(clips=1, conditions=2, instrument=PRESETS["pairs"])
    (line,) = effects_in_words(study, true_effects(study, model_of(study, ChosenPreference())), {"painter_a": "One"})
    assert line.startswith("pair (1 for a pair that is won, ½ for a tie): One 0.")

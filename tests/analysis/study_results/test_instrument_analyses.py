"""A study's own analysis for every instrument: from what people sent to the analysis JSON."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.study_results.analyses import build_analysis
from analysis.study_results.csv_analysis import analyse_table
from analysis.tables.errors import TableError
from analysis.tables.instrument_questions import questions_of
from analysis.tables.instrument_table import TrialRows
from study.instruments.presets import PRESETS
from study.instruments.reading import instrument_from
from study.models import Ballot, Participant, Study
from study.tables.spreadsheet import csv_text
from tests.analysis.answered_instruments import instrument_study
from tests.analysis.answered_studies import closed_study

pytestmark = pytest.mark.django_db
KEYS = ["redefined_tags", "redefined_sentence", "original_tags", "original_sentence"]
EVERYTHING = {
    "version": 1,
    "primary": "match",
    "questions": [
        {"kind": "choose", "key": "choice", "text": {}, "ranks": 1},
        {
            "kind": "rate",
            "key": "rating",
            "text": {},
            "scales": [{"key": "match", "text": {}, "steps": "slider", "cannot_say": True}],
        },
        {"kind": "rate", "key": "of_music", "text": {}, "of": "music", "scales": [{"key": "loudness", "steps": 5}]},
        {
            "kind": "pick",
            "key": "emotion",
            "text": {},
            "of": "images",
            "options": [{"key": "joy", "text": {}}, {"key": "calm", "text": {}}],
        },
        {"kind": "text", "key": "why", "text": {}},
        {"kind": "confidence", "key": "sure", "text": {}, "steps": 5},
    ],
}


def result_of(study: Study) -> dict[str, Any]:
    analysis = build_analysis(study)
    assert analysis.error == ""
    return dict(analysis.result)


def test_ratings_give_the_contrast_of_the_scale_that_the_plan_names() -> None:
    study = instrument_study(PRESETS["match_and_quality"])
    result = result_of(study)
    assert result["primary_question"] == "match"
    assert result["primary"] == result["questions"]["match"]["primary"]
    redefined = [row for row in _values(study, "match") if row[0] <= 2]
    original = [row for row in _values(study, "match") if row[0] > 2]
    by_hand = sum(v for _, v in redefined) / len(redefined) - sum(v for _, v in original) / len(original)
    assert result["primary"]["estimate"] == pytest.approx(by_hand)
    assert result["primary"]["p"] < 0.05
    assert result["questions"]["quality"]["primary"]["p_holm"] is not None
    assert result["scores"] is result["weights"] is result["plackett_luce"] is None
    assert result["due"] == {"ballots": 36, "given": 36, "assumed": False}
    assert len(result["sensitivity"]["clips"]["answers"]) == 6


def _values(study: Study, key: str) -> list[tuple[int, float]]:
    numbers = {str(row.pk): row.condition.number for clip in study.clips.all() for row in clip.stimuli.all()}
    contents = Ballot.objects.filter(trial__participant__study=study, trial__kind="main").values_list(
        "content", flat=True
    )
    return [(numbers[image], value) for content in contents for image, value in content[key].items()]


def test_excluded_people_are_left_out_and_come_in_for_the_sensitivity() -> None:
    study = instrument_study(PRESETS["match_and_quality"], clips=5)
    Participant.objects.filter(study=study, number=1).update(excluded=True)
    result = result_of(study)
    assert result["n_participants"] == 5
    assert result["counts"]["excluded"] == 5
    assert "Ballots excluded from everything here: 5." in result["warnings"]
    (with_excluded,) = result["sensitivity"]["exclusions"]
    assert with_excluded["estimate"] != pytest.approx(result["primary"]["estimate"])


def test_pairs_have_worths_and_all_their_trials_are_due() -> None:
    result = result_of(instrument_study(dict(PRESETS["pairs"]) | {"pairs_per_clip": 3}, clips=5))
    pair = result["questions"]["pair"]
    assert result["due"]["ballots"] == result["n_ballots"] == 6 * 5 * 3
    assert pair["worths"]["worth"]["redefined_tags"] > pair["worths"]["worth"]["original_tags"]
    assert (
        sum(sum(row.values()) for row in pair["win_matrix"].values())
        + sum(sum(row.values()) for row in pair["tie_matrix"].values()) / 2
        == result["n_ballots"]
    )
    assert result["primary"] == pair["primary"]


def test_chosen_and_rated_has_all_of_the_choices_beside_the_questions() -> None:
    result = result_of(instrument_study(PRESETS["choose_and_rate"], clips=5))
    assert result["plackett_luce"]["worth"]["redefined_tags"] > 0
    choice = result["questions"]["choice"]
    assert choice["kind"] == "choose"
    assert result["primary"] == choice["primary"]
    assert {key: row["mean_points"] for key, row in result["scores"].items()} == pytest.approx(
        {key: row["mean"] for key, row in choice["scores"].items()}
    )
    rated = result["questions"]["match"]["scores"]
    assert sum(row["answers"] for row in rated.values()) == 2 * result["n_ballots"]
    assert any(
        text.startswith("Only images that a person had chosen") for text in result["questions"]["match"]["warnings"]
    )


def test_one_choice_misses_no_second_and_every_kind_has_its_block() -> None:
    result = result_of(instrument_study(EVERYTHING, clips=5))
    assert result["weights"] == [3.0, 0.0]
    assert not [text for text in result["warnings"] if "second choice" in text]
    assert result["missing_seconds"] is None
    assert result["primary"] == result["questions"]["match"]["primary"]
    assert result["sensitivity"]["weights"] is not None
    kinds = {name: block["kind"] for name, block in result["questions"].items()}
    assert kinds == {
        "choice": "choose",
        "match": "rate",
        "loudness": "rate",
        "emotion": "pick",
        "why": "text",
        "sure": "confidence",
    }
    assert result["questions"]["why"]["texts"] == {"trials": 30, "given": 30, "participants": 6}
    assert sum(result["questions"]["emotion"]["categories"]["rows"]["redefined_tags"]["counts"].values()) == 30
    assert result["questions"]["match"]["cannot_say"]["counts"]["redefined_tags"] > 0


def test_whole_orders_have_points_for_each_rank() -> None:
    instrument = {"version": 1, "questions": [{"kind": "choose", "key": "choice", "text": {}, "ranks": 4}]}
    result = result_of(instrument_study(instrument, clips=5))
    choice = result["questions"]["choice"]
    assert choice["points"] == [3.0, 2.0, 1.0, 0.0]
    assert sum(row["mean"] for row in choice["scores"].values()) == pytest.approx(6.0)
    assert result["weights"] is None


def test_a_study_without_an_instrument_is_analysed_as_before() -> None:
    """The digest is that of the version before instruments; the last digits of numbers may differ between machines."""
    result = result_of(closed_study(people=6, clips=3, seed=5))
    text = json.dumps(json.loads(json.dumps(result), parse_float=lambda number: f"{float(number):.9g}"))
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "768e866aeb9486ec0eb78aafe7f1bcb4aeeff073bb58a9adc5dc11f2f31a070e"
    )


def test_after_an_early_stop_the_questions_have_no_p_value_either(tmp_path: Path) -> None:
    """Everybody prefers the redefined image, so that the plan's rule is reached."""
    header = [
        "participant",
        "clip",
        "first",
        "second",
        "repeat",
        "trial",
        "excluded",
        "order",
        "knows_piece",
        "content",
    ]
    rows = []
    for person in range(60):
        for clip in range(5):
            ratings = {key: 1 + (person + clip + number) % 7 for number, key in enumerate(KEYS[:1])}
            content = json.dumps({"match": ratings, "quality": ratings}, sort_keys=True)
            cells = [f"r{person:03d}", f"clip{clip}", KEYS[0], KEYS[2], 0, clip + 1, 0, ";".join(KEYS), "", content]
            rows.append(cells)
    table = tmp_path / "ballots.csv"
    table.write_text(csv_text([header, *rows]))
    plan = {
        "conditions": KEYS,
        "weights": [3.0, 1.0],
        "alpha": 0.05,
        "factors": {"redefined": KEYS[:2], "sentence": [KEYS[1], KEYS[3]]},
        "seed": 1,
        "sequential": True,
        "clips_per_participant": 5,
        "instrument": PRESETS["choose_and_rate"],
        "points": [3.0, 1.0],
    }
    result = analyse_table(table, plan)
    assert result["sequential"]["stopped_at"]
    assert result["primary"]["estimate"] == pytest.approx(2.0)
    for block in (result, *result["questions"].values()):
        assert all((block["primary"] or {}).get(key) is None for key in ("p", "se", "ci95", "var_clips"))
        assert all(row["new_clips"] is None and row["ci95"] is None for row in block["pairwise"] or ())
    assert all(
        row["ci95"] is None for block in result["questions"].values() for row in (block["scores"] or {}).values()
    )
    plan["sequential"] = False
    assert analyse_table(table, plan)["questions"]["choice"]["scores"][KEYS[0]]["ci95"]  # the control


def test_a_content_that_no_page_can_send_is_refused_by_its_question() -> None:
    rows = TrialRows(
        conditions=tuple(KEYS),
        participants=("p",),
        clips=("c",),
        participant=np.zeros(1, dtype=np.int32),
        clip=np.zeros(1, dtype=np.int32),
        repeat=np.zeros(1, dtype=np.int32),
        trial=np.ones(1, dtype=np.int32),
        order=np.arange(4, dtype=np.int8)[None, :],
        first=np.full(1, -1, dtype=np.int8),
        second=np.full(1, -1, dtype=np.int8),
        content=np.zeros(1, dtype=np.int32),
        contents=[{"match": {"redefined_tags": True}}],
        knows=np.zeros(1, dtype=bool),
    )
    with pytest.raises(TableError, match="question 'match': 'True' cannot be an answer to it"):
        questions_of(rows, instrument_from(PRESETS["match_and_quality"]))

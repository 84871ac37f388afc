"""The JSON of questions: its keys, finite numbers, and what an early stop leaves of it."""

import json
import math
from typing import Any

import numpy as np
import pytest

from analysis.statistics.analysis import analyse
from analysis.statistics.other_answers import Numbers, Picks
from analysis.statistics.pairs import make_pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_questions
from analysis.statistics.rankings import make_rankings
from analysis.statistics.value_results import TextCounts
from analysis.statistics.values import make_values
from analysis.tables.question_json import analysis_of_questions_json, questions_json
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import simulated

KEYS = ("redefined_tags", "redefined_sentence", "original_tags", "original_sentence")
PEOPLE, CLIPS = 8, 6
SAMPLING = ("se", "df", "t", "p", "ci95", "statistic", "covariance", "wilcoxon", "new_clips", "test", "radius2")


def questions_of_every_kind() -> list[Question]:
    rng = np.random.default_rng(5)
    people = [f"p{i}" for i in range(PEOPLE) for _ in range(CLIPS)]
    clips = [f"c{j}" for _ in range(PEOPLE) for j in range(CLIPS)]
    n = len(people)
    cells = {"participant": people, "clip": clips, "conditions": KEYS}
    quality = np.clip(np.rint(rng.normal(4, 1.5, (n, 4))), 1, 7)
    unsaid = rng.random((n, 4)) < 0.1
    match = np.where(unsaid, np.nan, np.clip(np.rint(rng.normal([5, 5, 4, 4], 1)), 1, 7))
    order = [KEYS[i] for i in rng.integers(0, 2, n)], [KEYS[i] for i in rng.integers(2, 4, n)]
    winner = [pair[i] for i, pair in zip(rng.integers(0, 3, n), zip(*order, ["tie"] * n, strict=True), strict=True)]
    ranks = [[KEYS[i] for i in rng.permutation(4)] for _ in range(n)]
    person = np.repeat(np.arange(PEOPLE), CLIPS)
    names = [f"p{i}" for i in range(PEOPLE)]
    matched = make_values(values=match, cannot_say=unsaid, lowest=1, highest=7, **cells)
    rated = make_values(values=quality, lowest=1, highest=7, **cells)
    picks = Picks(
        categories=("joy", "calm"),
        participants=names,
        participant=person,
        picked=rng.random((n, 4, 2)) < 0.5,
        answered=np.ones((n, 4), dtype=bool),
        conditions=KEYS,
    )
    sure = Numbers(
        participants=names,
        participant=person,
        numbers=rng.integers(1, 6, n).astype(float),
        lowest=1,
        highest=5,
        steps=5,
    )
    return [
        Question(name="match", kind="rate", data=matched, steps=7),
        Question(name="quality", kind="rate", data=rated, steps=7, plane_with="match"),
        Question(name="pair", kind="pair", data=make_pairs(people, clips, *order, winner, conditions=KEYS)),
        Question(name="order", kind="choose", data=make_rankings(people, clips, ranks, conditions=KEYS)),
        Question(name="mood", kind="pick", data=picks),
        Question(name="sure", kind="confidence", data=sure),
        Question(name="why", kind="text", data=TextCounts(trials=n, given=3, participants=2)),
    ]


@pytest.fixture(scope="module")
def found() -> Any:
    return analyse_questions(questions_of_every_kind(), AnalysisPlan(draws=200), primary="match")


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, float) else []


def test_every_documented_key_is_there_and_every_number_finite(found: Any) -> None:
    data = analysis_of_questions_json(
        found, AnalysisPlan(draws=200), primary="match", n_participants=8, n_clips=6, n_ballots=48
    )
    classic = to_json(analyse(simulated(people=8, clips=6), AnalysisPlan(draws=200)))
    assert set(data) == {*classic, "questions", "primary_question"}
    assert all(map(math.isfinite, _numbers(data)))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert list(data["questions"]) == ["match", "quality", "pair", "order", "mood", "sure", "why"]
    assert data["primary"] == data["questions"]["match"]["primary"]
    assert data["primary"]["contrast"] == "redefined_minus_original"
    assert data["primary"]["var_residual"] > 0
    match = data["questions"]["match"]
    assert match["scores"]["redefined_tags"]["population"] == "these clips"
    assert sum(match["distribution"]["counts"]["redefined_tags"]) == match["scores"]["redefined_tags"]["answers"]
    assert data["questions"]["quality"]["plane"]["conditions"]["redefined_tags"]["radius2"] > 0
    assert data["questions"]["mood"]["categories"]["rows"]["original_tags"]["share"]["joy"]["ci95"]


def _kept_of_a_fixed_number(value: Any, path: str = "") -> list[str]:
    """The paths of numbers that assume a fixed number of people."""
    if isinstance(value, list):
        return [found for i, item in enumerate(value) for found in _kept_of_a_fixed_number(item, f"{path}.{i}")]
    if not isinstance(value, dict):
        return []
    bad = [
        f"{path}.{key}"
        for key, item in value.items()
        if (key in SAMPLING or key.startswith(("p_", "se_", "ci95_", "var_"))) and item is not None
    ]
    return bad + [one for key, item in value.items() for one in _kept_of_a_fixed_number(item, f"{path}.{key}")]


def test_after_an_early_stop_no_question_has_a_p_value_or_an_interval(found: Any) -> None:
    assert _kept_of_a_fixed_number(questions_json(found)["questions"])  # the control
    blocks = questions_json(found, stopped=True)["questions"]
    assert _kept_of_a_fixed_number(blocks) == []
    match = blocks["match"]
    assert match["primary"]["estimate"] is not None
    assert match["scores"]["redefined_tags"]["mean"] is not None
    assert match["moderators"] is match["smallest"] is blocks["pair"]["friedman"] is None
    assert blocks["pair"]["win_matrix"] == questions_json(found)["questions"]["pair"]["win_matrix"]

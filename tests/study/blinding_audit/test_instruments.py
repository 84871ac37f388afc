"""The audit finds nothing in the pages of any instrument, and finds what is planted in those of ratings and pairs.

Every day a study of ratings and one of pairs are visited by few; all presets by all pilots with `make audit-plants`.
"""

import os
from collections.abc import Mapping
from typing import Any

import pytest

from study.blinding_audit.audit import audit_study
from study.blinding_audit.verdicts import fingerprint
from study.instruments.presets import PRESETS
from study.models import Participant
from tests.factories import add_clip, make_open_study
from tests.study.blinding_audit.leaking import planted
from tests.study.blinding_audit.plants import IN_PAIRS, IN_RATINGS

pytestmark = pytest.mark.django_db
in_full = pytest.mark.skipif(os.environ.get("EARSIGHT_AUDIT_TEST") != "full", reason="run by make audit-plants")

ONE_AT_A_TIME = {
    "questions": [
        {"kind": "choose", "key": "order", "ranks": 4},
        {
            "kind": "rate",
            "key": "rating",
            "layout": "one",
            "scales": [{"key": "match"}, {"key": "beauty", "steps": "slider", "cannot_say": True}],
        },
        {"kind": "pick", "key": "feeling", "of": "images", "options": [{"key": "joy"}, {"key": "calm"}]},
        {"kind": "text", "key": "why"},
        {"kind": "confidence", "key": "sure"},
    ]
}
INSTRUMENTS = {name: data for name, data in PRESETS.items() if data} | {"one_at_a_time": ONE_AT_A_TIME}


@pytest.mark.parametrize("name", ["match_and_quality", "pairs"])
def test_few_pilots_find_nothing(name: str) -> None:
    instrument = PRESETS[name] | ({"pairs_per_clip": 2} if name == "pairs" else {})
    report = audit_study(make_open_study(clips=1, instrument=instrument), people=8, trials=1)
    assert report.findings == []
    assert report.images == 8 * (2 if name == "pairs" else 4)
    assert not Participant.objects.exists()


def test_a_condition_in_the_names_of_fields_is_found_by_few() -> None:
    study = make_open_study(clips=1, instrument=PRESETS["match_and_quality"])
    with planted(IN_RATINGS[0]):
        found = audit_study(study, people=8, trials=1).findings
    assert any("row" in name for name in found)


def test_the_questions_are_part_of_what_the_audit_saw() -> None:
    study = make_open_study(clips=1)
    before = fingerprint(study)
    study.instrument = PRESETS["pairs"]
    assert fingerprint(study) != before


@in_full
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_all_pilots_find_nothing_in_any_state(name: str) -> None:
    data: Mapping[str, Any] = INSTRUMENTS[name]
    study = make_open_study(clips=3, practice_trial=True, attention_trials=1, instrument=data)
    add_clip(study, 99, is_practice=True)
    assert audit_study(study).findings == []


@in_full
@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("name", "plant"),
    [("match_and_quality", plant) for plant in IN_RATINGS] + [("pairs", plant) for plant in IN_PAIRS],
    ids=lambda value: getattr(value, "name", value),
)
def test_each_plant_is_found_alone(name: str, plant: Any) -> None:
    study = make_open_study(clips=3, instrument=PRESETS[name])
    with planted(plant):
        found = audit_study(study).findings
    assert any(all(part in finding for part in plant.named) for finding in found)

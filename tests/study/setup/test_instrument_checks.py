"""What is said before a study opens about the questions in each trial."""

import pytest
from django.utils import translation

from study.instruments.presets import PRESETS
from study.participants.enrolment import enrol
from study.setup import preflight
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db

MUSIC_ONLY = {"questions": [{"kind": "rate", "key": "r", "of": "music", "scales": [{"key": "loud", "steps": 5}]}]}
PAIRS, MATCH = PRESETS["pairs"], PRESETS["match_and_quality"]


def found(level: str, **fields) -> list[str]:
    with translation.override("en"):
        return [f.message for f in preflight.run(make_study(clips=2, **fields)) if f.level.value == level]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"instrument": {"questions": [{"kind": "rank", "key": "x"}]}}, "Question 1 of each trial (x)"),
        ({"instrument": {"questions": [{"kind": "choose", "key": "x", "ranks": 5}]}}, "choose 5 images"),
        ({"instrument": PAIRS | {"pairs_per_clip": 7}}, "compare 7 pairs of each clip, which has only 6"),
        ({"instrument": MATCH, "match_controls": 1}, "other clips need a question that chooses"),
        ({"instrument": MUSIC_ONLY, "attention_trials": 1}, "Attention trials need a question"),
    ],
)
def test_questions_that_the_design_cannot_hold_block_the_opening(fields, message):
    assert any(message in text for text in found("blocks", **fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"instrument": MATCH | {"primary": ""}}, "names no main question, so it is “match”"),
        ({"instrument": PAIRS, "second_choice_required": False}, "no question asks for one"),
        ({"instrument": PAIRS, "allow_none_fits": True}, "“None of them fits” is not offered"),
        ({"instrument": {"questions": [{"kind": "choose", "key": "x", "text": {"en": "Best?"}}]}}, "1 text is missing"),
        ({"instrument": MUSIC_ONLY}, "write one for loud"),
        ({"instrument": MUSIC_ONLY, "repeats": 1}, "Hidden repeats show nothing here"),
    ],
)
def test_what_the_questions_leave_open_is_said(fields, message):
    assert any(message in text for text in found("warns", **fields))


@pytest.mark.parametrize("instrument", [{}, PAIRS, MATCH])
def test_hidden_repeats_of_questions_that_compare_images_are_welcome(instrument):
    assert not [text for text in found("warns", instrument=instrument, repeats=1) if "Hidden repeats" in text]


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_are_without_findings_and_can_be_entered(name):
    fields = {"instrument": dict(PRESETS[name]), "attention_trials": 1}
    plain = found("blocks") + found("warns")
    assert found("blocks", **fields) + found("warns", **fields) == plain
    person, _ = enrol(make_open_study(clips=2, **fields))
    assert person.trials.count() == (13 if name == "pairs" else 3)

"""The audit finds leaks of each kind, several planted at a time."""

import os

import pytest

from study.blinding_audit.audit import audit_study
from tests.factories import add_clip, make_open_study
from tests.study.blinding_audit.leaking import Plant, planted
from tests.study.blinding_audit.plants import FORMS, IDENTITIES, LEFT_OUT, RANDOM_WORDS, STATES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(os.environ.get("EARSIGHT_AUDIT_TEST") != "full", reason="run by make audit-plants"),
]


def missed(report, plants):
    """The plants that no finding names."""
    return [p.name for p in plants if not any(all(part in name for part in p.named) for name in report.findings)]


def audit_with(*plants: Plant, clips: int = 2, **fields):
    study = make_open_study(clips=clips, **fields)
    if fields.get("practice_trial"):
        add_clip(study, 9, is_practice=True)
    with planted(*plants):
        return audit_study(study)


def test_leaks_in_states_of_pages_are_found():
    assert missed(audit_with(*STATES, practice_trial=True, attention_trials=1), STATES) == []


def test_leaks_in_words_that_look_random_are_found():
    assert missed(audit_with(*RANDOM_WORDS, clips=3), RANDOM_WORDS) == []


def test_leaks_of_identities_are_found():
    assert missed(audit_with(*IDENTITIES), IDENTITIES) == []


def test_leaks_by_form_are_found():
    assert missed(audit_with(*FORMS), FORMS) == []


def test_leaks_by_times_and_lengths_are_found():
    assert missed(audit_with(*LEFT_OUT, clips=3), LEFT_OUT) == []

"""Recruitment in the set-up: what is checked before opening, and what copies of simulated studies are."""

import pytest

from study.participants.enrolment import enrol
from study.setup import preflight
from study.setup.copying import copy_study
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "warns"),
    [
        ({}, False),
        ({"recruitment_platform": "mturk"}, True),
        ({"recruitment_platform": "mturk", "completion_code": "C0DE"}, False),
        ({"recruitment_platform": "sona", "return_url": "https://sona.example/?id={id}"}, False),
    ],
)
def test_people_from_a_platform_need_something_to_hand_in(fields, warns):
    found = [finding.message for finding in preflight.run(make_study(clips=1, **fields))]
    assert any("neither a code nor a way back" in message for message in found) == warns


def test_real_people_answer_the_copy_of_a_simulated_study():
    simulated = make_open_study(clips=1, simulated=True)
    copy = copy_study(simulated, title="For people", owner=simulated.owner)
    assert not copy.simulated
    copy.status = copy.Status.OPEN
    copy.save()
    person, _token = enrol(copy)
    assert (person.kind, person.code) == ("real", "r0001")

"""One person cannot fill the database: what is kept of each request is limited, with a sentence."""

from typing import Any
from uuid import uuid4

import pytest

from study.ballots import casting
from study.models import Ballot, BallotRevision, ProblemReport
from study.survey import side_pages
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Visit:
    return Visit(make_open_study(clips=1)).to_trials()


def test_one_person_sends_a_few_problem_reports_and_no_flood(visit: Visit) -> None:
    for number in range(side_pages.MAX_REPORTS):
        assert visit.post("problem/", {"text": f"no sound {number}"}).status_code == 303
    refused = visit.post("problem/", {"text": "and again"})
    assert refused.status_code == 422
    assert "You have sent many reports" in refused.text
    assert "and again" in refused.text  # what was written stays
    assert ProblemReport.objects.count() == side_pages.MAX_REPORTS
    # Others are not limited by it.
    other = Visit(visit.participant.study).to_trials()
    assert other.post("problem/", {"text": "no sound"}).status_code == 303


def test_an_answer_is_changed_so_many_times_and_the_stored_one_stays(visit: Visit, monkeypatch: Any) -> None:
    monkeypatch.setattr(casting, "MAX_CHANGES", 3)

    def send(first: str, key: str = "") -> Any:
        form = {"first": first, "second": "D", "key": key or str(uuid4())}
        return visit.post("trial/1/", form, accept="application/json")

    key = str(uuid4())
    assert [send(first, key * (first == "C")).status_code for first in "ABAC"] == [200] * 4
    refused = send("A")
    assert refused.status_code == 422
    assert "changed too often" in refused.json()["error"]
    assert (Ballot.objects.count(), BallotRevision.objects.count()) == (1, 3)
    # A repetition of the stored answer is still confirmed.
    assert send("C", key).status_code == 200

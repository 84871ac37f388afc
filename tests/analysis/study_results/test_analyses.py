"""How workers claim the analyses of a study."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.tasks import run_analysis
from study.models import Ballot
from study.participants.exclusion import set_exclusion
from tests.analysis.answered_studies import closed_study

pytestmark = pytest.mark.django_db


def test_two_workers_cannot_both_take_an_analysis() -> None:
    waiting = Analysis.objects.create(study=closed_study(people=0, clips=1))
    assert analyses.claim(waiting.pk) is not None
    assert analyses.claim(waiting.pk) is None


def test_an_analysis_left_by_a_dead_worker_is_taken_three_times_and_then_fails() -> None:
    row = Analysis.objects.create(study=closed_study(people=0, clips=1))
    for attempt in range(1, 4):
        taken = analyses.claim(row.pk)
        assert taken is not None
        assert taken.attempts == attempt
        Analysis.objects.filter(pk=row.pk).update(alive_at=timezone.now() - timedelta(hours=1))
    assert analyses.claim(row.pk) is None
    row.refresh_from_db()
    assert row.state == Analysis.State.FAILED
    assert "3 times" in row.error


@pytest.mark.parametrize("other_is_done", [True, False])
def test_a_worker_that_lost_its_analysis_stores_nothing_and_asks_for_no_report(monkeypatch, other_is_done) -> None:
    study = closed_study(people=2, clips=1)
    row = Analysis.objects.create(study=study)
    compute = analyses._compute

    def pause_too_long(analysis: Analysis) -> None:
        compute(analysis)
        monkeypatch.undo()
        Analysis.objects.filter(pk=row.pk).update(alive_at=timezone.now() - timedelta(hours=1))
        taken = analyses.claim(row.pk)
        assert taken is not None
        if other_is_done:
            set_exclusion(study, "r0001", "asked us to")
            assert analyses.compute(taken).state == Analysis.State.READY

    monkeypatch.setattr(analyses, "_compute", pause_too_long)
    run_analysis(row.pk)
    row.refresh_from_db()
    assert row.attempts == 2
    if other_is_done:
        assert row.result["n_participants"] == 1, "the first worker's has two"
        assert analyses.is_current(row)
    else:
        assert row.state == Analysis.State.RUNNING
        assert row.result in (None, {})
        assert not study.jobs.exists()


def test_whether_an_analysis_is_current_is_told_without_reading_ballots() -> None:
    study = closed_study(people=2, clips=2)
    analysis = analyses.build_analysis(study)
    with CaptureQueriesContext(connection) as queries:
        assert analyses.is_current(analysis)
    assert not [query["sql"] for query in queries if '"study_ballot"' in query["sql"]]
    set_exclusion(study, "r0001", "asked us to")
    assert not analyses.is_current(analysis)
    set_exclusion(study, "r0001", "asked us not to", excluded=False)
    assert not analyses.is_current(analysis), "its state was another one in between"
    assert analyses.is_current(analyses.build_analysis(study))


def test_an_analysis_of_an_earlier_version_is_compared_with_the_whole_table() -> None:
    study = closed_study(people=2, clips=2)
    analysis = analyses.build_analysis(study)
    analysis.table_state = ""
    assert analyses.is_current(analysis)
    Ballot.objects.update(seconds=99)
    assert not analyses.is_current(analysis)

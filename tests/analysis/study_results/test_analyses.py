"""How workers claim the analyses of a study."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analysis.models import Analysis
from analysis.study_results import analyses
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

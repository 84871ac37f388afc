"""The early stop: only if the plan allows it; "stop" or "go on" while sealed; no ordinary p values afterwards."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone, translation

from analysis.report import ReportContext, render_report
from analysis.report.text.answer import answer
from analysis.statistics.analysis import analyse
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.sequential import decide, e_process
from analysis.study_results import analyses, early_stop
from analysis.tables.result_json import to_json
from study.digests import canonical_digest
from study.errors import NotAllowedNow
from study.models import Participant, Study
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import answered_study, close
from tests.analysis.sample_ballots import simulated
from tests.factories import make_open_study, make_study

PLANNED: dict[str, Any] = {"plan": {"analysis": {"sequential": True}}}


def page(study: Study) -> str:
    return f"/console/studies/{study.slug}/analysis-rules/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db
def test_the_early_stop_is_part_of_the_plan_and_of_its_digest() -> None:
    study = make_study(clips=1)
    client, before = signed_in(study.owner), canonical_digest(current_plan(study))
    assert client.post(page(study), {"planned": "1"}).status_code == 302
    study.refresh_from_db()
    assert early_stop.is_planned(study)
    assert analyses.plan_of(study)["sequential"] is True
    assert canonical_digest(current_plan(study)) != before
    client.post(page(study), {})
    study.refresh_from_db()
    assert not early_stop.is_planned(study)


@pytest.mark.django_db
def test_after_opening_nobody_can_add_the_rule() -> None:
    study = make_open_study(clips=1)
    signed_in(study.owner).post(page(study), {"planned": "1"})
    study.refresh_from_db()
    assert not early_stop.is_planned(study)
    with pytest.raises(NotAllowedNow):
        early_stop.decision(study)


@pytest.mark.django_db
def test_while_sealed_the_page_shows_stop_or_go_on_and_no_number() -> None:
    """Twenty people who all put redefined images first: E passes 20 after some of them."""
    study = answered_study(people=20, clips=2, **PLANNED)
    assert study.is_sealed
    text = signed_in(study.owner).get(page(study)).content.decode()
    assert "<h2>Stop</h2>" in text
    few = answered_study(people=2, clips=2, **PLANNED)
    quiet = signed_in(few.owner).get(page(few)).content.decode()
    assert "<h2>Go on</h2>" in quiet
    for name in ("redefined_tags", "e_values", "confidence"):
        assert name not in text + quiet


@pytest.mark.django_db
def test_the_decision_is_that_of_the_analysis_once_results_are_open() -> None:
    for people in (2, 20):
        study = answered_study(people=people, clips=2, **PLANNED)
        sealed = early_stop.decision(study)
        assert analyses.build_analysis(close(study)).result["sequential"]["decision"] == sealed


@pytest.mark.django_db
def test_an_unfinished_participant_holds_back_later_ones_for_a_day() -> None:
    study = answered_study(people=20, clips=2, **PLANNED)
    first = study.participants.order_by("number").first()
    Participant.objects.filter(pk=first.pk).update(status=Participant.Status.STARTED)
    assert early_stop.decision(study) == "go on"
    assert early_stop.decision(study, now=timezone.now() + timedelta(days=2)) == "stop"


def test_decide_agrees_with_the_whole_e_process() -> None:
    rng = np.random.default_rng(0)
    for mean in (0.0, 0.2, 0.5):
        d = np.clip(rng.normal(mean, 0.4, 60), -1, 1)
        assert decide(d) == e_process(d).decision
    assert decide(np.array([])) == "go on"


@pytest.fixture(scope="module")
def stopped() -> dict[str, Any]:
    return to_json(analyse(simulated(40, 6), AnalysisPlan(draws=200, random_effects=False, sequential=True)))


def p_values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        own = [item for key, item in value.items() if key == "p" or key.startswith("p_")]
        return own + [p for item in value.values() for p in p_values(item)]
    return [p for item in value for p in p_values(item)] if isinstance(value, list) else []


SAMPLING = ("t", "df", "se", "ci95", "ci95_simultaneous", "ci95_new_clips", "statistic", "se_robust", "covariance")


def numbers_under(names: tuple[str, ...], value: Any) -> list[Any]:
    """What is not null under one of these keys, at any depth."""
    if isinstance(value, dict):
        own = [item for key, item in value.items() if key in names and item is not None]
        return own + [found for item in value.values() for found in numbers_under(names, item)]
    return [found for item in value for found in numbers_under(names, item)] if isinstance(value, list) else []


def test_after_an_early_stop_nothing_is_given_that_assumes_a_fixed_number_of_people(stopped: dict[str, Any]) -> None:
    assert stopped["sequential"]["stopped_at"] <= 40
    assert set(p_values(stopped)) == {None}
    assert numbers_under(SAMPLING, stopped) == []
    assert stopped["scores"]["redefined_tags"]["mean_points"] > 0
    assert -1 <= stopped["sequential"]["confidence_sequence"][0] <= 1
    without = to_json(analyse(simulated(40, 6), AnalysisPlan(draws=200, random_effects=False)))
    assert without["sequential"] is None
    assert without["primary"]["p"] < 0.05  # the control: without the rule they stand there
    assert len(numbers_under(SAMPLING, without)) > 20
    json.dumps(stopped, allow_nan=False)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_after_an_early_stop_the_report_gives_only_the_answer_of_the_rule(
    stopped: dict[str, Any], language: str
) -> None:
    text = render_report(stopped, ReportContext(title="t", language=language))
    assert "None" not in text
    with translation.override("en"):
        words = answer(stopped, ReportContext(title="t"))
    assert words.startswith("Yes, for these clips: after")
    assert "confidence sequence" in words
    assert "p =" not in words
    assert "p <" not in words
    assert "music like this" not in words

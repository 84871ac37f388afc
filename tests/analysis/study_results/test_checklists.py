"""Reporting checklists: what the study fills in, and what is missing."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from analysis.study_results.checklists import checklist_csv, filled_checklists, heds_json
from study.models import Study
from tests.analysis.answered_studies import answered_study, checklist_answers, closed_study
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def test_the_crowdsourcing_checklist_has_its_37_items_in_order() -> None:
    study = make_study(clips=1)
    assert list(checklist_answers(study, "Ramírez et al. 2021")) == [str(number) for number in range(1, 38)]


def test_cost_is_counted_from_the_median_time_and_the_stated_wage() -> None:
    study = closed_study(people=2, clips=1)
    now = timezone.now()
    study.participants.update(created_at=now - timedelta(minutes=30), completed_at=now)
    study.plan = {"reporting": {"hourly_wage": "12"}}
    study.save()
    study.participants.first().trials.first().ballot.__class__.objects.update(seconds=20.0)
    cost = checklist_answers(study, "Otani et al. 2023")["h"]
    assert "6.00" in cost
    assert "12.00" in cost


def test_simulated_people_took_no_time_and_cost_nothing() -> None:
    study = closed_study(people=2, clips=1)
    study.plan = {"reporting": {"hourly_wage": "12"}}
    study.simulated = True
    study.save()
    study.participants.update(kind="simulated", completed_at=timezone.now())
    study.participants.first().trials.first().ballot.__class__.objects.update(seconds=0.01)
    otani = checklist_answers(study, "Otani et al. 2023")
    assert otani["g"] == "The participants are simulated: they took no working time."
    assert otani["h"] == ""
    Study.objects.filter(pk=study.pk).update(simulated=False)  # the control: for real people a time is reported
    study.participants.update(kind="real")
    study.refresh_from_db()
    assert "min from start to end" in checklist_answers(study, "Otani et al. 2023")["g"]


def test_a_sealed_study_names_no_condition_in_its_checklists() -> None:
    study = answered_study(people=2, clips=1)
    text = checklist_csv(filled_checklists(study))
    for condition in study.conditions.all():
        assert str(condition.label) not in text
    assert len(list(csv.reader(io.StringIO(text)))) > 37 + 8


def test_heds_as_json_lists_its_missing_questions() -> None:
    sheet = heds_json(filled_checklists(make_study(clips=2, ethics="", ethics_reason="")))
    answered = {row["question"]: row["answer"] for row in sheet["answers"]}
    assert answered["3.1.1"] == "2"
    assert answered["5.1"] is None
    assert "5.1" in sheet["missing"]


def test_what_the_power_page_found_fills_the_datasheet() -> None:
    cell = {"participants": 30, "clips": 12, "power": 0.61, "monte_carlo_se": 0.01}
    result = {"cells": [cell], "head_to_head": 0.59, "sd_participants": 0.8, "sd_clips": 0.7}
    study = make_study(clips=1, plan={"power": {"state": "ready", "result": result}})
    assert "power 0.61 ± 0.02 with 30 people and 12 clips" in checklist_answers(study, "HEDS 3.0")["3.1.3.1"]
    assert checklist_answers(make_study(clips=1), "HEDS 3.0")["3.1.3.1"] == ""

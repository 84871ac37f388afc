"""Reporting and power: what is asked once, what fills itself, and what is listed as missing."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from analysis.study_results import power_answers
from analysis.study_results.checklists import checklist_csv, filled_checklists, heds_json
from analysis.tasks import compute_power
from study.models import Study
from tests.analysis.answered_studies import answered_study, closed_study
from tests.factories import UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(study: Study, name: str) -> str:
    return f"/console/studies/{study.slug}/{name}/"


def answers(study: Study, checklist: str) -> dict[str, str]:
    return {entry.item.number: entry.answer for entry in dict(filled_checklists(study))[checklist]}


def test_the_crowdsourcing_checklist_has_its_37_items_in_order() -> None:
    study = make_study(clips=1)
    assert list(answers(study, "Ramírez et al. 2021")) == [str(number) for number in range(1, 38)]


def test_what_nobody_said_is_missing_and_what_is_said_is_kept() -> None:
    study = make_study(clips=1)
    client = signed_in(study.owner)
    assert answers(study, "Ramírez et al. 2021")["37"] == ""
    response = client.post(page(study, "reporting"), {"ethics": "Board 12, no. 34", "hourly_wage": "12.50"})
    assert response.status_code == 302
    study.refresh_from_db()
    assert answers(study, "Ramírez et al. 2021")["37"] == "Board 12, no. 34"
    assert "Board 12, no. 34" in client.get(page(study, "reporting")).content.decode()
    assert answers(study, "Ramírez et al. 2021")["13"] == ""


def test_what_is_said_for_the_report_leaves_the_plan_as_it_is() -> None:
    study = make_open_study(clips=1, plan={"fixed": {"alpha": 0.05}}, plan_digest="ab" * 32)
    signed_in(study.owner).post(page(study, "reporting"), {"reward": "5 EUR"})
    study.refresh_from_db()
    assert study.plan["fixed"] == {"alpha": 0.05}
    assert study.plan_digest == "ab" * 32


def test_a_wage_that_is_no_number_is_refused_with_the_mend() -> None:
    study = make_study(clips=1)
    response = signed_in(study.owner).post(page(study, "reporting"), {"hourly_wage": "a lot"})
    assert response.status_code == 400
    assert "as a number" in response.content.decode()


def test_cost_is_counted_from_the_median_time_and_the_stated_wage() -> None:
    study = closed_study(people=2, clips=1)
    now = timezone.now()
    study.participants.update(created_at=now - timedelta(minutes=30), completed_at=now)
    study.plan = {"reporting": {"hourly_wage": "12"}}
    study.save()
    study.participants.first().trials.first().ballot.__class__.objects.update(seconds=20.0)
    cost = answers(study, "Otani et al. 2023")["h"]
    assert "6.00" in cost
    assert "12.00" in cost


def test_simulated_people_took_no_time_and_cost_nothing() -> None:
    study = closed_study(people=2, clips=1)
    study.plan = {"reporting": {"hourly_wage": "12"}}
    study.simulated = True
    study.save()
    study.participants.update(kind="simulated", completed_at=timezone.now())
    study.participants.first().trials.first().ballot.__class__.objects.update(seconds=0.01)
    otani = answers(study, "Otani et al. 2023")
    assert otani["g"] == "The participants are simulated: they took no working time."
    assert otani["h"] == ""
    Study.objects.filter(pk=study.pk).update(simulated=False)  # the control: of real people a time is told
    study.participants.update(kind="real")
    study.refresh_from_db()
    assert "min from start to end" in answers(study, "Otani et al. 2023")["g"]


def test_a_sealed_study_names_no_condition_in_its_checklists() -> None:
    study = answered_study(people=2, clips=1)
    text = checklist_csv(study, None, "en")
    for condition in study.conditions.all():
        assert str(condition.label) not in text
    assert len(list(csv.reader(io.StringIO(text)))) > 37 + 8


def test_heds_as_json_lists_its_missing_questions() -> None:
    sheet = heds_json(make_study(clips=2), None)
    answered = {row["question"]: row["answer"] for row in sheet["answers"]}
    assert answered["3.1.1"] == "2"
    assert answered["5.1"] is None
    assert "5.1" in sheet["missing"]


@pytest.mark.parametrize("name", ["reporting", "power"])
def test_a_stranger_gets_404(name: str) -> None:
    study = make_study(clips=1)
    assert signed_in(study.owner).get(page(study, name)).status_code == 200
    assert signed_in(UserFactory()).get(page(study, name)).status_code == 404


def test_power_is_asked_for_computed_and_shown(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    study = make_study(clips=1)
    asked: list[tuple[str, tuple[int]]] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, name, args: asked.append((name, args)))
    monkeypatch.setattr(power_answers, "SIMULATIONS", 100)
    client = signed_in(study.owner)
    inputs = {"participants": 10, "clips": 6, "share": 0.7, "sd_participants": 0.8, "sd_clips": 0.7}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page(study, "power"), inputs).status_code == 302
    assert asked == [(compute_power.name, (study.pk,))]
    assert "Simulating studies" in client.get(page(study, "power")).content.decode()
    power_answers.answer_power(study.pk)
    shown = client.get(page(study, "power")).content.decode()
    assert "10 participants × 6 clips have power" in shown
    assert "simulation error" in shown
    assert "70 of 100 head-to-head" in shown


def test_an_impossible_design_is_refused() -> None:
    study = make_study(clips=1)
    response = signed_in(study.owner).post(
        page(study, "power"),
        {"participants": 1, "clips": 6, "share": 0.7, "sd_participants": 0.8, "sd_clips": 0.7},
    )
    assert response.status_code == 400


def test_the_web_process_loads_neither_torch_nor_scipy_for_these_pages() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; import django; django.setup()\n"
        "import config.urls, analysis.report.files.pdf, analysis.report.files.xlsx\n"
        "print([name for name in ('torch', 'scipy', 'pyarrow', 'pandas', 'typst', 'openpyxl') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_the_power_page_found_fills_the_datasheet() -> None:
    cell = {"participants": 30, "clips": 12, "power": 0.61, "monte_carlo_se": 0.01}
    result = {"cells": [cell], "head_to_head": 0.59, "sd_participants": 0.8, "sd_clips": 0.7}
    study = make_study(clips=1, plan={"power": {"state": "ready", "result": result}})
    assert "power 0.61 ± 0.02 with 30 people and 12 clips" in answers(study, "HEDS 3.0")["3.1.3.1"]
    assert answers(make_study(clips=1), "HEDS 3.0")["3.1.3.1"] == ""

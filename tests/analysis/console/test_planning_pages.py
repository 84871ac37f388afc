"""The pages Reporting and Power."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analysis.models import Analysis
from analysis.study_results import power_answers
from analysis.study_results.analyses import plan_of
from analysis.study_results.early_stop import plan_early_stop
from analysis.study_results.preflight import early_stop_counts_choices
from analysis.study_results.smallest_difference import largest_possible
from analysis.tasks import compute_power
from study.errors import StudyError
from study.instruments.presets import PRESETS
from study.models import Study
from study.setup.instrument_editing import set_instrument
from study.setup.lifecycle import current_plan
from study.setup.preflight import Level
from tests.analysis.answered_studies import checklist_answers, close
from tests.config.fuzz.page_forms import form_with
from tests.factories import UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(study: Study, name: str) -> str:
    return f"/console/studies/{study.slug}/{name}/"


def test_unanswered_items_are_missing_and_answers_are_saved() -> None:
    study = make_study(clips=1, ethics="", ethics_reason="")
    client = signed_in(study.owner)
    assert checklist_answers(study, "Ramírez et al. 2021")["37"] == ""
    response = client.post(page(study, "reporting"), {"ethics": "Board 12, no. 34", "hourly_wage": "12.50"})
    assert response.status_code == 302
    study.refresh_from_db()
    assert checklist_answers(study, "Ramírez et al. 2021")["37"] == "Board 12, no. 34"
    assert "Board 12, no. 34" in client.get(page(study, "reporting")).content.decode()
    assert checklist_answers(study, "Ramírez et al. 2021")["13"] == ""


def test_the_licence_of_the_data_is_chosen_or_written_also_while_the_study_is_open() -> None:
    study = make_open_study(clips=1)
    client = signed_in(study.owner)
    form = form_with(client, reverse("study_reporting", args=[study.slug]), "licence")
    for sent, stored in (
        ({"licence": "CC-BY-4.0"}, "CC-BY-4.0"),
        ({"licence": "other", "licence_words": "ODbL 1.0"}, "ODbL 1.0"),
        ({"licence": "", "licence_words": ""}, ""),
    ):
        form = form_with(client, form.action, "licence")
        assert client.post(form.action, form.sent(**sent)).status_code == 302
        study.refresh_from_db()
        assert study.licence == stored
    form = form_with(client, form.action, "licence")
    assert "Write the licence, or choose" in client.post(form.action, form.sent(licence="other")).text


def test_the_smallest_difference_is_in_steps_of_the_main_scale() -> None:
    study = make_study(clips=1)
    set_instrument(study, PRESETS["match_and_quality"])
    assert largest_possible(study) == 6
    set_instrument(study, PRESETS["pairs"])
    assert largest_possible(study) == 1
    set_instrument(study, {"questions": [{"kind": "choose", "key": "best", "ranks": 4}]})
    assert largest_possible(study) == 5, "3 points and 2 for the two of one side"
    set_instrument(study, {})
    assert largest_possible(study) == 4


def test_a_rule_to_stop_early_that_counts_choices_is_refused_where_there_are_none() -> None:
    study = make_study(clips=1)
    plan_early_stop(study, True)
    assert not list(early_stop_counts_choices(study))
    set_instrument(study, PRESETS["match_and_quality"])
    [finding] = early_stop_counts_choices(study)
    assert finding.level is Level.BLOCKS
    plan_early_stop(study, False)
    assert not list(early_stop_counts_choices(study))


def test_reporting_answers_do_not_change_the_fixed_plan() -> None:
    study = make_open_study(clips=1, plan={"fixed": {"alpha": 0.05}}, plan_digest="ab" * 32)
    signed_in(study.owner).post(page(study, "reporting"), {"reward": "5 EUR"})
    study.refresh_from_db()
    assert study.plan["fixed"] == {"alpha": 0.05}
    assert study.plan_digest == "ab" * 32


def test_a_wage_that_is_not_a_number_is_refused_with_an_example() -> None:
    study = make_study(clips=1)
    response = signed_in(study.owner).post(page(study, "reporting"), {"hourly_wage": "a lot"})
    assert response.status_code == 400
    assert "as a number" in response.content.decode()


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
    assert "The fewest people for each number of clips" in shown
    assert "A good choice:" in shown
    assert "The smallest effect that this design finds" in shown


def test_the_spreads_of_a_finished_study_can_be_taken_and_those_of_a_sealed_one_cannot(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("celery.Celery.send_task", lambda *_args: None)
    study = make_study(clips=1)
    finished = make_open_study(clips=1, owner=study.owner, title="Finished")
    block = {"converged": True, "sd_participants": 0.33, "sd_clips": 0.44}
    Analysis.objects.create(study=finished, state=Analysis.State.READY, result={"random_effects": block})
    client = signed_in(study.owner)
    assert "0.33, 0.44" not in client.get(page(study, "power")).content.decode()
    close(finished)
    assert "Finished (0.33, 0.44)" in client.get(page(study, "power")).content.decode()
    inputs = {"participants": 10, "clips": 6, "share": 0.7, "sd_participants": 2, "sd_clips": 2}
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(study, "power"), inputs | {"spreads_from": finished.slug, "drop_out": 0.1})
    study.refresh_from_db()
    asked = study.plan["power"]["inputs"]
    assert (asked["sd_participants"], asked["sd_clips"], asked["drop_out"], asked["target"]) == (0.33, 0.44, 0.1, 0.8)


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


def test_the_smallest_difference_is_part_of_the_plan_and_reaches_the_analysis() -> None:
    study = make_study(clips=1)
    client = signed_in(study.owner)
    assert client.post(page(study, "analysis-rules"), {"smallest": "0.5"}).status_code == 302
    study.refresh_from_db()
    assert current_plan(study)["analysis"]["smallest"] == 0.5
    assert plan_of(study)["smallest"] == 0.5
    assert 'value="0.5"' in client.get(page(study, "analysis-rules")).content.decode()
    client.post(page(study, "analysis-rules"), {"smallest": ""})
    study.refresh_from_db()
    assert plan_of(study)["smallest"] is None


@pytest.mark.parametrize("value", ["0", "-1", "4.5", "nan", "inf", "a lot"])
def test_a_smallest_difference_that_no_answer_can_show_is_refused_and_what_was_typed_stays(value: str) -> None:
    study = make_study(clips=1)
    response = signed_in(study.owner).post(page(study, "analysis-rules"), {"smallest": value, "planned": "1"})
    assert response.status_code == 400
    text = response.content.decode()
    assert f'value="{value}"' in text
    assert "checked" in text
    study.refresh_from_db()
    assert plan_of(study)["smallest"] is None
    assert not plan_of(study)["sequential"]


def test_an_open_study_keeps_its_rules() -> None:
    study = make_open_study(clips=1, plan={"analysis": {"smallest": 0.5}})
    response = signed_in(study.owner).post(page(study, "analysis-rules"), {"smallest": "2"})
    assert response.status_code == 400
    study.refresh_from_db()
    assert plan_of(study)["smallest"] == 0.5
    assert "0.50 points an answer" in signed_in(study.owner).get(page(study, "analysis-rules")).content.decode()


def test_of_two_rules_of_the_analysis_none_is_kept_if_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(clips=1)
    client = signed_in(study.owner)

    def refuse(*_arguments: Any, **_more: Any) -> None:
        raise StudyError("Not now.")

    monkeypatch.setattr("analysis.study_results.early_stop.plan_early_stop", refuse)
    refused = client.post(page(study, "analysis-rules"), {"smallest": "0.5", "planned": "on"})
    assert "Not now." in refused.content.decode()
    study.refresh_from_db()
    assert "smallest" not in study.plan.get("analysis", {})
    assert not study.log.filter(action="smallest difference planned").exists()

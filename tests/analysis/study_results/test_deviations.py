"""Deviations from the plan: those that the database shows, and those that the researchers report."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from analysis.console.navigation import _reporting_progress
from analysis.models import Analysis
from analysis.report import ReportContext, render_report
from analysis.study_results import analyses
from analysis.study_results.checklists import filled_checklists
from analysis.study_results.deviations import deviations
from analysis.study_results.report_files import report_file
from analysis.study_results.reporting_answers import FIELDS, MAY_STAY_EMPTY
from config.bundles import export_study
from study.digests import canonical_digest
from study.models import Clip, Study, Trial
from study.setup.lifecycle import close_study, current_plan
from study.setup.path_steps import Progress
from tests.analysis.answered_studies import answered_study, close
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def planned_study(*, people: int = 4, wanted: int | None = 4, rule: bool = False, **fields: Any) -> Study:
    """An answered study whose plan was fixed as `open_study` fixes it."""
    study = answered_study(people=people, clips=2, target_participants=wanted, **fields)
    study.plan = study.plan | {"analysis": {"sequential": rule}}
    study.plan |= {"fixed": current_plan(study)}
    study.plan_digest = canonical_digest(study.plan["fixed"])
    study.save()
    return study


def say(study: Study, text: str) -> None:
    study.plan = study.plan | {"reporting": {"deviations": text}}
    study.save()


def test_a_kept_plan_and_a_draft_have_no_deviations() -> None:
    assert deviations(close(planned_study())) == []
    assert deviations(make_study(clips=1, target_participants=5)) == []


def test_a_missed_or_exceeded_target_is_reported_unless_the_study_is_open() -> None:
    study = planned_study(people=2, wanted=5)
    assert deviations(study) == []
    close_study(study, reason="The term ended.")
    assert deviations(study) == [
        "Closed before the target: 2 of 5 planned people completed. Reason given: The term ended."
    ]
    assert deviations(planned_study(people=3, wanted=2)) == ["More people than planned: 3 completed, 2 were planned."]


def test_an_early_end_is_compared_with_the_rule_of_the_plan() -> None:
    def deviations_text(people: int, rule: bool) -> str:
        study = close(planned_study(people=people, wanted=40, rule=rule))
        return " ".join(deviations(study, analyses.build_analysis(study)))

    assert "The plan allows it: its rule to stop early was reached after" in deviations_text(20, rule=True)
    assert "rule to stop early was not reached" in deviations_text(3, rule=True)
    assert "rule" not in deviations_text(3, rule=False)


def test_while_sealed_the_rule_is_not_mentioned() -> None:
    study = planned_study(people=20, wanted=40, rule=True)
    analysis = analyses.build_analysis(close(study))
    Study.objects.filter(pk=study.pk).update(closed_at=None, status="open")
    study.refresh_from_db()
    close_study(study)
    assert study.is_sealed
    assert "rule" not in " ".join(deviations(study, analysis))


def test_people_excluded_by_hand_are_counted_with_their_reasons() -> None:
    study = planned_study()
    first, second, third, _last = study.participants.order_by("number")
    study.participants.filter(pk__in=(first.pk, second.pk)).update(excluded=True, exclusion_reason="no loudspeaker")
    study.participants.filter(pk=third.pk).update(excluded=True)
    [text] = deviations(study)
    assert text == "People excluded by hand after opening: 3 (no loudspeaker: 2; no reason given: 1)."


def test_clips_that_are_not_those_of_the_plan_are_named() -> None:
    study = planned_study()
    first, second = study.clips.order_by("number")
    Clip.objects.filter(pk=first.pk).update(included=False, exclusion_reason="licence")
    Clip.objects.filter(pk=second.pk).update(audio_digest="ff" * 32)
    texts = deviations(study)
    assert f"Clips left out after opening: {first.name} (licence)." in texts
    assert f"Clips whose sound was replaced after opening: {second.name}." in texts
    study.plan["fixed"]["clips"] = study.plan["fixed"]["clips"][:1]
    Clip.objects.filter(pk=first.pk).update(included=True)
    assert f"Clips included after opening: {second.name}." in deviations(study)


def test_changed_settings_are_reported_with_both_values() -> None:
    study = planned_study()
    Study.objects.filter(pk=study.pk).update(grace_minutes=5, weight_second=2, allow_none_fits=True)
    study.refresh_from_db()
    study.plan["analysis"]["sequential"] = True
    texts = deviations(study)
    for change in (
        "grace period in minutes, from 60 to 5",
        "points for the 2nd choice, from 1 to 2",
        "offer “none of them fits”, from no to yes",
        "early stop, from no to yes",
    ):
        assert f"Changed after opening: {change}." in texts
    assert len(texts) == 4
    study.conditions.filter(number=1).update(levels={})
    assert "The conditions were changed after opening." in deviations(study)


def test_repeats_beyond_the_plan_are_counted() -> None:
    study = planned_study()
    trial = Trial.objects.filter(participant__study=study).order_by("participant__number", "number")[0]
    Trial.objects.filter(pk=trial.pk).update(repeat=1)
    study.repeats = 1
    assert "Hidden repeats answered beyond the plan: 1." in deviations(study)
    study.plan["fixed"]["design"]["repeats"] = 1
    assert deviations(study) == []


def test_deviations_reported_by_researchers_are_saved_and_never_missing() -> None:
    study = close(planned_study())
    client = Client()
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/console/studies/{study.slug}/reporting/"
    everything = {key: "1" for key, _label, _help in FIELDS if key not in MAY_STAY_EMPTY}
    assert client.post(page, everything).status_code == 302
    study.refresh_from_db()
    assert _reporting_progress(study) is Progress.DONE
    client.post(page, everything | {"deviations": "Two people sat in one room."})
    study.refresh_from_db()
    assert deviations(study) == ["Stated by the researchers: Two people sat in one room."]
    assert canonical_digest(study.plan["fixed"]) == study.plan_digest


@pytest.mark.parametrize(
    ("language", "heading", "none"),
    [
        ("en", "Deviations from the plan", "None are recorded."),
        ("ko", "계획에서 벗어난 점", "기록된 것이 없습니다."),
    ],
)
def test_the_report_has_its_section_in_each_form(language: str, heading: str, none: str) -> None:
    study = close(planned_study())
    analysis = analyses.build_analysis(study)

    def report(form: str) -> str:
        return report_file(Analysis.objects.get(pk=analysis.pk), f"report-{language}.{form}").decode()

    for form in ("html", "tex"):
        assert heading in report(form)
        assert none in report(form).partition(heading)[2]
    say(study, "<b>50%</b> sat")
    assert none not in report("html").partition("<details")[0]
    assert "&lt;b&gt;50%&lt;/b&gt; sat" in report("html")
    assert r"$<$b$>$50\%$<$/b$>$ sat" in report("tex")
    assert report_file(analysis, f"report-{language}.pdf").startswith(b"%PDF")
    plain = ReportContext(title="t", language=language)  # a table of ballots knows no plan
    assert heading not in render_report(analysis.result or {}, plain)


def test_the_checklists_include_the_deviations() -> None:
    study = close(planned_study(people=2, wanted=5))
    lists = {name: {entry.item.number: entry.answer for entry in rows} for name, rows in filled_checklists(study)}
    assert "5 were planned." in lists["Ramírez et al. 2021"]["22"]
    assert "5 were planned." in lists["Otani et al. 2023"]["b"]
    for name, number in (("Ramírez et al. 2021", "28"), ("HEDS 3.0", "3.3.1")):
        assert "Deviations from the plan: Closed before the target: 2 of 5" in lists[name][number]
    with translation.override("ko"):
        assert "목표 인원 전에 종료" in dict(filled_checklists(study))["HEDS 3.0"][15].answer


@pytest.mark.usefixtures("typeset_nothing")
def test_the_export_contains_the_deviations_once_unsealed(tmp_path: Path) -> None:
    def exported_deviations(study: Study) -> Any:
        export_study(study, tmp_path / "bundle.zip", images=False)
        with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
            return json.loads(bundle.read("study.json"))["deviations"]

    study = planned_study(people=3, wanted=2)
    assert exported_deviations(study) is None
    with translation.override("ko"):
        assert exported_deviations(close(study)) == ["More people than planned: 3 completed, 2 were planned."]

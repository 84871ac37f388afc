"""The groups of people that the plan names, in the analysis of a study and in its export."""

from pathlib import Path
from typing import Any

import pytest

from analysis.models import Analysis
from analysis.study_results.analyses import build_analysis
from analysis.study_results.report_files import report_file
from analysis.tables.person_columns import group_label
from config.bundles import export_study, verify_export
from study.digests import canonical_digest
from study.models import Ballot, Study
from study.models.log import record
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import asked_study

pytestmark = pytest.mark.django_db

PLANNED = [{"column": "before_training_years", "cuts": []}, {"column": "before_listening_hours", "cuts": [2.0]}]
ANSWERS = [
    {"before": {"training_years": "none" if n < 6 else "over_5", "listening_hours": n / 4, "importance": "4"}}
    for n in range(12)
]


@pytest.fixture
def study() -> Study:
    study = asked_study(ANSWERS, plan={"analysis": {"moderators": PLANNED}})
    fixed = current_plan(study)
    study.plan |= {"fixed": fixed}
    study.plan_digest = canonical_digest(fixed)
    study.save()
    record(study, "opened", plan_digest=study.plan_digest)
    record(study, "closed")
    return study


def moderators(analysis: Analysis) -> dict[str, Any]:
    assert analysis.state == Analysis.State.READY, analysis.error
    return {block["name"]: block for block in analysis.result["moderators"]}


def test_the_analysis_groups_people_by_the_answers_that_the_plan_names(study):
    blocks = moderators(build_analysis(study))
    years, hours = blocks["before_training_years"], blocks["before_listening_hours"]
    assert [(g["group"], g["participants"]) for g in years["groups"]] == [("none", 6), ("over_5", 6)]
    # Eight answered less than two hours; the four others are too few to be told apart, and so neither are the eight.
    assert [(g["group"], g["participants"]) for g in hours["groups"]] == [("< 2", None)]
    assert hours["too_small"] is None


@pytest.mark.usefixtures("typeset_nothing")
def test_an_export_repeats_the_comparison(study, tmp_path: Path):
    export_study(study, tmp_path / "study.zip")
    assert verify_export(tmp_path / "study.zip").faults == ()


def test_known_pieces_are_left_out_in_the_sensitivity():
    study = asked_study([{}] * 4, clips=6)
    known = Ballot.objects.filter(trial__clip__number=1)
    Ballot.objects.filter(trial__participant__study=study).update(knows_piece=False)
    known.update(knows_piece=True)
    analysis = build_analysis(study)
    found = analysis.result["sensitivity"]["known_pieces"]
    assert found["ballots"] == known.count() == 4
    assert found["order"]
    report = report_file(analysis, "report-en.html").decode()
    assert "Without answers about known pieces (4)" in report
    assert "whether they knew the piece" in report


def test_without_a_primary_contrast_the_report_says_who_leads_without_known_pieces():
    study = asked_study([{}] * 4, conditions=3)
    for number, ballot in enumerate(Ballot.objects.filter(trial__participant__study=study)):
        ballot.knows_piece = number % 3 == 0
        ballot.save(update_fields=["knows_piece"])
    report = report_file(build_analysis(study), "report-en.html").decode()
    assert "Without the 3 answers about known pieces, “Painter" in report


@pytest.mark.parametrize(
    ("value", "cuts", "group"),
    [
        ("29.9", (30, 50), "< 30"),
        ("30", (30, 50), "≥ 30, < 50"),
        ("50", (30, 50), "≥ 50"),
        ("", (30, 50), ""),
        ("none", (), "none"),
    ],
)
def test_numbers_are_grouped_at_the_plans_cuts(value, cuts, group):
    assert group_label(value, cuts) == group

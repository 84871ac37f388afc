"""The report of studies with an instrument: what it says, and what it leaves out because it makes no sense."""

import re
from typing import Any

import pytest
from django.utils import translation

from analysis.report import ReportContext, render_report
from analysis.report.contents import all_figures, report_contents, with_default_views
from analysis.report.context import QuestionView
from analysis.report.figures.question_charts import ellipse
from analysis.report.files.csv_tables import scores_csv
from analysis.report.files.latex import report_latex
from analysis.report.files.xlsx import report_xlsx
from analysis.report.questions import question_blocks
from analysis.report.tables.follow_up import follow_up_table
from analysis.report.tables.versions import versions_table
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import analyse_questions
from analysis.study_results.analyses import build_analysis
from analysis.study_results.checklists import filled_checklists
from analysis.study_results.report_context import report_context
from analysis.tables.question_json import after_a_stop, analysis_of_questions_json
from study.instruments.presets import PRESETS
from tests.analysis.answered_instruments import instrument_study
from tests.analysis.answered_studies import checklist_answers
from tests.analysis.tables.test_question_json import questions_of_every_kind

PLAN = AnalysisPlan(draws=200)
SCALES = {"match": QuestionView("match", "How well does it match?", "not at all", "perfectly")}


def analysis_of(primary: str, *names: str) -> dict[str, Any]:
    questions = [question for question in questions_of_every_kind() if question.name in (primary, *names)]
    found = analyse_questions(questions, PLAN, primary=primary)
    return analysis_of_questions_json(found, PLAN, primary=primary, n_participants=8, n_clips=6, n_ballots=48)


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    return analysis_of("match", "quality", "pair", "order", "mood", "sure", "why")


def answer_of(data: dict[str, Any]) -> str:
    context = with_default_views(data, ReportContext(title="t"))
    return str(report_contents(data, context)["answer"])


def test_the_answer_names_the_scale_its_ends_and_the_population(everything: dict[str, Any]) -> None:
    size = everything["primary"]["estimate"]
    answer = answer_of(everything)
    assert answer.startswith("Yes, for music like this: on “match” (1 to 7), images from redefined tags were rated ")
    assert f"rated {size:.2f} higher than images from original tags (95 % interval" in answer
    assert "6 clips are few for conclusions about other music" in answer
    everything["questions"]["match"]["primary"] |= {"p": 0.4}
    try:
        assert answer_of(everything).startswith("Not shown for music like this: on “match” (1 to 7), ")
    finally:
        everything["questions"]["match"]["primary"] |= {"p": everything["primary"]["p"]}


def test_pairs_are_told_as_the_share_of_comparisons_that_are_won() -> None:
    data = analysis_of("pair")
    estimate = data["primary"]["estimate"]
    ahead = "redefined" if estimate >= 0 else "original"
    share = round(50 * (1 + abs(estimate)))
    assert f"images from {ahead} tags won {share} % of the comparisons" in answer_of(data)


def test_no_share_of_comparisons_lies_beyond_all_of_them() -> None:
    data = analysis_of("pair")
    data["questions"]["pair"]["primary"] |= {"estimate": 0.6, "ci95": [0.2, 1.04]}
    assert "(95 % interval 60 %–100 %, " in answer_of(data)


def test_an_interaction_leaves_no_main_effect_even_if_the_simple_effects_cannot_be_tested() -> None:
    data = analysis_of("pair")
    block = data["questions"]["pair"]
    next(row for row in block["secondary"] if row["contrast"] == "interaction")["p_holm"] = 0.01
    block["simple_effects"] = None
    answer = answer_of(data)
    assert answer.startswith("What redefinition does depends on the form of the prompt (interaction: ")
    assert "These data are too few to say what it does within each." in answer
    assert "won" not in answer


def test_every_question_has_its_block_and_nothing_of_choices_is_left(everything: dict[str, Any]) -> None:
    page = render_report(everything, ReportContext(title="t", questions=SCALES))
    for name in everything["questions"]:
        assert f"“{name}”: " in page
    assert "How well does it match? (1 = not at all, 7 = perfectly)" in page
    for heading in ("Would other points change the order?", "How often chosen", 'id="points"', "2nd choice"):
        assert heading not in page
    assert "“match”: Mean ratings" in page
    assert "“pair”: Bradley–Terry worths" in page
    assert "“mood”: Which categories" in page
    assert "By 2 people. The words are in the export" in page
    assert "Krippendorff&#x27;s α" in page
    assert not re.search(r">None<|nan", page)


def test_numbers_of_the_tables_are_those_of_the_analysis(everything: dict[str, Any]) -> None:
    context = with_default_views(everything, ReportContext(title="t"))
    (block,) = [block for block in question_blocks(everything, context, 0.05) if block.title.startswith("“match”")]
    tables = {table.key: table for table in block.tables}
    row = everything["questions"]["match"]["scores"]["redefined_tags"]
    shown = dict(zip(tables["q1-scores"].header, tables["q1-scores"].rows[0], strict=True))
    assert shown["Mean"] == f"{row['mean']:.2f}"
    assert shown["Cannot say"] == str(row["cannot_say"])
    assert {figure.key for figure in block.figures} >= {"q1-means", "q1-distribution", "q1-clips"}
    keys = {figure.key for figure in all_figures(everything, context)}
    assert {"q2-plane", "q3-wins", "q3-worths", "q6-numbers"} <= keys
    assert len(keys) == len(all_figures(everything, context))


def test_the_files_hold_every_question(everything: dict[str, Any]) -> None:
    assert "match,rate,redefined_tags" in scores_csv(everything)
    tex = report_latex(everything, ReportContext(title="t"))
    assert tex.count(r"\subsection*{``") == 7
    assert len(report_xlsx(everything)) > 5000


def test_after_an_early_stop_no_block_prints_a_test(everything: dict[str, Any]) -> None:
    stopped = everything | {"questions": {name: after_a_stop(row) for name, row in everything["questions"].items()}}
    blocks = question_blocks(stopped, with_default_views(stopped, ReportContext(title="t")), 0.05)
    rows = [row for block in blocks for table in block.tables for row in table.rows if row[0] != "Use of the scale"]
    assert len(rows) > 40
    assert not [cell for row in rows for cell in row if re.search(r"\bp [=<]|^< 0\.001$| to \d|F\(|χ²", cell)]


def test_the_ellipse_lies_on_its_equation() -> None:
    centre, covariance, radius2 = (2.0, 3.0), ((0.5, 0.2), (0.2, 0.3)), 4.0
    (a, b), (_b, c) = covariance
    for x, y in ellipse(centre, covariance, radius2):
        dx, dy = x - centre[0], y - centre[1]
        assert (c * dx * dx - 2 * b * dx * dy + a * dy * dy) / (a * c - b * b) == pytest.approx(radius2)


@pytest.mark.django_db
def test_a_study_reports_its_questions_with_their_anchors_in_korean_too() -> None:
    study = instrument_study(PRESETS["match_and_quality"], people=4, clips=3)
    analysis = build_analysis(study)
    assert analysis.error == ""
    page = render_report(analysis.result, report_context(analysis, "ko"))
    assert "1 = 전혀 어울리지 않음, 7 = 완벽하게 어울림" in page
    with translation.override("en"):
        heds, otani = checklist_answers(study, "HEDS 3.0"), checklist_answers(study, "Otani et al. 2023")
    assert heds["4.3.3"] == "“match”: 7; “quality”: 7."
    assert "whole numbers 1 to 7 (1 = not at all, 7 = perfectly)" in heds["4.3.4"]
    assert "for each image" in otani["d"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("preset", "question", "found", "words", "reported"),
    [
        ("pairs", "pair", " % (", "8 pairs shown twice to one person with the same answer", "of repeated pairs; a tie"),
        ("match_and_quality", "match", "ICC(2,1) = ", "32 images shown twice on a scale from 1 to 7", "ICC(2,1) = "),
        ("choose_and_rate", "match", " steps apart", " images shown twice on a scale", "Same 1st choice in "),
    ],
)
def test_hidden_repeats_are_reported_for_each_kind_of_question(preset, question, found, words, reported) -> None:
    study = instrument_study(PRESETS[preset], people=4, clips=3, repeats=2)
    analysis = build_analysis(study)
    assert analysis.result["questions"][question]["test_retest"]
    context = with_default_views(analysis.result, report_context(analysis, "en"))
    (block,) = [
        block for block in question_blocks(analysis.result, context, 0.05) if block.title.startswith(f"“{question}”")
    ]
    (row,) = [row for table in block.tables if table.key.endswith("checks") for row in table.rows if "retest" in row[0]]
    assert found in row[1]
    assert words in row[2]
    with translation.override("en"):
        heds = dict(filled_checklists(study, analysis))["HEDS 3.0"]
    assert reported in next(entry.answer for entry in heds if entry.item.number == "4.3.12")


def test_people_analysed_apart_are_told_by_the_means_of_the_main_question(everything: dict[str, Any]) -> None:
    scores = everything["questions"]["match"]["scores"]
    apart = {"problem": None, "n_participants": 3, "n_clips": 6, "n_ballots": 18, "scores": scores}
    apart["primary"] = everything["primary"]
    data = everything | {"follow_up": apart, "versions": [{"version": 1} | apart, {"version": 2} | apart]}
    context = with_default_views(data, ReportContext(title="t"))
    follow_up, versions = follow_up_table(data, context), versions_table(data, context)
    assert follow_up.header == ["Condition", "Mean", "95 % interval", "Mean by the plan"]
    assert all(row[1] == row[3] != "—" for row in follow_up.rows)
    assert versions.header[-1] == "Highest mean"
    best = max(scores, key=lambda key: scores[key]["mean"])
    assert versions.rows[0][-1] == next(view.label for view in context.conditions if view.key == best)

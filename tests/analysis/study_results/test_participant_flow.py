"""The flow of people: everybody has one end, so the numbers add up at every arrow, in every form of the report."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from analysis.report.context import ReportContext, Stage, StageOfPeople
from analysis.report.figures.figure_list import figure_list
from analysis.report.figures.flow import _width, flow_chart
from analysis.report.figures.svg import WIDTH
from analysis.report.files.xlsx import _stages
from analysis.report.tables.flow import flow_table
from analysis.report.text.flow import flow_text
from analysis.study_results.flow_in_words import flow_stages, other_flows
from analysis.study_results.participant_flow import count_flow, participant_flow
from study.models import Participant, StudyStage
from study.participants.consent_and_questions import give_consent, save_step, screen_out
from study.participants.enrolment import enrol
from study.participants.exclusion_rules import ExclusionRule
from study.participants.study_stages import begin_stage
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study

RULES = [ExclusionRule("too_fast", 0.5), ExclusionRule("unanswered", 0.25)]
NOW = timezone.now()
STATUS = Participant.Status

people = st.builds(
    Participant,
    status=st.sampled_from(STATUS.values),
    main_answered=st.integers(0, 2),
    answered=st.integers(0, 1),
    excluded=st.booleans(),
    exclusion_reason=st.sampled_from(["", "a friend", "quota full", "answers before the trials"]),
    rule_exclusions=st.sampled_from([[], [RULES[0].as_json()], [RULES[1].as_json(), RULES[0].as_json()]]),
    flags=st.sampled_from([[], ["too_fast"], [{"kind": "too_fast"}, {"kind": "left_tab"}]]),
    consented_at=st.sampled_from([None, NOW]),
    answers=st.sampled_from([{}, {"consent": {}}, {"consent": {}, "instructions": True}]),
)


def check_that_it_adds_up(stages: Sequence[Stage], everybody: int) -> None:
    assert stages[0].people == everybody
    for before, stage in pairwise(stages):
        assert before.people == stage.people + sum(number for _reason, number in stage.left), stage
        assert min([stage.people, *(number for _reason, number in stage.left)]) >= 0
    assert all(not stage.flags or stage.label.startswith("gave answers") for stage in stages)


@given(st.lists(people, max_size=40))
def test_the_numbers_add_up_at_every_arrow(made: list[Participant]) -> None:
    flow = count_flow(made, RULES)
    stages = flow_stages(flow)
    check_that_it_adds_up(stages, len(made))
    assert stages[-1].people == sum(
        person.status != STATUS.WITHDRAWN and person.main_answered > 0 and not person.left_out for person in made
    )
    earlier = {name: number for name, number in flow.items() if name != "further"}
    check_that_it_adds_up(flow_stages(earlier), len(made))
    assert [stage.label.partition(",")[0] for stage in flow_stages(earlier)] == ["started", "gave answers", "analysed"]


@pytest.mark.django_db
def test_each_stage_of_a_study_is_counted_with_who_left_and_why() -> None:
    study = make_open_study(clips=2)
    began, consented, arrived, screened, gone = (enrol(study)[0] for _ in range(5))
    for person in (began, consented, screened):
        give_consent(person)
    save_step(began, "instructions")
    screen_out(screened, "quota full")
    withdraw(gone)
    flow = participant_flow(study)
    labels = {stage.label: (stage.people, dict(stage.left)) for stage in flow_stages(flow)}
    assert labels == {
        "started": (5, {}),
        "consented": (3, {"withdrew (answers erased)": 1, "did not consent": 1}),
        "began the trials": (1, {"screened out: their quota was full": 1, "stopped before the first trial": 1}),
        "gave answers": (0, {"gave no answer": 1}),
        "analysed": (0, {}),
    }
    assert other_flows(flow) == []
    begin_stage(study, StudyStage.FOLLOW_UP, reason="later")
    later, _token = enrol(study)
    give_consent(later)
    flow = participant_flow(study)
    assert flow["started"] == 5
    [follow_up] = other_flows(flow)
    assert [stage.people for stage in follow_up.flow] == [1, 1, 0, 0, 0]
    # Steps before the trials are erased some time after the end: then nobody knows who began.
    Participant.objects.filter(pk=consented.pk).update(answers={})
    stages = flow_stages(participant_flow(study))
    assert [stage.label for stage in stages] == ["started", "consented", "gave answers", "analysed"]
    check_that_it_adds_up(stages, 5)
    assert arrived.consented_at is None


def large_flow() -> dict[str, Any]:
    """A million people, ten rules, long reasons, flags of few."""
    rules = [{"kind": "too_fast", "at": 0.05 * n, "people": 10_000 * n} for n in range(1, 11)]
    hand = {"they told us afterwards that the sound had been off during most of the trials " * 2: 4, "y" * 200: 1}
    return {
        "started": 1_000_000, "withdrawn": 1_000, "screened_out": 0, "without_answer": 99_000, "answered": 900_000,
        "by_rule": rules, "by_hand": hand, "analysed": 349_995, "completed": 349_000,
        "further": {
            "consented": 949_000, "began": 920_000, "screened_by": {}, "answered_to_the_end": 800_000,
            "flagged": 9, "flags": {"too_fast": 5, "left_tab": 4},
        },
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_text_of_the_figure_is_cut_overlaps_or_leaves_it(language: str) -> None:
    with translation.override(language):
        stages = flow_stages(large_flow())
        drawing = flow_chart(stages, title="t", description="d", flags_title="flagged")
    assert "…" not in drawing
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)</text>', drawing)
    height = float(re.findall(r'height="(\d+)"', drawing)[0])
    spans: dict[float, list[tuple[float, float]]] = {}
    for x, y, anchor, words in found:
        start = float(x) - (_width(words) if anchor == "end" else 0)
        end = start + _width(words)
        assert start >= 10, words
        assert end <= WIDTH - 10, words
        assert float(y) < height
        assert all(end <= a or start >= b for a, b in spans.setdefault(float(y), [])), words
        spans[float(y)].append((start, end))
    shown = "".join(words for *_place, words in found).replace(" ", "")
    for stage in stages:
        for reason, number in stage.left:
            assert reason.replace(" ", "") in shown
            assert f"{number:,}" in shown


def test_figure_table_sheet_and_methods_say_the_same_numbers() -> None:
    stages = flow_stages(large_flow())
    other = StageOfPeople("pilot", "Pilot stage", [Stage("started", 7), Stage("gave answers", 7), Stage("analysed", 7)])
    context = ReportContext(title="t", flow=stages, other_flows=[other])
    drawn, pilot = figure_list({"n_ballots": 1, "conditions": []}, context)
    assert (drawn.key, pilot.key) == ("flow", "flow-pilot")
    assert "Pilot stage" in pilot.title
    table = flow_table(context)
    assert ["Pilot stage", "", ""] in table.rows
    assert ["", "left tab", "fewer than 5"] in table.rows  # a few are not told apart, and all flags not together
    assert "any flag" not in drawn.svg
    sheet = _stages(stages)
    text = flow_text(context)
    for stage in stages:
        assert [stage.label, None, stage.people] in sheet
        assert [stage.label, "", f"{stage.people:,}"] in table.rows
        assert f"{stage.people:,} {stage.label}" in text
        for reason, number in stage.left:
            assert [f"− {reason}", "", f"{number:,}"] in table.rows
            assert f"{number:,} {reason}" in text
    assert flow_text(ReportContext(title="t")) == ""

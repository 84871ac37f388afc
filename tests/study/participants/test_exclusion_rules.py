"""Exclusion rules are part of the plan: chosen before opening, fixed with it, applied by themselves, and counted."""

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from analysis.report import render_report
from analysis.study_results import early_stop
from analysis.study_results.analyses import build_analysis, is_current
from analysis.study_results.checklists import filled_checklists
from analysis.study_results.report_context import report_context
from analysis.tables.participant_table import participants_csv_parts
from config.bundles.check import verify_export
from config.bundles.write import export_study
from study.ballots.casting import Answer, cast_ballot
from study.ballots.table import ballot_rows
from study.digests import canonical_digest
from study.errors import NotAllowedNow, StudyError
from study.models import Participant, Study, Trial
from study.participants import exclusion_rules
from study.participants.answer_rules import AnswerRule, parse_answer_rules
from study.participants.answers_table import answer_columns
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion_rules import ExclusionRule, refresh_unfinished, rules_of
from study.participants.withdrawal import withdraw
from study.setup import drafting
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import close
from tests.factories import make_study

pytestmark = pytest.mark.django_db

TOO_FAST = ExclusionRule("too_fast", 0.5)


def opened(*rules: ExclusionRule, **fields) -> Study:
    """A study whose plan with these rules was fixed as `open_study` fixes it."""
    study = make_study(**{"clips": 4, **fields})
    drafting.save_plan(study, {}, rules=rules)
    study.plan |= {"fixed": current_plan(study)}
    study.plan_digest, study.status = canonical_digest(study.plan["fixed"]), Study.Status.OPEN
    study.save()
    return study


def person_who_answers(study: Study, seconds: float, *, trials: int | None = None) -> Participant:
    """Somebody of whom the browser's word alone is known; with `trials`, they stop after so many."""
    person, _token = enrol(study)
    Trial.objects.filter(participant=person).update(images_sent=None)
    for place, trial in enumerate(person.trials.order_by("number")[:trials]):
        first, second = "ABCD"[(place + person.number) % 4], "ABCD"[(place * 2 + person.number + 1 + place % 2) % 4]
        second = second if second != first else "ABCD"[("ABCD".index(first) + 1) % 4]
        cast_ballot(trial, Answer(uuid4(), first, second, seconds=seconds, listened_seconds=seconds))
    if trials is None:
        finish(person)
    return study.participants.get(pk=person.pk)


def left_out(study: Study) -> set[str]:
    return {row["participant"] for row in ballot_rows(study) if row["excluded"]}


def test_rules_are_fixed_with_the_plan_and_a_plan_without_keeps_its_digest():
    study = make_study(clips=2)
    without = canonical_digest(current_plan(study))
    assert "exclusions" not in current_plan(study)
    drafting.save_plan(study, {}, rules=[TOO_FAST])
    assert current_plan(study)["exclusions"] == [{"kind": "too_fast", "at": 0.5, "seconds": 3}]
    assert canonical_digest(current_plan(study)) != without
    drafting.save_plan(study, {}, rules=[])
    assert canonical_digest(current_plan(study)) == without


def test_after_opening_the_fixed_rules_count_whatever_is_written_into_the_draft_of_the_plan():
    study = opened(TOO_FAST)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    study.refresh_from_db()
    with pytest.raises(NotAllowedNow):
        drafting.save_plan(study, {}, rules=[])
    study.plan["exclusions"] = []
    assert rules_of(study) == [TOO_FAST]


def test_who_finishes_is_judged_at_once_and_others_are_not():
    study = opened(TOO_FAST)
    fast, calm = person_who_answers(study, 1), person_who_answers(study, 20)
    assert [(rule["kind"], rule["n"], rule["of"], rule["at"]) for rule in fast.rule_exclusions] == [
        ("too_fast", 4, 4, 0.5)
    ]
    assert calm.rule_exclusions == []
    assert not fast.excluded  # by hand
    assert left_out(study) == {fast.code}


def test_the_same_answers_without_a_rule_leave_nobody_out():
    study = opened()
    person_who_answers(study, 1)
    assert study.participants.get().flag_kinds == ["too_fast"]
    assert left_out(study) == set()


@pytest.mark.parametrize(("at", "out"), [(0.5, True), (0.51, False)])
def test_the_threshold_itself_leaves_out(at, out):
    study = opened(ExclusionRule("unanswered", at))
    person = person_who_answers(study, 20, trials=2)
    refresh_unfinished(study)
    assert left_out(study) == ({person.code} if out else set())


def test_who_stops_before_the_end_is_judged_when_ballots_are_read_and_again_when_they_go_on():
    study = opened(ExclusionRule("unanswered", 0.25))
    person = person_who_answers(study, 20, trials=3)
    refresh_unfinished(study)
    assert left_out(study) == {person.code}
    last = person.trials.get(ballot=None)
    cast_ballot(last, Answer(uuid4(), "A", "B", seconds=20))
    finish(person)
    assert left_out(study) == set()


@pytest.mark.parametrize("end", [finish, withdraw])
def test_who_ends_while_others_are_judged_keeps_what_the_end_made_of_them(monkeypatch, end):
    study = opened(ExclusionRule("unanswered", 0.25))
    person, other = (person_who_answers(study, 20, trials=3) for _ in range(2))
    judge = exclusion_rules.judge

    def end_meanwhile(judged, *facts):
        if judged.pk == person.pk and end is finish:
            cast_ballot(person.trials.get(ballot=None), Answer(uuid4(), "A", "B", seconds=20))
        if judged.pk == person.pk:
            monkeypatch.undo()
            end(study.participants.get(pk=person.pk))
        return judge(judged, *facts)

    monkeypatch.setattr(exclusion_rules, "judge", end_meanwhile)
    refresh_unfinished(study)
    person.refresh_from_db()
    assert person.status == {finish: "completed", withdraw: "withdrawn"}[end]
    assert person.rule_exclusions == []
    other.refresh_from_db()
    assert [rule["kind"] for rule in other.rule_exclusions] == ["unanswered"]  # the control: they were judged


def test_a_rule_cannot_be_undone_by_hand(client):
    study = opened(TOO_FAST)
    person = person_who_answers(study, 1)
    with pytest.raises(CommandError, match="left out by a rule of the plan, which is fixed"):
        call_command("exclude_participant", study.slug, person.code, reason="a friend", undo=True)
    client.force_login(study.owner)
    page = client.get(reverse("study_participants", args=[study.slug])).text
    assert "Left out by the plan&#x27;s rule:" in page or "Left out by the plan's rule:" in page
    assert "4 of 4 answers took less than 3 s." in page
    assert reverse("participant_exclude", args=[study.slug, person.code, "take-in"]) not in page


def test_the_early_stop_does_not_count_who_is_left_out_by_a_rule():
    study = opened(TOO_FAST)
    study.plan |= {"analysis": {"sequential": True}}
    study.save()
    person_who_answers(study, 20)
    person_who_answers(study, 1)
    assert len(early_stop._differences(study, timezone.now())) == 1


def analysed_study() -> Study:
    """Ten people: six calm, two too fast, one left out by hand, one who stopped; one withdrew, one gave nothing."""
    study = opened(TOO_FAST, ExclusionRule("unanswered", 0.5), clips=6)
    for _ in range(6):
        person_who_answers(study, 20)
    for _ in range(2):
        person_who_answers(study, 1)
    by_hand = person_who_answers(study, 20)
    call_command("exclude_participant", study.slug, by_hand.code, reason="told us the sound was off")
    person_who_answers(study, 20, trials=2)
    enrol(study)
    withdraw(person_who_answers(study, 20))
    return close(study)


def test_the_report_counts_every_reason_and_gives_the_result_with_and_without():
    study = analysed_study()
    analysis = build_analysis(study)
    assert analysis.error == ""
    assert analysis.flow == {
        "started": 12,
        "withdrawn": 1,
        "screened_out": 0,
        "without_answer": 1,
        "answered": 10,
        "by_rule": [{"kind": "too_fast", "at": 0.5, "people": 2}, {"kind": "unanswered", "at": 0.5, "people": 1}],
        "by_hand": {"told us the sound was off": 1},
        "analysed": 6,
        "completed": 6,
        "median_seconds": analysis.flow["median_seconds"],
        "further": {
            "consented": None,  # nobody was asked here
            "began": None,
            "screened_by": {},
            "answered_to_the_end": 9,
            "flagged": 2,
            "flags": {"too_fast": 2},
        },
    }
    assert analysis.result["n_participants"] == 6
    assert analysis.result["counts"]["excluded"] == 2 * 6 + 6 + 2
    context = report_context(analysis, "en", with_images=False)
    page = render_report(analysis.result, context)
    assert "rule: too fast: at least 50 %" in page
    assert "by hand: told us the sound was off" in page
    with_all = analysis.result["sensitivity"]["exclusions"][0]["estimate"]
    assert with_all != analysis.result["primary"]["estimate"]
    assert "20 answers are left out. Primary contrast, points an answer:" in page
    assert f"{with_all:.2f}".replace("-", "−") in page
    assert "Rules fixed before opening left people out of the analysis: too fast: at least 50 %" in page
    answers = {entry.item.number: entry.answer for _name, entries in filled_checklists(study) for entry in entries}
    assert any("The plan excludes: too fast: at least 50 %" in answer for answer in answers.values())
    assert is_current(analysis)


def test_an_analysis_of_an_earlier_version_has_no_flow_and_its_report_no_figure_of_it():
    study = analysed_study()
    analysis = build_analysis(study)
    analysis.flow = {}
    context = report_context(analysis, "en", with_images=False)
    assert list(context.flow) == []
    assert "Who is analysed" not in render_report(analysis.result, context)


@pytest.mark.usefixtures("typeset_nothing")
def test_an_export_checks_out_with_rules(tmp_path):
    study = analysed_study()
    export_study(study, tmp_path / "study.zip", images=False)
    found = verify_export(tmp_path / "study.zip")
    assert found.faults == ()
    assert any("analysis" in text for text in found.checked)


QUESTIONS = """
questions:
  - key: age
    type: number
    text: {en: "How old are you?"}
    required: false
  - key: trained
    type: choice
    text: {en: "Have you learned an instrument?"}
    options:
      - {key: yes_long, text: {en: "yes"}}
      - {key: never, text: {en: "no"}}
"""


def rules_about_answers(text: str, study: Study) -> list[AnswerRule]:
    return parse_answer_rules(text, answer_columns(study))


@pytest.mark.parametrize(
    ("said", "out"),
    [
        ({"age": 17.0, "trained": "never"}, True),
        ({"age": 18.0, "trained": "never"}, False),
        ({"age": 40, "trained": "yes_long"}, True),
        ({"trained": "never"}, False),  # no answer leaves nobody out
    ],
)
def test_rules_about_answers_leave_out_whose_answer_is_known_and_compares_so(said, out):
    questions = make_study(clips=4, questions_before=QUESTIONS)
    rules = rules_about_answers("before_age < 18\n before_trained=yes_long", questions)
    study = opened(*rules, questions_before=QUESTIONS)
    person, _token = enrol(study)
    Participant.objects.filter(pk=person.pk).update(answers={"before": said})
    for trial in person.trials.all():
        cast_ballot(trial, Answer(uuid4(), "A", "B", seconds=20))
    finish(person)
    assert left_out(study) == ({person.code} if out else set())
    assert [rule["kind"] for rule in current_plan(study)["exclusions"]] == ["answer", "answer"]
    if out:
        assert b"rule of the plan: before_" in b"".join(participants_csv_parts(study))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("before_age", "write a column, a comparison and a value"),
        ("before_agee < 18", "no such column; it has"),
        ("before_age < eighteen", "a number that can be answered"),
        ("before_age < nan", "a number that can be answered"),
        ("before_trained = no", "compare it by = or != with yes_long, never"),
        ("before_trained < never", "compare it by = or != with yes_long, never"),
        ("before_age < 18\nbefore_age < 18.0", "there twice"),
    ],
)
def test_a_rule_about_answers_that_cannot_be_is_refused_with_its_line(text, said):
    with pytest.raises(StudyError, match=said):
        rules_about_answers(text, make_study(clips=1, questions_before=QUESTIONS))


def test_rules_about_answers_are_chosen_on_the_page_of_the_plan(client):
    study = make_study(clips=4, questions_before=QUESTIONS)
    client.force_login(study.owner)
    url = reverse("study_plan", args=[study.slug])
    form = client.get(url).context["form"]
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: value for name, value in fields.items() if value is not None and value is not False}
    refused = client.post(url, fields | {"answer_rules": "headphones_passed = no"})
    assert refused.status_code == 400
    assert "this study has no such column" in refused.text
    rules = "before_age < 18\nheadphones_passed = no"
    saved = client.post(url, fields | {"answer_rules": rules, "headphone_check": "on", "sound_check": "on"})
    assert saved.status_code == 302
    assert client.get(url).context["form"]["answer_rules"].value() == rules
    ready = " ".join(client.get(reverse("study_open", args=[study.slug])).text.split())
    assert "The plan leaves out: answer: before_age &lt; 18; answer: headphones_passed = no." in ready

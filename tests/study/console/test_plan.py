"""The page of the plan: saving, refusals with reasons, and what can change after opening."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.instruments.presets import PRESETS
from study.models import Study
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def plan_fields(browser: Client, study: Study, **changed: Any) -> dict[str, Any]:
    form = browser.get(reverse("study_plan", args=[study.slug])).context["form"]
    fields = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (fields | changed).items() if value is not None and value is not False}


def test_a_plan_is_saved(draft: Study, as_user: SignIn) -> None:
    browser = as_user(draft.owner)
    fields = plan_fields(browser, draft, weight_first="2", target_participants="30", completion_code="ABC")
    assert browser.post(reverse("study_plan", args=[draft.slug]), fields).status_code == 302
    draft.refresh_from_db()
    assert (draft.weights, draft.target_participants, draft.completion_code) == ((2, 1), 30, "ABC")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weight_first": "1", "weight_second": "3"}, "The 2nd choice would count more than the 1st."),
        ({"trials_per_participant": "0"}, "Write at least 1, or leave it empty."),
        ({"stop_at_target": "on"}, "Set the target number of participants first."),
        ({"alpha": "0.5"}, "less than or equal to 0.2"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_with_the_reason(
    draft: Study, as_user: SignIn, changed: dict[str, str], said: str
) -> None:
    browser = as_user(draft.owner)
    answer = browser.post(reverse("study_plan", args=[draft.slug]), plan_fields(browser, draft, **changed))
    assert answer.status_code == 400
    assert said in answer.text


def test_after_opening_only_recruitment_can_change(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    browser, url = as_user(owner), reverse("study_plan", args=[study.slug])
    refused = browser.post(url, {"weight_first": "9", "alpha": "0.2", "completion_code": "NEW"})
    assert refused.status_code == 409
    assert "you wrote:" in refused.text
    assert browser.post(url, {"completion_code": "NEW"}).status_code == 302
    study.refresh_from_db()
    assert (study.weights, study.completion_code) == ((3, 1), "NEW")


def test_reward_and_wage_can_change_after_opening(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner, reward="4.00", reward_currency="EUR")
    browser, url = as_user(owner), reverse("study_plan", args=[study.slug])
    sent = {"reward": "5", "reward_currency": "EUR", "wage": "12"}
    assert browser.post(url, sent).status_code == 302
    study.refresh_from_db()
    assert (str(study.reward), str(study.wage), study.version) == ("5.00", "12.00", 2)
    versions = browser.get(reverse("study_versions", args=[study.slug])).text
    assert "<del>4.00</del>" in versions
    assert "<ins>5.00</ins>" in versions


def test_exclusion_rules_are_chosen_with_thresholds_and_shown_again(draft: Study, as_user: SignIn) -> None:
    browser, url = as_user(draft.owner), reverse("study_plan", args=[draft.slug])
    rules = {"rule_too_fast": "33.3", "rule_position_pattern": "1000", "rule_no_sound": "on", "rule_no_page": "50"}
    assert browser.post(url, plan_fields(browser, draft, sound_check="on", **rules)).status_code == 302
    draft.refresh_from_db()
    assert draft.plan["exclusions"] == [
        {"kind": "no_page", "at": 0.5},
        {"kind": "too_fast", "at": 0.333},
        {"kind": "position_pattern", "at": 1000.0},
        {"kind": "no_sound", "at": 1.0},
    ]
    shown = plan_fields(browser, draft)
    assert {name: shown[name] for name in rules} == rules | {"rule_no_sound": True}
    assert "rule_left_tab" not in shown
    emptied = dict.fromkeys(rules, "") | {"rule_no_sound": False}
    browser.post(url, plan_fields(browser, draft, **emptied))
    draft.refresh_from_db()
    assert draft.plan["exclusions"] == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rule_attention_failed", "50", "The plan has no attention trials"),
        ("rule_repeats_differ", "50", "The plan has no hidden repeats"),
        ("rule_match_failed", "50", "The plan has no trials with images of other clips"),
        ("rule_reason_not_typed", "50", "The plan asks for no reasons"),
        ("rule_no_sound", "on", "The plan has no sound check"),
        ("rule_too_fast", "101", "less than or equal to 100"),
        ("rule_too_fast", "0", "greater than or equal to 1"),
        ("rule_position_pattern", "2", "greater than or equal to 20"),
    ],
)
def test_a_rule_that_cannot_apply_is_refused(draft: Study, as_user: SignIn, name: str, value: str, said: str) -> None:
    Study.objects.filter(pk=draft.pk).update(sound_check=False)
    browser = as_user(draft.owner)
    answer = browser.post(reverse("study_plan", args=[draft.slug]), plan_fields(browser, draft, **{name: value}))
    assert answer.status_code == 400
    assert said in answer.text
    draft.refresh_from_db()
    assert not draft.plan.get("exclusions")


@pytest.mark.parametrize(
    ("preset", "name", "value", "said"),
    [
        ("seed", "rule_one_value", "90", "say nothing about this: empty it."),
        ("pairs", "rule_one_value", "90", "say nothing about this: empty it."),
        ("match_and_quality", "rule_position_pattern", "1000", "say nothing about this: empty it."),
        ("match_and_quality", "match_controls", "1", "need a question that chooses an image"),
    ],
)
def test_what_the_questions_of_the_trials_cannot_tell_is_neither_offered_nor_taken(
    draft: Study, as_user: SignIn, preset: str, name: str, value: str, said: str
) -> None:
    Study.objects.filter(pk=draft.pk).update(instrument=PRESETS[preset])
    browser, url = as_user(draft.owner), reverse("study_plan", args=[draft.slug])
    fields = plan_fields(browser, draft, **{name: value})
    assert ('name="rule_one_value"' in browser.get(url).text) == (preset == "match_and_quality")
    refused = browser.post(url, fields)
    assert refused.status_code == 400
    assert said in refused.text


def test_an_open_study_keeps_the_rules_that_its_plan_fixed(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner, plan={"fixed": {"exclusions": [{"kind": "left_tab", "at": 0.8}]}})
    browser, url = as_user(owner), reverse("study_plan", args=[study.slug])
    assert browser.get(url).context["form"]["rule_left_tab"].value() == "80"
    refused = browser.post(url, {"rule_left_tab": "", "rule_too_fast": "10", "completion_code": "NEW"})
    assert refused.status_code == 409
    assert "can no longer be changed" in refused.text
    study.refresh_from_db()
    assert study.completion_code == ""
    browser.post(url, {"completion_code": "NEW"})
    study.refresh_from_db()
    assert study.completion_code == "NEW"
    assert "exclusions" not in study.plan

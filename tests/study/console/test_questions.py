"""The page of questions: built without script, checked against quotas, groups and rules."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from study.console.forms.versions import VERSION
from study.models import Study
from study.participants.questions import MOST_QUESTIONS, SHIPPED, load_question_set, shipped_question_set
from study.setup import question_editing
from tests.factories import make_open_study
from tests.study.console.question_pages import OWN_LAYOUT, Page, fields_in
from tests.study.participants.question_kinds import EVERY_KIND
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_a_choice_is_built_with_buttons_that_keep_what_was_typed(page: Page) -> None:
    typed = page.fields("question_add", "before", "choice") | {
        "text_en": "How old are you?",
        "option-0-text_en": "18 or more",
        "option-2-text_en": "under 18",
        "option-2-screen_out": "on",
    }
    add = ("question_add", "before", "choice")
    shown = page.post(typed | {"do": "add-option"}, *add)
    typed = fields_in(shown.text, page.url(*add))
    assert typed["option-TOTAL_FORMS"] == "4"
    assert 'id="id_option-3-text_en"' in shown.text
    for button in ("up-option-2", "up-option-1", "remove-option-2"):
        typed = fields_in(page.post(typed | {"do": button}, *add).text, page.url(*add))
    assert (typed["text_en"], typed["option-0-text_en"], typed["option-1-text_en"]) == (
        "How old are you?",
        "under 18",
        "18 or more",
    )
    assert typed["option-0-screen_out"] == "on"
    assert not page.questions, "nothing is saved before the last button"
    assert "The question is added." in page.post(typed | {"do": "save"}, *add).text
    (question,) = page.questions
    assert (question.key, [option.key for option in question.options]) == (
        "how_old_are_you",
        ["under_18", "18_or_more"],
    )
    assert question.options[0].screen_out
    assert "한국어: 3 texts are missing." in page.get()
    assert page.study.log.filter(action="questions changed").get().data == {
        "part": "before",
        "change": "added",
        "key": "how_old_are_you",
    }


@pytest.mark.parametrize("key", [question.key for question in load_question_set(EVERY_KIND).questions])
def test_a_question_of_each_kind_is_opened_and_saved_unchanged(built: Page, key: str) -> None:
    edit = ("question_edit", "before", key)
    assert "is saved" in built.post(built.fields(*edit) | {"do": "save"}, *edit).text
    built.study.refresh_from_db()
    assert built.study.questions_before == OWN_LAYOUT


def test_line_breaks_in_texts_are_kept(built: Page) -> None:
    """They come from YAML; a field of one line would lose them in the browser."""
    lines = OWN_LAYOUT.replace("{en: very, ko: 매우}", '{en: "very\\nmuch", ko: 매우}').replace(
        "{en: at home, ko: 집}", '{en: "at\\nhome", ko: 집}'
    )
    question_editing.import_questions(built.study, "before", lines)
    for key, name, text in (("importance", "high_en", "very\nmuch"), ("places", "option-0-text_en", "at\nhome")):
        edit = ("question_edit", "before", key)
        first = built.get(*edit)
        again = built.post(fields_in(first, built.url(*edit)) | {"do": "preview"}, *edit).text
        for page in (first, again):
            assert re.search(rf'<textarea\s[^>]*\bname="{name}"[^>]*>\s*{text}', page)
        built.post(fields_in(again, built.url(*edit)) | {"do": "save"}, *edit)
        assert text in str(built.questions).replace("\\n", "\n")


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("choice", {}, "Write the question, in one language at least."),
        ("choice", {"text_en": "x", "option-0-text_en": "one"}, "Write two answers at least."),
        ("several", {"text_en": "x", "option-0-key": "UP"}, "“UP”: use small letters"),
        ("matrix_scale", {"text_en": "x"}, "Write one row at least."),
        (
            "matrix_scale",
            {"text_en": "x", "row-0-text_en": "r", "start": "1", "to": "20"},
            "A scale has 2 to 11 steps.",
        ),
        ("number", {"text_en": "x", "min": "3", "max": "2"}, "No number is between these two"),
        ("number", {"text_en": "x", "key": "age"}, "is called so already"),
        (
            "choice",
            {f"option-{n}-{name}": "same" for n in (0, 1) for name in ("key", "text_en")} | {"text_en": "x"},
            "The key “same” is there twice",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_lost(
    built: Page, kind: str, typed: dict[str, str], said: str
) -> None:
    add = ("question_add", "before", kind)
    reply = built.post(built.fields(*add) | typed | {"do": "save"}, *add)
    assert reply.status_code == 400
    assert reply.text.count(said) == 1
    shown = fields_in(reply.text, built.url(*add))
    assert {name: shown[name] for name in typed} == typed
    assert built.study.questions_before == OWN_LAYOUT


def test_only_answers_before_the_clips_screen_out(page: Page) -> None:
    assert "option-0-screen_out" in page.get("question_add", "before", "several")
    after = page.get("question_add", "after", "several")
    assert "option-0-alone" in after
    assert "option-0-screen_out" not in after
    assert "Screens out" not in after
    reply = page.post({"text": EVERY_KIND}, "questions_yaml", "after")
    assert reply.status_code == 400
    assert "“age = minor” has screen_out, but after the clips nobody is screened out." in reply.text
    Study.objects.filter(pk=page.study.pk).update(questions_after=OWN_LAYOUT)
    assert "<span>screens out</span>" not in page.get()


def test_questions_are_moved_copied_and_removed(built: Page) -> None:
    built.do("down:age")
    assert [question.key for question in built.questions][:2] == ["heard", "age"]
    built.do("up:age")
    built.do("up:age")
    built.do("copy:age")
    built.do("remove:heard")
    assert [question.key for question in built.questions] == [
        "age", "age_2", "hours", "instrument", "importance", "agrees", "places",
    ]  # fmt: skip
    assert "no longer there" in built.do("remove:heard").text


def depend(study: Study) -> None:
    """Let a quota, a group and a rule name answers of the set."""
    question_editing.save_quotas(study, [{"question": "age", "answer": "adult", "limit": 10}])
    question_editing.save_groups(study, [{"column": "before_heard_jazz", "cuts": []}])
    rule = {"kind": "answer", "column": "before_agrees_sings", "operator": "<", "value": 2.0}
    study.plan = study.plan | {"exclusions": [rule]}
    study.save(update_fields=["plan"])


def test_a_new_key_is_carried_into_quotas_groups_and_rules(built: Page) -> None:
    depend(built.study)
    for key, changed in (
        ("age", {"key": "years", "option-1-key": "grown"}),
        ("heard", {"key": "ears", "option-0-key": "swing"}),
        ("agrees", {"row-0-key": "hums"}),
    ):
        edit = ("question_edit", "before", key)
        said = built.post(built.fields(*edit) | changed | {"do": "save"}, *edit).text
        assert "quotas, groups and rules use its new names" in said
    built.study.refresh_from_db()
    assert built.study.quotas == [{"question": "years", "answer": "grown", "limit": 10}]
    assert built.study.plan["analysis"]["moderators"] == [{"column": "before_ears_swing", "cuts": []}]
    assert built.study.plan["exclusions"][0]["column"] == "before_agrees_hums"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("age", "A quota counts the answer “age = adult”. Empty its limit first."),
        ("heard", "The analysis compares groups by “before_heard_jazz”"),
        ("agrees", "A rule on the page “Plan” leaves people out: “before_agrees_sings &lt; 2”"),
    ],
)
def test_what_a_quota_group_or_rule_needs_is_not_removed(built: Page, key: str, said: str) -> None:
    depend(built.study)
    assert said in built.do(f"remove:{key}").text
    shorter = OWN_LAYOUT.replace(f"key: {key}\n", "key: other\n")
    reply = built.post({"text": shorter}, "questions_yaml", "before")
    assert reply.status_code == 400
    assert said in reply.text
    assert key in {question.key for question in built.questions}


@pytest.mark.parametrize(
    ("key", "prefix", "gone", "other", "named"),
    [
        ("age", "option", 1, 0, "before_age = adult"),
        ("heard", "option", 0, 1, "before_heard_jazz"),
        ("agrees", "row", 0, 1, "before_agrees_sings"),
    ],
)
def test_the_key_of_a_removed_answer_that_something_names_is_taken_by_no_other(
    built: Page, key: str, prefix: str, gone: int, other: int, named: str
) -> None:
    depend(built.study)
    edit = ("question_edit", "before", key)
    typed = built.fields(*edit)
    typed[f"{prefix}-{other}-key"] = typed[f"{prefix}-{gone}-key"]
    if key == "age":  # a choice needs two answers
        typed |= {"option-TOTAL_FORMS": "3", "option-2-text_en": "a child"}
    removed = built.post(typed | {"do": f"remove-{prefix}-{gone}"}, *edit)
    reply = built.post(fields_in(removed.text, built.url(*edit)) | {"do": "save"}, *edit)
    assert reply.status_code == 400
    assert "which you removed, and another answer has its key now" in reply.text
    assert named in reply.text
    built.study.refresh_from_db()
    assert built.study.questions_before == OWN_LAYOUT


def test_a_change_by_somebody_else_is_shown_before_it_is_replaced(built: Page) -> None:
    edit = ("question_edit", "before", "hours")
    mine = built.fields(*edit) | {"text_en": "My words", "do": "save"}
    built.post(built.fields(*edit) | {"text_en": "Their words", "do": "save"}, *edit)
    for not_saved in ({"do": "preview"}, {"min": "9", "max": "1"}):  # shown again, and not as if it were of now
        shown = fields_in(built.post(mine | not_saved, *edit).text, built.url(*edit))
        assert shown["text_en"] == "My words"
        mine[VERSION] = shown[VERSION]
    reply = built.post(mine, *edit)
    assert reply.status_code == 409
    assert "Somebody has changed this question" in reply.text
    assert "Their words" in reply.text
    again = fields_in(reply.text, built.url(*edit))
    assert again["text_en"] == "My words"
    assert "The question is saved." in built.post(again | {"do": "save"}, *edit).text


def test_ready_sets_are_added_once_each(page: Page) -> None:
    for name in SHIPPED:
        page.do(f"set:{name}")
    wanted = [row for name in SHIPPED for row in load_question_set(shipped_question_set(name)).questions]
    assert page.questions == wanted
    assert "there already" in page.do("set:demographics").text
    assert page.browser.get(page.url("questions_preview", "before") + "?language=ko").status_code == 200


def test_an_open_study_shows_its_questions_and_quotas_and_changes_nothing(owner: Any, as_user: SignIn) -> None:
    quotas = [{"question": "age", "answer": "adult", "limit": 5}]
    study = make_open_study(clips=1, owner=owner, questions_before=OWN_LAYOUT, quotas=quotas)
    page = Page(as_user(owner), study)
    visit = Visit(study)
    visit.post("consent/", {"agree": "on"})
    visit.post("questions/before/", {"age": "adult", "heard": ["jazz"], "importance": "1"}
               | {"agrees_sings": "1", "agrees_plays": "1"})  # fmt: skip
    text = page.get()
    assert "How old are you?" in text
    assert '<td class="number">1</td>' in " ".join(text.split())
    assert "Save the quotas" not in text
    for change in (
        lambda: page.do("remove:heard"),
        lambda: page.post({"text": ""}, "questions_yaml", "before"),
        lambda: page.post({"save": "groups", "device": "on"}),
        lambda: page.post({"text_en": "x", "do": "save"}, "question_add", "before", "number"),
    ):
        assert "can no longer be changed" in change().text
    study.refresh_from_db()
    assert (study.questions_before, study.quotas) == (OWN_LAYOUT, quotas)
    assert "moderators" not in study.plan.get("analysis", {})


def test_a_page_has_at_most_forty_questions(page: Page) -> None:
    one = "{key: q%d, type: text, text: {en: x}}"
    text = "questions:\n" + "".join(f"- {one % n}\n" for n in range(MOST_QUESTIONS))
    page.post({"text": text}, "questions_yaml", "before")
    assert "at most 40 questions" in page.do("copy:q1").text
    assert len(page.questions) == MOST_QUESTIONS

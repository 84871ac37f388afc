"""Two windows on each form: nothing is overwritten unseen, and what was typed comes back with what is asked.

`CASES` names each form that shows stored values and saves them; a template with such a form, or any form in which a
person types, that keeps nothing fails the last tests.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from generation.settings_model import GenerationSettings, store_settings
from study.console.forms import versions
from study.instruments.presets import PRESETS
from study.instruments.reading import instrument_from
from study.models import Study
from study.setup.instrument_text import instrument_yaml
from tests.config.addresses import browser
from tests.config.fuzz.page_forms import Form, form_in, form_with
from tests.factories import PASSWORD, UserFactory, make_study
from tests.generation.studies import SMALL
from tests.study.participants.question_kinds import EVERY_KIND

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@dataclass(frozen=True)
class Case:
    """A form, known by its first field, and what two people write into it."""

    page: str
    field: str
    first: str  # what one writes into the field
    second: str  # what the other writes into it
    other: str = ""  # another field, which the other changes
    other_value: str | list[str] = ""
    conditions: int = 4
    part: str = ""

    def url(self, study: Study) -> str:
        if self.page == "clip_edit":
            return reverse(self.page, args=[study.slug, study.clips.get().pk])
        return reverse(self.page, args=[study.slug, *filter(None, [self.part])])


def question(key: str) -> str:
    return f"questions:\n  - {{key: {key}, type: scale, text: {{en: {key}}}}}"


def asks_in_words(key: str) -> str:
    asked = {"kind": "text", "key": key, "text": {"en": "Why?"}, "required": True}
    return instrument_yaml(instrument_from({"questions": [asked]})).strip()


NEXT_YEAR = datetime.now(UTC).year + 1
CASES = [
    Case("study_plan", "completion_code", "FIRST", "SECOND", "grace_minutes", "30"),
    Case("questions_yaml", "text", question("tired"), question("awake"), part="after"),
    Case("instrument_yaml", "text", asks_in_words("why"), asks_in_words("how")),
    Case("study_instrument", "primary", "match", "quality"),
    Case("study_questions", "limit_0", "7", "8"),
    Case("study_questions", "before_hours:cuts", "2", "3", "device", "on"),
    Case("study_questions", "screen_out_text_en", "Not now.", "Sorry.", "screen_out_text_ko", "다음에 뵙겠습니다."),
    Case("study_questions", "title_before_en", "You", "Yourself", "title_before_ko", "당신"),
    Case("study_describe", "title", "First title", "Second title", "description", "What we ask"),
    Case("study_describe", "instructions_ko", "하나\n둘", "셋", "languages", ["en", "ko"]),
    Case("study_describe", "label_1", "First name", "Second name", conditions=3),
    Case("generation_settings", "tag_limit", "7", "8", "tag_floor", "0.2"),
    Case("generation_settings", "painter-sketch-size", "128", "256", "tag_source", "people"),
    Case("study_reporting", "ethics", "Board 1", "Board 2", "reward", "5 EUR"),
    Case("study_preregister", "question", "Do they?", "Do they not?", "timeline", "in May"),
    Case("study_analysis_rules", "smallest", "0.5", "1.5", "planned", ["on"]),
    Case("study_power", "participants", "20", "40", "clips", "24"),
    Case("study_tags", "tags", "piano; slow", "guitar"),
    Case("study_schedule", "opens", f"{NEXT_YEAR}-05-01T09:00", f"{NEXT_YEAR}-05-02T09:00"),
    Case("study_publish", "publisher", "Zenodo", "OSF", "creators-0-family", "Kim"),
    Case("clip_edit", "name", "first.wav", "second.wav", "end", "1.5"),
]
IDS = [f"{case.page} {case.field}" for case in CASES]


@pytest.fixture
def people() -> tuple[Any, Any]:
    return UserFactory(username="ada"), UserFactory(username="mina")


def study_for(case: Case, people: tuple[Any, Any]) -> Study:
    study = make_study(
        clips=1,
        conditions=case.conditions,
        owner=people[0],
        questions_before=EVERY_KIND,
        simulated=case.page == "study_schedule",  # else the check of its blinding would have to be asked for
        instrument=PRESETS["choose_and_rate"] if case.page == "study_instrument" else {},
        quotas=[{"question": "age", "answer": "adult", "limit": 5}],
        plan={"analysis": {"moderators": [{"column": "before_hours", "cuts": [1]}]}},
    )
    if case.field == "label_1":
        study.clips.all().delete()  # conditions with images are fixed
    study.members.add(people[1])
    store_settings(study, GenerationSettings(painter=SMALL))
    return study


def opened(client: Client, study: Study, case: Case) -> Form:
    return form_with(client, case.url(study), case.field)


def value_of(client: Client, study: Study, case: Case, field: str = "") -> list[str]:
    return opened(client, study, case).fields[field or case.field].sent


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_two_people_change_of_one_field_is_asked_and_of_two_fields_is_merged(
    case: Case, people: tuple[Any, Any]
) -> None:
    study = study_for(case, people)
    ada, mina = map(browser, people)
    theirs = again = opened(mina, study, case)  # in two windows
    mine = opened(ada, study, case)
    assert ada.post(mine.action, mine.sent(**{case.field: case.first})).status_code == 302

    asked = mina.post(theirs.action, theirs.sent(**{case.field: case.second}))
    assert asked.status_code == 409
    assert value_of(ada, study, case) == [case.first], "nothing is overwritten"
    text = asked.content.decode()
    assert "Stored now:" in text
    assert text.count('<fieldset class="conflict">') == 1
    if case.page != "study_power":  # the log knows nothing of it
        assert "Saved since you opened the page: ada (" in text
    page = form_in(theirs.action, text, case.field)
    assert page.fields[case.field].sent == [case.second], "what was typed is there"
    choice = f"{versions.CHOICE}{case.field}"

    # Without an answer it is asked again; each answer is followed.
    assert mina.post(page.action, page.sent()).status_code == 409
    mine_value, stored_value = page.fields[choice].choices
    assert mina.post(page.action, page.sent(**{choice: stored_value})).status_code == 302
    assert value_of(ada, study, case) == [case.first]
    assert mina.post(page.action, page.sent(**{choice: mine_value})).status_code == 302
    assert value_of(ada, study, case) == [case.second]

    if case.other:
        saved = mina.post(again.action, again.sent(**{case.other: case.other_value}), follow=True)
        assert saved.redirect_chain, "merged without a question"
        wanted = [case.other_value] if isinstance(case.other_value, str) else case.other_value
        assert value_of(ada, study, case, case.other) == wanted


def test_what_is_fixed_since_the_page_was_opened_is_refused_by_name(people: tuple[Any, Any]) -> None:
    """A colleague opens the study: a form of before holds fields that are out of use now."""
    case = CASES[0]
    study = study_for(case, people)
    Study.objects.filter(pk=study.pk).update(sound_check=True)
    mina = browser(people[1])
    theirs, again, tick = (opened(mina, study, case) for _window in range(3))
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    refused = mina.post(theirs.action, theirs.sent(alpha="0.01", completion_code="SECOND"))
    assert refused.status_code == 409
    text = refused.content.decode()
    assert "you wrote: “Share of false alarms”: 0.01. Save the rest again." in text
    assert value_of(mina, study, case) == [""]
    page = form_in(theirs.action, text, case.field)
    assert mina.post(page.action, page.sent(alpha=[])).status_code == 302
    assert value_of(mina, study, case) == ["SECOND"]
    assert "sound check”: not ticked" in mina.post(tick.action, tick.sent(sound_check=[])).content.decode()
    # What was left as it was stands in no way.
    assert mina.post(again.action, again.sent(return_url="https://example.org/")).status_code == 302


def test_an_answer_holds_for_the_values_that_were_shown_and_for_no_later_ones(people: tuple[Any, Any]) -> None:
    case = CASES[0]
    study = study_for(case, people)
    ada, mina = map(browser, people)
    theirs = opened(mina, study, case)
    mine = opened(ada, study, case)
    ada.post(mine.action, mine.sent(completion_code="FIRST"))
    asked = mina.post(theirs.action, theirs.sent(completion_code="SECOND"))
    page = form_in(theirs.action, asked.content.decode(), case.field)
    mine = opened(ada, study, case)
    ada.post(mine.action, mine.sent(completion_code="THIRD"))
    choice = f"{versions.CHOICE}completion_code"
    for answer in page.fields[choice].choices:
        assert mina.post(page.action, page.sent(**{choice: answer})).status_code == 409
    assert value_of(ada, study, case) == ["THIRD"]


def test_without_a_version_nobody_elses_values_are_overwritten(people: tuple[Any, Any]) -> None:
    """A script that sends none may save what nobody has saved before, or its own account has."""
    case = CASES[0]
    study = study_for(case, people)
    ada, mina = map(browser, people)
    sent = opened(ada, study, case).sent(completion_code="FIRST")
    del sent[versions.VERSION]
    assert ada.post(case.url(study), sent).status_code == 302
    assert ada.post(case.url(study), sent | {"completion_code": "AGAIN"}).status_code == 302
    refused = mina.post(case.url(study), sent | {"completion_code": "SECOND"})
    assert refused.status_code == 409
    assert value_of(ada, study, case) == ["AGAIN"]


def test_a_version_that_cannot_be_read_is_none(people: tuple[Any, Any]) -> None:
    case = CASES[0]
    study = study_for(case, people)
    ada, mina = map(browser, people)
    mine = opened(ada, study, case)
    ada.post(mine.action, mine.sent(completion_code="FIRST"))
    for nonsense in ("", "[]", "{", "[" * 5000, '{"completion_code": 3}'):
        sent = opened(mina, study, case).sent(completion_code="SECOND") | {versions.VERSION: nonsense}
        assert mina.post(mine.action, sent).status_code == 409
    assert value_of(ada, study, case) == ["FIRST"]


def test_conditions_of_two_people_are_not_mixed(people: tuple[Any, Any]) -> None:
    """Rows have no meaning of their own: what one takes out would be another's row."""
    case = next(case for case in CASES if case.field == "label_1")
    study = study_for(case, people)
    ada, mina = map(browser, people)
    theirs, mine = opened(mina, study, case), opened(ada, study, case)
    emptied = dict.fromkeys(("label_1", "key_1", "levels_1"), "")
    assert ada.post(mine.action, mine.sent(**emptied)).status_code == 302
    assert mina.post(theirs.action, theirs.sent(label_3="Another")).status_code == 409
    assert study.conditions.count() == 2


def test_the_address_of_an_account_is_not_overwritten_from_an_older_browser(people: tuple[Any, Any]) -> None:
    here, there = browser(people[0]), browser(people[0])
    page = reverse("account")
    old, new = form_with(here, page, "email"), form_with(there, page, "email")
    assert there.post(page, new.sent(email="new@example.org", password=PASSWORD)).status_code == 302
    refused = here.post(page, old.sent(email="old@example.org", password=PASSWORD))
    assert "new@example.org" in refused.content.decode()
    people[0].refresh_from_db()
    assert people[0].email == "new@example.org"


# What a person writes or chooses in a form.
_EDITABLE = re.compile(
    r"""console/field\.html|_settings_group\.html|_conditions_fields\.html|<textarea|"""
    r"""<input(?![^>]*type="(?:hidden|checkbox|file)")|\{\{ (?:form|field)[\w.]* \}\}"""
)
# Forms in which nothing is typed that could be lost: passwords, a word to confirm, a search, files.
_NOT_KEPT = {
    "console/sign_in.html": "a password",
    "console/set_password.html": "a password",
    "console/account.html": "passwords",
    "console/account_delete.html": "a password",
    "console/forgotten_password.html": "a name, before signing in",
    "console/invitation.html": "a name and a password, before signing in",
    "console/second_factor.html": "a password",
    "console/second_factor_set_up.html": "a code",
    "console/sign_in_code.html": "a code",
    "study/_publish_findings.html": "choices that are ticked, beside what they are about",
    "study/delete.html": "a title, typed to confirm",
    "study/clips_change.html": "one line, on a page that answers a form and cannot be opened again",
    "study/payment.html": "a code to look up",
    "study/tags.html": "a file",
    "analysis/interface.html": "a file, with a line about it",
    "study/_start_from.html": "a file, and a study to copy",
    "console/study_import.html": "a file",
    "analysis/gallery_page.html": "four ticks, which its button makes public",
}
# Forms that add something: there is no stored value to overwrite.
_ADDS = {
    "study/study_create.html",
    "study/rehearse.html",
    "study/members.html",
    "study/scripts.html",
    "study/links.html",
    "study/stages.html",
    "study/open.html",
    "study/_person.html",
    "study/_clip_row.html",
    "generation/_decisions.html",
    "analysis/form_answers.html",
    "analysis/share.html",
    "analysis/_filing.html",
}


def forms_in_templates(holds: re.Pattern[str] = _EDITABLE) -> list[tuple[str, str]]:
    """Each form of the console's templates that is posted and has something to edit, or holds something else."""
    found = []
    for wing in ("console", "study", "generation", "analysis"):
        for path in sorted((Path(settings.BASE_DIR) / "templates" / wing).rglob("*.html")):
            text = path.read_text(encoding="utf-8")
            for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
                if 'method="post"' in form and holds.search(form):
                    found.append((f"{wing}/{path.name}", form))
    return found


def test_each_form_in_which_a_person_types_is_kept() -> None:
    """`{% kept %}`: the script then warns before it is left, and keeps what is not saved."""
    lost = [name for name, form in forms_in_templates() if "{% kept" not in form and name not in _NOT_KEPT]
    assert lost == []


def test_each_form_of_stored_values_carries_its_version() -> None:
    lacking = [
        name
        for name, form in forms_in_templates()
        if "{% kept" in form and name not in _ADDS and "version_field" not in form and "{{ version }}" not in form
    ]
    assert lacking == []
    found = {name for name, _form in forms_in_templates()}
    assert found >= _ADDS | _NOT_KEPT.keys(), "what is no longer there"

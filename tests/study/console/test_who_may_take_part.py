"""Quotas, groups of people and the text for who is screened out, on the page of questions."""

import pytest
from django.urls import reverse

from study.digests import canonical_digest
from study.models import Study
from study.setup.lifecycle import current_plan
from tests.study.console.question_pages import Page

pytestmark = pytest.mark.django_db


def test_quotas_are_a_table(built: Page) -> None:
    rows = {"save": "quotas", "answer_0": "age=adult", "limit_0": "20", "answer_1": "age=minor", "limit_1": ""}
    assert "The quotas are saved." in built.post(rows).text
    built.study.refresh_from_db()
    assert built.study.quotas == [{"question": "age", "answer": "adult", "limit": 20}]
    assert 'value="20"' in built.get()
    for wrong, said in (
        ({"answer_1": "age=adult", "limit_1": "3"}, "An answer is there twice"),
        ({"limit_0": "0"}, "greater than or equal to 1"),
        ({"answer_0": "hours=2"}, "not one of the available choices"),
        ({"answer_0": ""}, "Choose the answer, or empty the number."),
    ):
        reply = built.post(rows | wrong)
        assert reply.status_code == 400
        assert said in reply.text
    built.post(rows | {"limit_0": ""})
    built.study.refresh_from_db()
    assert built.study.quotas == []


def test_groups_of_people_are_ticked_and_fixed_with_the_plan(built: Page) -> None:
    before = canonical_digest(current_plan(built.study))
    ticks = {"device": "on", "before_hours": "on", "before_hours:cuts": "1; 2.5", "save": "groups"}
    assert "The groups of people are saved." in built.post(ticks).text
    built.study.refresh_from_db()
    assert current_plan(built.study)["analysis"]["moderators"] == [
        {"column": "device", "cuts": []},
        {"column": "before_hours", "cuts": [1.0, 2.5]},
    ]
    assert canonical_digest(current_plan(built.study)) != before
    assert 'value="1, 2.5"' in built.get()
    for wrong, said in (
        ({"before_hours:cuts": ""}, "Write at which numbers a new group begins"),
        ({"before_hours:cuts": "5, 4"}, "up to 5 rising numbers"),
        ({"before_hours:cuts": "nan"}, "up to 5 rising numbers"),
        ({"before_hours": "", "before_hours:cuts": "3"}, "Tick the answer, too"),
    ):
        reply = built.post(ticks | wrong)
        assert reply.status_code == 400
        assert said in reply.text
    # The plan's checks, by which people are grouped, cannot be taken away unseen.
    Study.objects.filter(pk=built.study.pk).update(sound_check=True)
    built.post({"sound_heard": "on", "save": "groups"})
    reply = built.browser.post(reverse("study_plan", args=[built.study.slug]), {"weight_first": "3"})
    assert "compares groups of people by it" in reply.text


def test_the_text_for_people_who_are_screened_out_is_ones_own_or_the_one_that_ships(built: Page) -> None:
    shipped = "This time the study looks for other participants."
    assert shipped in built.get()
    own = {"screen_out_text_en": "Not this time.", "screen_out_text_ko": "", "save": "screening"}
    built.post(own)
    built.study.refresh_from_db()
    assert built.study.screen_out_text == {"en": "Not this time."}


def test_a_screening_text_in_a_language_that_the_study_lacks_now_is_kept(built: Page) -> None:
    texts = {"en": "Not this time.", "ko": "이번에는 아닙니다."}
    Study.objects.filter(pk=built.study.pk).update(languages=["en"], screen_out_text=texts)
    assert texts["ko"] in built.get()
    built.post({"screen_out_text_en": "Sorry.", "screen_out_text_ko": texts["ko"], "save": "screening"})
    built.study.refresh_from_db()
    assert built.study.screen_out_text == texts | {"en": "Sorry."}

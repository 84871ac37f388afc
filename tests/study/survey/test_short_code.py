"""The code that people type in place of a link: made when asked for, read leniently, guessed slowly, taken away."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import Study
from study.opaque_tokens import CODE_SIGNS
from study.participants.short_codes import make_short_code
from study.setup.copying import copy_study
from study.survey.visit_ends import MAX_GUESSES
from tests.config.addresses import browser
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(owner: Any) -> Study:
    return make_open_study(clips=1, owner=owner)


def change(study: Study, verb: str) -> str:
    """Make or withdraw the code on the page Links; return the page."""
    url = reverse("short_code_change", args=[study.slug, verb])
    page = browser(study.owner).post(url, follow=True).text
    study.refresh_from_db()
    return page


def typed(code: str, **visitor: Any) -> Any:
    return Client(**visitor).post("/go/", {"code": code})


def test_a_code_leads_to_the_study_until_it_is_withdrawn(study: Study) -> None:
    assert study.short_code is None
    page = change(study, "make")
    code = str(study.short_code)
    assert len(code) == 6
    assert set(code) <= set(CODE_SIGNS)
    assert f"{code[:3]} {code[3:]}" in page
    assert "http://127.0.0.1:8000/go<" in page
    change(study, "make")
    assert study.short_code == code  # what hangs on the wall stays
    welcome = reverse("survey_welcome", args=[study.open_link_token])
    wide = code.translate({ord(sign): ord(sign) + 0xFEE0 for sign in code})
    for spelling in (code, code.lower(), f" {code[:3]}-{code[3:]} ", " ".join(code), wide):
        assert typed(spelling)["Location"] == welcome, spelling
    assert copy_study(study, title="Another", owner=study.owner).short_code is None
    assert code not in change(study, "withdraw")
    gone = typed(code)
    assert (gone.status_code, "There is no such code" in gone.text) == (422, True)
    logged = [entry.action for entry in study.log.order_by("number")]
    assert logged == ["short code made", "copy made", "short code withdrawn"]
    assert code not in str(list(study.log.values()))


def test_a_code_tells_of_a_study_what_its_link_tells(study: Study) -> None:
    code = make_short_code(study)
    link = f"/s/{study.open_link_token}/"
    for status in Study.Status.values:
        Study.objects.update(status=status)
        by_code = Client().post("/go/", {"code": code}, follow=True)
        by_link = Client().get(link)
        assert by_code.status_code == by_link.status_code
        assert by_code.redirect_chain == [(link, 303)]


def test_guessing_codes_is_limited_as_guessing_links_is_and_right_codes_are_not(study: Study) -> None:
    code = make_short_code(study)
    guesser = {"REMOTE_ADDR": "203.0.113.19"}
    answers = [typed("zzz 999", **guesser).status_code for _ in range(MAX_GUESSES + 2)]
    assert answers == [422] * MAX_GUESSES + [429] * 2
    assert Client(**guesser).get("/s/unknown/").status_code == 429  # one count for all that is guessed
    assert typed(code, **guesser).status_code == 303


def test_the_page_of_the_code_is_one_field_in_two_languages() -> None:
    client = Client()
    assert client.get("/go").headers["Location"] == "/go/"
    page = client.get("/go/").text
    assert page.count('type="text"') == 1
    assert 'value="ko"' in page
    assert typed("").status_code == 422

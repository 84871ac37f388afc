"""The glossary explains each word that a page links, in both languages, and every word of it is linked."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from study.console.glossary_words import WORDS
from tests.factories import StudyFactory, UserFactory

HOME = Path(__file__).resolve().parents[3]
LINKED = [
    (path.name, key)
    for path in (HOME / "templates").rglob("*.html")
    for tag in re.findall(r"{% words ([^%]*) %}", path.read_text(encoding="utf-8"))
    for key in re.findall(r'"([a-z-]+)"', tag)
]


def test_each_linked_word_is_explained_and_each_explained_word_is_linked() -> None:
    assert LINKED
    assert {key for _page, key in LINKED} == set(WORDS)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_page_leads_to_the_place_where_its_word_stands(language: str) -> None:
    study = StudyFactory(owner=UserFactory())
    browser = Client(headers={"accept-language": language})
    assert browser.get(reverse("glossary")).status_code == 302
    browser.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    plan = browser.get(reverse("study_plan", args=[study.slug])).text
    [address] = set(re.findall(r'href="([^"]+)#match-control"', plan))
    page = browser.get(address).text
    assert page.count('id="match-control"') == 1
    assert {f'id="{key}"' in page for key in WORDS} == {True}
    for word in WORDS.values():
        assert str(word.meaning)[:20] in page.replace("&#x27;", "'") or language == "ko"


def test_the_words_of_the_readme_are_those_of_the_glossary() -> None:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    words = re.findall(r"\*\*([a-z ]+?)s?\*\*", text.split("## Words")[1].split("##")[0])
    explained = " ".join(f"{word.name} {word.term}" for word in WORDS.values())
    assert words
    missing = [word for word in words if word not in explained]
    assert not missing

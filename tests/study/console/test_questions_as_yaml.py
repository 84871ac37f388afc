"""Questions written, pasted and uploaded as YAML: kept as they are, and never over what somebody else wrote."""

import re
from html import unescape
from textwrap import indent

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from study.participants.answers_table import questions_of
from tests.study.console.question_pages import OWN_LAYOUT, Page
from tests.study.participants.question_kinds import EVERY_KIND

pytestmark = pytest.mark.django_db


def test_yaml_is_kept_as_it_is_written_until_the_page_changes_it(page: Page) -> None:
    by_hand = f"# for the pilot\n{EVERY_KIND}"
    assert "The questions are saved." in page.post({"text": by_hand}, "questions_yaml", "before").text
    page.study.refresh_from_db()
    assert page.study.questions_before == by_hand.strip()
    assert "their comments and layout are lost" in page.get()
    assert page.browser.get(page.url("questions_file", "before")).content.decode() == by_hand
    page.do("up:age")
    page.study.refresh_from_db()
    assert page.study.questions_before == OWN_LAYOUT
    assert "their comments and layout are lost" not in page.get()


def test_yaml_may_be_indented_as_a_whole(page: Page) -> None:
    pasted = indent(EVERY_KIND, "    ")
    assert "The questions are saved." in page.post({"text": f"\r\n{pasted}"}, "questions_yaml", "before").text
    assert len(page.questions) == 7
    assert len(questions_of(page.study, "before")) == 7
    assert "How old are you?" in page.get()
    assert page.browser.get(page.url("questions_file", "before")).content.decode() == pasted
    assert "The questions are saved." in page.post({"text": " \r\n "}, "questions_yaml", "before").text
    assert page.questions == []


def test_an_uploaded_file_replaces_the_text_and_faults_have_their_lines(page: Page) -> None:
    file = SimpleUploadedFile("set.yaml", EVERY_KIND.encode())
    page.post({"text": "questions: [", "file": file}, "questions_yaml", "before")
    assert len(page.questions) == 7
    broken = EVERY_KIND.replace("type: number", "type: nombre")
    reply = page.post({"text": broken}, "questions_yaml", "before")
    assert reply.status_code == 400
    assert f"line {EVERY_KIND.splitlines().index('- key: hours') + 1}" in reply.text
    latin = SimpleUploadedFile("set.yaml", "title: {en: é}".encode("latin-1"))
    assert "no text in UTF-8" in page.post({"file": latin}, "questions_yaml", "before").text


def test_a_file_replaces_nobodys_text_unseen_and_stands_in_the_box_to_be_decided(page: Page) -> None:
    ours, theirs = EVERY_KIND.replace("key: age", "key: ours"), EVERY_KIND.replace("key: age", "key: theirs")
    opened = re.search('name="version-read" value="([^"]+)"', page.get("questions_yaml", "before"))
    assert opened
    page.post({"text": theirs}, "questions_yaml", "before")
    file = SimpleUploadedFile("set.yaml", ours.encode())
    reply = page.post({"text": "", "file": file, "version-read": unescape(opened[1])}, "questions_yaml", "before")
    assert reply.status_code == 409
    assert "Choose below which of the two is saved." in reply.text
    assert reply.context["form"]["text"].value() == ours
    assert page.questions[0].key == "theirs"

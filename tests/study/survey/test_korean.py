"""The participants' pages are complete in Korean."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
MODULES = (
    *(path for room in ("survey", "participants", "ballots") for path in (ROOT / "study" / room).glob("*.py")),
    ROOT / "study/texts.py",
)


@cache
def catalog():
    with (ROOT / "locale/ko/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="ko")


def strings_of_template(text):
    for _, string in re.findall(r"\{% trans (['\"])(.*?)\1 %\}", text):
        yield string
    for block in re.findall(r"\{% blocktrans[^%]*%\}(.*?)\{% endblocktrans %\}", text, re.DOTALL):
        yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block.split("{% plural %}")[0])


def test_no_plain_sentence_of_a_page_holds_a_percent_sign():
    """Django doubles it in `trans`, and the translation is never found."""
    for path in (ROOT / "templates/survey").glob("*.html"):
        for _, string in re.findall(r"\{% trans (['\"])(.*?)\1 %\}", path.read_text()):
            assert "%" not in string


def strings_of_module(path):
    for node in ast.walk(ast.parse(path.read_text())):
        marks = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "gettext_lazy", "gettext_noop")
        if marks and not isinstance(node.args[0], ast.Name | ast.Subscript):  # such a text is marked elsewhere
            yield ast.literal_eval(node.args[0])


@pytest.mark.parametrize("path", sorted((ROOT / "templates/survey").glob("*.html")), ids=lambda path: path.name)
def test_every_sentence_of_a_page_is_translated(path):
    known = catalog()
    missing = [
        string
        for string in strings_of_template(path.read_text())
        if not known.get(string) or not known.get(string).string
    ]
    assert not missing


@pytest.mark.parametrize("path", sorted(MODULES), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sentence_of_the_survey_s_code_is_translated(path):
    known = catalog()
    missing = [string for string in strings_of_module(path) if not known.get(string) or not known.get(string).string]
    assert not missing


def test_placeholders_survive_translation():
    for message in catalog():
        if message.id and isinstance(message.id, str):
            assert sorted(re.findall(r"%\(\w+\)?\w?|%s", message.id)) == sorted(
                re.findall(r"%\(\w+\)?\w?|%s", message.string)
            )

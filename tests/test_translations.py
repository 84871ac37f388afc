"""The Korean catalogue is complete and has the placeholders of its sources."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from analysis.report.text import translated_warnings
from config.translatable_data import condition_names, log_words, option_texts, rule_reasons, translatable_data
from study.setup.clip_selection import UNCHANGED

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale/ko/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[a-z]|%%|\{\w+\}")


def _catalogue(path: Path = CATALOGUE) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="ko")


def _source(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _target(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _messages() -> list[Message]:
    return [message for message in _catalogue() if message.id]


def _translated() -> set[str]:
    return {source for message in _messages() if all(_target(message)) for source in _source(message)}


def test_every_message_has_a_korean_translation() -> None:
    missing = [message.id for message in _messages() if message.fuzzy or not all(_target(message))]
    assert not missing


def test_translations_have_the_placeholders_of_the_source() -> None:
    wrong = []
    for message in _messages():
        # Korean translates the English plural; the singular may have no placeholder ("one clip").
        wanted = Counter(PLACEHOLDER.findall(_source(message)[-1]))
        wrong += [(message.id, text) for text in _target(message) if set(wanted) != set(PLACEHOLDER.findall(text))]
    assert not wrong


def test_translations_keep_the_spaces_around_a_message() -> None:
    ends = [
        (message.id, text)
        for message in _messages()
        for text in _target(message)
        if _source(message)[0].endswith(" ") != text.endswith(" ")
    ]
    assert not ends


def test_korean_has_one_plural_form() -> None:
    assert all(len(_target(message)) == 1 for message in _messages())


def test_the_catalogue_compiles(tmp_path: Path) -> None:
    with (tmp_path / "django.mo").open("wb") as file:
        write_mo(file, _catalogue())
    if shutil.which("msgfmt"):
        command = ["msgfmt", "--check-format", "-o", str(tmp_path / "checked.mo"), str(CATALOGUE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="xgettext is not installed")
def test_every_string_of_the_sources_is_in_the_catalogue(tmp_path: Path) -> None:
    """Run `makemessages` in a copy of the sources and compare."""
    for name in ("analysis", "config", "generation", "study", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "manage.py", "makemessages", "--locale=ko", "--no-location", "--no-obsolete"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "EARSIGHT_DATA": str(tmp_path / "data")}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    collected = _catalogue(tmp_path / "locale/ko/LC_MESSAGES/django.po")
    wanted = {source for message in collected if message.id for source in _source(message)}
    assert wanted - _translated() == set()
    assert _translated() - wanted == set(), "no longer in the sources: run makemessages"


@pytest.mark.parametrize(
    ("collect", "examples"),
    [
        (condition_names, {"Redefined tags", "Condition P", "Condition Z", "form", "sentence"}),
        (log_words, {"created", "opened", "closed", "archived", "participant left out", "early stop planned", "clip"}),
        (option_texts, {"Tagger", "Spending cap", "Where to paint; 'auto' takes a GPU if any."}),
        (rule_reasons, {"opera is sung", "a chant is sung", "the original study removed them"}),
        (translatable_data, {"merged", UNCHANGED}),
    ],
)
def test_texts_that_are_data_are_collected_and_translated(collect: Callable[[], set[str]], examples: set[str]) -> None:
    texts = collect()
    assert examples <= texts
    assert texts - _translated() == set()


def _sample(node: ast.AST) -> str:
    """Return the text of a string or an f-string with 7 for each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_sample(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "7"


def test_every_caution_of_the_analysis_is_recognised_and_translated() -> None:
    files = [
        ROOT / "analysis/statistics" / name for name in ("cautions.py", "question_cautions.py", "worth_questions.py")
    ]
    texts = [
        _sample(node.args[1])
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and "Caution" in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
        and isinstance(node.args[1], ast.Constant | ast.JoinedStr)
    ]
    assert len(texts) > 10
    shapes = {
        text: [shape for pattern, shape in translated_warnings._patterns() if pattern.fullmatch(text)] for text in texts
    }
    assert [text for text, found in shapes.items() if len(found) != 1] == []
    assert {shape for found in shapes.values() for shape in found} - _translated() == set()

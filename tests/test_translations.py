"""The Korean catalogue: complete against the sources, and true to their placeholders."""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from analysis.report import cautions
from generation.console.settings_form import NOT_IN_PAGES, OF_THE_STUDY, ROOMS
from generation.redefinition import VoiceThresholds
from generation.settings_model import GenerationSettings
from study.design.conditions import TAGS_BY_FORM
from study.participants.quality import FLAGS

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


def test_placeholders_are_those_of_the_source() -> None:
    wrong = []
    for message in _messages():
        # Of an English pair, the plural is the one that Korean stands for: its singular may say "one clip".
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
    """Collects the strings anew, from a copy, and compares."""
    for name in ("analysis", "config", "generation", "study", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    (tmp_path / "locale").mkdir()
    code = (
        "from django.conf import settings; from django.core.management import call_command; "
        f"settings.configure(LOCALE_PATHS=[{str(tmp_path / 'locale')!r}]); import django; django.setup(); "
        "call_command('makemessages', locale=['ko'], no_location=True, no_obsolete=True, verbosity=0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    collected = _catalogue(tmp_path / "locale/ko/LC_MESSAGES/django.po")
    wanted = {source for message in collected if message.id for source in _source(message)}
    assert wanted - _translated() == set()
    assert _translated() - wanted == set(), "no longer in the sources: collect the messages anew"


def _rule_reasons() -> set[str]:
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            found.update(value for key, value in node.items() if key == "why" and isinstance(value, str))
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    for path in (ROOT / "generation/redefinition/rules").glob("*.yaml"):
        walk(yaml.safe_load(path.read_text(encoding="utf-8")))
    return found


def _option_texts() -> set[str]:
    fields = {name: GenerationSettings.model_fields[name] for name in (*OF_THE_STUDY, "rules")}
    found = {info.description for info in fields.values()}
    for options in (VoiceThresholds, *(kind for kinds in ROOMS.values() for kind in kinds)):
        found |= {info.description for name, info in options.model_fields.items() if name not in NOT_IN_PAGES}
    for options in (kind for kinds in ROOMS.values() for kind in kinds):
        found.add((options.__doc__ or "").strip().split("\n")[0])
    return {text for text in found if text}


def test_texts_that_sources_hold_as_data_are_translated() -> None:
    wanted = _rule_reasons() | _option_texts() | {preset.label for preset in TAGS_BY_FORM}
    wanted |= {name.replace("_", " ") for name in FLAGS}
    assert wanted - _translated() == set()


def test_what_the_log_records_is_translated() -> None:
    call = re.compile(r'\brecord\(\s*[\w.]*study,\s*"([a-z ]+)"')
    actions = {
        action
        for room in ("study", "generation", "analysis", "config")
        for path in (ROOT / room).rglob("*.py")
        for action in call.findall(path.read_text(encoding="utf-8"))
    }
    assert {"created", "opened", "closed"} <= actions
    assert actions - _translated() == set()


def _sample(node: ast.AST) -> str:
    """The text that an f-string gives when every value in it is 7."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_sample(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "7"


def test_every_caution_of_the_analysis_is_recognised_and_translated() -> None:
    tree = ast.parse((ROOT / "analysis/analysis.py").read_text(encoding="utf-8"))
    texts = [
        _sample(node.args[1])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "Caution"
        and isinstance(node.args[1], ast.Constant | ast.JoinedStr)
    ]
    assert len(texts) > 10
    shapes = {text: [shape for pattern, shape in cautions._patterns() if pattern.fullmatch(text)] for text in texts}
    assert [text for text, found in shapes.items() if len(found) != 1] == []
    assert {shape for found in shapes.values() for shape in found} - _translated() == set()

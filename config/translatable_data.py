"""Texts that pages translate although no gettext call holds them: they are data of study and generation.

`makemessages` collects them with the texts of gettext calls.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import yaml
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_noop

from generation.console.settings_form import ROOMS, SettingsForm
from generation.redefinition.clip import Action
from generation.settings_model import GenerationSettings
from study.design.conditions import TAGS_BY_FORM, sealed_labels
from study.setup.clip_selection import UNCHANGED

APPS = ("study", "generation", "analysis", "config")
# Literals of generation/redefinition (engine, choices, generals), study/blinding_audit/verdicts.py and migrations.
LITERALS = (
    gettext_noop("a special word for it is named already"),
    gettext_noop("chosen for this study"),
    gettext_noop("blinding audited"),
    gettext_noop("one platform id, several participants"),
    gettext_noop("the detector found a voice"),
    gettext_noop("another word for the same thing"),
    gettext_noop('the original study gave "no vocal" to every clip in doubt, also beside a word for a voice'),
    gettext_noop("people heard a voice, the detectors found none; what people said stands"),
    gettext_noop("people heard no voice, the detectors found one; what people said stands"),
    gettext_noop("people said nothing of a voice; the voice detector found one"),
    gettext_noop("people said nothing of a voice; the voice detector found none"),
)


def translatable_data() -> set[str]:
    """Return the English texts, each once."""
    texts = {UNCHANGED, *get_args(Action)}
    return texts | condition_names() | log_words() | option_texts() | rule_reasons()


def condition_names() -> set[str]:
    """Return labels, factors and levels of the preset, and the labels of sealed conditions."""
    levels = [word for preset in TAGS_BY_FORM for pair in preset.levels.items() for word in pair]
    return {*levels, *(preset.label for preset in TAGS_BY_FORM), *sealed_labels(11)}


def option_texts() -> set[str]:
    """Return labels and help of the generation settings, and the first line of each kind's docstring."""
    with translation.override(None):
        fields = SettingsForm(current=GenerationSettings()).fields.values()
        texts = {str(text) for field in fields for text in (field.label, field.help_text) if text}
    return texts | {(kind.__doc__ or "").strip().split("\n")[0] for kinds in ROOMS.values() for kind in kinds}


def rule_reasons() -> set[str]:
    """Return the reasons in the YAML files of the shipped rules."""

    def reasons(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if "why" in node:
                yield node["why"]
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                yield from reasons(child)

    files = (Path(settings.BASE_DIR) / "generation/redefinition/rules").glob("*.yaml")
    return {reason for path in files for reason in reasons(yaml.safe_load(path.read_text(encoding="utf-8")))}


def log_words() -> set[str]:
    """Return the actions and the names of details in all calls of `record(study, action, **details)`."""
    words: set[str] = set()
    for path in (path for app in APPS for path in (Path(settings.BASE_DIR) / app).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "record(" not in source:  # most files; to parse all takes seconds
            continue
        tree = ast.parse(source)
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record" and len(call.args) == 2:
                words |= _strings(call.args[1], tree)
                words |= {
                    keyword.arg for keyword in call.keywords if keyword.arg not in (None, "actor", "reason", "at")
                }
    return words | {"through"}  # which `record` itself adds


def _strings(node: ast.AST, tree: ast.Module, seen: frozenset[str] = frozenset()) -> set[str]:
    """Return the strings in an expression, and those assigned in the same file to the variables that it names."""
    parts = list(ast.walk(node))
    found = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    names = {part.id for part in parts if isinstance(part, ast.Name)} - seen
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and names & {
            getattr(part, "id", "") for target in statement.targets for part in ast.walk(target)
        }:
            found |= _strings(statement.value, tree, seen | names)
    return found

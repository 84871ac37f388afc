"""Read rule sets from YAML files and check them."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from generation.redefinition.errors import RuleError
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import PromptRules, RuleFile
from generation.redefinition.rules.validation import check_rules
from study.tables.encoding import decode_text
from study.untrusted_files.yaml_text import Limits, YamlRefused, read_yaml

RULES_FOLDER = Path(__file__).parent
SHIPPED = ("curated", "seed", "lastfm", "mtg-jamendo", "fma", "korean")
DEFAULT_RULES = "curated"
LIMITS = Limits(characters=1_000_000)  # far above any rule file


def load_rules(name_or_path: str | Path = DEFAULT_RULES) -> RuleSet:
    """The shipped rule set of that name, or the one in a YAML file.

    Raises RuleError, with file and line, for a file that is missing or no YAML, an unknown field or tag, a cycle,
    and a rule that undoes another or can never apply.
    """
    if str(name_or_path) in SHIPPED:
        return _load_shipped(str(name_or_path))
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RuleError(f"{path}: no such rule file; give {', '.join(SHIPPED)}, or the path of a YAML file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    return parse_rules(text, path.name)


@cache
def _load_shipped(name: str) -> RuleSet:
    path = RULES_FOLDER / f"{name}.yaml"
    return parse_rules(path.read_text(encoding="utf-8"), path.name)


def parse_rules(text: str, source: str) -> RuleSet:
    """The rule set in a YAML text; `source` names it in errors."""
    try:
        data, lines = read_yaml(text, LIMITS)
    except YamlRefused as error:
        raise RuleError(f"{source}, line {error.line}: {error}") from error
    data = {} if data is None else data
    if not isinstance(data, dict):
        raise RuleError(f"{source}, line 1: a rule file is a mapping with `name` and `stages`.")
    try:
        file = RuleFile.model_validate(data)
    except ValidationError as error:
        raise RuleError(_error_text(error, lines, source)) from error
    before, after = (_joined_rules(file, field, lines, source) for field in ("first", "then"))
    steps = tuple(_steps(file, lines, source))
    rules = RuleSet(file, steps, source, hashlib.sha256(text.encode()).hexdigest())
    for joined, is_first in ((before, True), (after, False)):
        if joined:
            rules = _join(rules, joined, is_first=is_first)
    check_rules(rules, file, lines)
    return rules


def read_rule_upload(raw: bytes, file: str) -> dict[str, Any]:
    """Return the text of an uploaded rule file, and its title and number of rules, for a bounded process.

    Raises:
        TableRefused: it is no text. RuleError: it has a fault.
    """
    text = decode_text(raw, file)[0]
    rules = parse_rules(text, file)
    return {"text": text, "summary": {"title": rules.name, "rules": len(rules.steps)}}


def _joined_rules(file: RuleFile, field: str, lines: dict, source: str) -> RuleSet | None:
    """The shipped rule set that the file names in `first` or `then`, or None."""
    name = getattr(file, field)
    if name and name not in SHIPPED:
        raise RuleError(
            f"{source}, line {lines[(field,)]}: {field}: there is no shipped rule set {name!r}; "
            f"use one of {', '.join(SHIPPED)}."
        )
    return _load_shipped(name) if name else None


def _join(rules: RuleSet, joined: RuleSet, *, is_first: bool) -> RuleSet:
    """The rules with those of another set before or after them."""
    own, other = rules.file, joined.file
    prompts = PromptRules(
        last_words=own.in_prompts.last_words or other.in_prompts.last_words,
        families=own.in_prompts.families + other.in_prompts.families,
    )
    file = own.model_copy(
        update={
            "vocabulary": own.vocabulary + other.vocabulary,
            "vocabulary_words": own.vocabulary_words or other.vocabulary_words,
            "prompt_words": other.prompt_words | own.prompt_words,
            "in_prompts": prompts,
            "stages": other.stages + own.stages if is_first else own.stages + other.stages,
        }
    )
    steps = joined.steps + rules.steps if is_first else rules.steps + joined.steps
    return replace(rules, file=file, steps=steps, joined=(*rules.joined, *joined.joined, joined.digest))


SECTIONS = ("spelling", "merges", "implications", "exclusions", "ambiguities", "voice", "families", "removals")


def _steps(file: RuleFile, lines: dict, source: str) -> Iterator[RuleStep]:
    for number, stage in enumerate(file.stages):
        for section in SECTIONS:
            listed = getattr(stage, section)
            place: tuple[str | int, ...] = ("stages", number, section)
            rules = [(listed, place)] if section == "voice" and listed else []
            if section != "voice":
                rules = [(rule, (*place, index)) for index, rule in enumerate(listed)]
            for rule, path in rules:
                yield RuleStep(stage.name, section, rule, lines[path], source, stage.foreign, stage.translates)


def _error_text(error: ValidationError, lines: dict, source: str) -> str:
    found = error.errors()
    places = [tuple(problem["loc"]) for problem in found]
    problems = []
    for problem, path in zip(found, places, strict=True):
        if any(len(other) > len(path) and other[: len(path)] == path for other in places):
            continue  # pydantic also reports the field that contains this fault: report the innermost only
        place = path
        while place and place not in lines:
            place = place[:-1]
        where = ".".join(str(part) for part in path) or "the file"
        problems.append(f"{source}, line {lines.get(place, 1)}: {where}: {_problem_text(problem)}.")
    return "\n".join(problems)


def _problem_text(problem: Any) -> str:
    kinds = {
        "extra_forbidden": "is not a known field; see docs/tag-redefinition.md for those there are",
        "missing": "field required",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
    }
    if problem["type"] in kinds:
        return kinds[problem["type"]]
    given = repr(problem["input"])
    given = given if len(given) <= 60 else f"{given[:60]}…"
    shapes = {
        "tuple_type": "a list",
        "string_type": "text",
        "dict_type": "a mapping",
        "model_type": "a mapping",
    }
    expected = shapes.get(problem["type"]) or re.sub("^Input should be ", "", problem["msg"])
    return f"must be {expected}, not {given}"

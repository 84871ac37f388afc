"""Read rule sets from YAML files and check them."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from generation.redefinition.errors import RuleError
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import RuleFile
from generation.redefinition.rules.validation import check_rules
from generation.redefinition.rules.yaml_lines import read_with_lines

RULES_FOLDER = Path(__file__).parent
SHIPPED = ("curated", "seed")
DEFAULT_RULES = "curated"


def load_rules(name_or_path: str | Path = DEFAULT_RULES) -> RuleSet:
    """The rule set `seed` or `curated`, or the one in a YAML file.

    Raises RuleError, with file and line, for a file that is missing or no YAML, an unknown field or tag, a cycle,
    and a rule that undoes another or can never apply.
    """
    if str(name_or_path) in SHIPPED:
        return _load_shipped(str(name_or_path))
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RuleError(
            f"{path}: no such rule file; give {' or '.join(SHIPPED)}, or the path of a YAML file."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    return parse_rules(text, path.name)


@cache
def _load_shipped(name: str) -> RuleSet:
    path = RULES_FOLDER / f"{name}.yaml"
    return parse_rules(path.read_text(encoding="utf-8"), path.name)


def parse_rules(text: str, source: str) -> RuleSet:
    """The rule set in a YAML text; `source` names it in errors."""
    data, lines = read_with_lines(text, source)
    if not isinstance(data, dict):
        raise RuleError(f"{source}, line 1: a rule file is a mapping with `name` and `stages`.")
    try:
        file = RuleFile.model_validate(data)
    except ValidationError as error:
        raise RuleError(_error_text(error, lines, source)) from error
    steps = tuple(_steps(file, lines))
    rules = RuleSet(file, steps, source, hashlib.sha256(text.encode()).hexdigest())
    check_rules(rules, lines)
    return rules


def _steps(file: RuleFile, lines: dict) -> Iterator[RuleStep]:
    for number, stage in enumerate(file.stages):
        for section in ("spelling", "merges", "implications", "exclusions", "voice", "families", "removals"):
            listed = getattr(stage, section)
            if section == "voice":
                if listed is not None:
                    yield RuleStep(stage.name, section, listed, lines[("stages", number, section)])
                continue
            for index, rule in enumerate(listed):
                yield RuleStep(stage.name, section, rule, lines[("stages", number, section, index)])


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

"""A rule set: read from YAML, checked on load, ready to be applied."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from generation.redefinition import vocabulary
from generation.redefinition.errors import RuleError
from generation.redefinition.schema import (
    Exclusion,
    Family,
    Implication,
    Merge,
    Removal,
    RuleFile,
    VoicePolicy,
)
from generation.redefinition.spelling import normalise
from generation.redefinition.validation import check
from generation.redefinition.yaml_lines import read_with_lines

RULES_FOLDER = Path(__file__).with_name("rules")
SHIPPED = ("curated", "seed")
DEFAULT_RULES = "curated"

AnyRule = Merge | Implication | Exclusion | VoicePolicy | Family | Removal


@dataclass(frozen=True)
class Step:
    """One rule where it is applied."""

    stage: str
    section: str
    rule: AnyRule
    line: int

    @property
    def name(self) -> str:
        """Its name in reports and explanations: stage, section and what it says."""
        return f"{self.stage}: {self.section}: {self.rule.label}"


@dataclass(frozen=True)
class RuleSet:
    """Checked rules in the order of their application."""

    file: RuleFile
    steps: tuple[Step, ...]
    source: str
    digest: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def identity(self) -> dict[str, str]:
        """What provenance records of the rules: their name and the digest of their text."""
        return {"rules": self.name, "rules_sha256": self.digest}

    @cached_property
    def known(self) -> frozenset[str]:
        """Every tag that is not unknown: the built-in vocabulary's and the file's own."""
        return vocabulary.known_tags() | frozenset(self.file.vocabulary)

    @cached_property
    def sources(self) -> dict[str, frozenset[str]]:
        """Tag → itself and every tag that merges into it, over all stages."""
        members: dict[str, set[str]] = {}
        for step in self.steps:
            if isinstance(step.rule, Merge):
                for child in step.rule.from_:
                    for parent in step.rule.into:
                        members.setdefault(parent, {parent}).update(members.get(child, {child}))
        return {tag: frozenset(group) for tag, group in members.items()}

    @cached_property
    def implying(self) -> dict[str, frozenset[str]]:
        """Tag → the tags that imply it directly."""
        sources: dict[str, set[str]] = {}
        for step in self.steps:
            if isinstance(step.rule, Implication):
                for implied in step.rule.implies:
                    sources.setdefault(implied, set()).add(step.rule.tag)
        return {tag: frozenset(found) for tag, found in sources.items()}

    @cached_property
    def sides(self) -> dict[str, frozenset[str]]:
        """Step name → every tag that speaks for one side of its contradiction: merged into it, or implying it."""
        return {
            step.name: self._meaning(sides_of(step.rule))
            for step in self.steps
            if isinstance(step.rule, Exclusion | VoicePolicy)
        }

    def _meaning(self, tags: tuple[str, ...]) -> frozenset[str]:
        meaning, size = set(tags), 0
        while len(meaning) > size:
            size = len(meaning)
            for tag in tuple(meaning):
                meaning |= self.sources.get(tag, frozenset()) | self.implying.get(tag, frozenset())
        return frozenset(meaning)

    @cached_property
    def voice_policy(self) -> VoicePolicy | None:
        """The rules' policy for voices, if they have one."""
        return next((step.rule for step in self.steps if isinstance(step.rule, VoicePolicy)), None)

    def prompt_word(self, tag: str) -> str:
        """The word that `tag` becomes in a prompt under these rules."""
        name = normalise(tag)
        if name in self.file.prompt_words:
            return self.file.prompt_words[name]
        return vocabulary.prompt_word(name) if self.file.vocabulary_words else name

    def probability(self, tag: str, probabilities: dict[str, float]) -> float | None:
        """The tagger's probability of a tag: the highest of the tags merged into it; None where it knows none."""
        name = normalise(tag)
        known = [probabilities[t] for t in self.sources.get(name, {name}) if t in probabilities]
        return max(known) if known else None


def sides_of(rule: Exclusion | VoicePolicy) -> tuple[str, ...]:
    """The tags that a contradiction is between."""
    if isinstance(rule, VoicePolicy):
        return (rule.heard, rule.denied, *rule.also_heard, *rule.review_beside)
    return rule.one + rule.other


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
        raise RuleError(_in_words(error, lines, source)) from error
    steps = tuple(_steps(file, lines))
    rules = RuleSet(file, steps, source, hashlib.sha256(text.encode()).hexdigest())
    check(rules, lines)
    return rules


def _steps(file: RuleFile, lines: dict) -> Iterator[Step]:
    for number, stage in enumerate(file.stages):
        for section in ("spelling", "merges", "implications", "exclusions", "voice", "families", "removals"):
            listed = getattr(stage, section)
            if section == "voice":
                if listed is not None:
                    yield Step(stage.name, section, listed, lines[("stages", number, section)])
                continue
            for index, rule in enumerate(listed):
                yield Step(stage.name, section, rule, lines[("stages", number, section, index)])


def _in_words(error: ValidationError, lines: dict, source: str) -> str:
    found = error.errors()
    places = [tuple(problem["loc"]) for problem in found]
    problems = []
    for problem, path in zip(found, places, strict=True):
        if any(len(other) > len(path) and other[: len(path)] == path for other in places):
            continue  # what holds a fault is faulty too; the fault itself is enough
        place = path
        while place and place not in lines:
            place = place[:-1]
        where = ".".join(str(part) for part in path) or "the file"
        problems.append(f"{source}, line {lines.get(place, 1)}: {where}: {_said(problem)}.")
    return "\n".join(problems)


def _said(problem: Any) -> str:
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

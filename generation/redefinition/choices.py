"""A study's choices for tags that the rules do not know, applied before the rules; and suggestions for such choices.

Imports nothing heavy: the settings and pages use it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from generation.redefinition.rules.rule_files import SHIPPED, load_rules
from generation.redefinition.rules.rule_set import RuleSet, RuleStep
from generation.redefinition.rules.schema import Merge, Removal, Stage, Tag
from generation.redefinition.spelling import normalise, suggestion

CHOSEN = "chosen for this study"
STAGE = "choices of the study"


class TagChoice(BaseModel):
    """What becomes of a tag that the rules do not know: it is mapped into known tags, kept as it is, or dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["map", "keep", "drop"]
    into: tuple[Tag, ...] = Field(default=(), description="The tags that it becomes, for “map” only.")

    @model_validator(mode="after")
    def _has_a_target_to_map_into(self) -> Self:
        if bool(self.into) != (self.action == "map"):
            raise ValueError("a tag is mapped into one or more tags; kept and dropped tags have none")
        return self

    def __str__(self) -> str:
        return " + ".join(self.into) if self.action == "map" else self.action


def with_choices(rules: RuleSet, choices: Mapping[str, TagChoice]) -> RuleSet:
    """The rules with a first stage that applies the choices (tag → choice); the digest of the choices is kept apart."""
    if not choices:
        return rules
    named = {normalise(tag): choice for tag, choice in choices.items()}
    mapped = [(choice.into, tag) for tag, choice in sorted(named.items()) if choice.action == "map"]
    merges = [Merge.model_validate({"into": into, "from": tag, "why": CHOSEN}) for into, tag in mapped]
    dropped = [tag for tag, choice in sorted(named.items()) if choice.action == "drop"]
    removals = [Removal(tags=tuple(dropped), why=CHOSEN)] if dropped else []
    stage = Stage(name=STAGE, foreign=True, merges=tuple(merges), removals=tuple(removals))
    steps = [RuleStep(STAGE, "merges", rule, 0, STAGE, foreign=True) for rule in merges]
    steps += [RuleStep(STAGE, "removals", rule, 0, STAGE, foreign=True) for rule in removals]
    kept = tuple(tag for tag, choice in named.items() if choice.action == "keep")
    file = rules.file.model_copy(
        update={"stages": (stage, *rules.file.stages), "vocabulary": rules.file.vocabulary + kept}
    )
    content = json.dumps({tag: str(choice) for tag, choice in named.items()}, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return replace(rules, file=file, steps=(*steps, *rules.steps), choices_digest=digest)


@dataclass(frozen=True)
class UnknownTag:
    """A tag that the rules do not know, the clips that have it, a suggested choice, and why it is suggested.

    `source`: "spelling", or the name of the shipped rule set that knows the tag; empty without a suggestion.
    """

    tag: str
    clips: int
    suggested: TagChoice | None = None
    source: str = ""


def unknown_tags(tags_of_clips: Iterable[Sequence[str]], rules: RuleSet) -> list[UnknownTag]:
    """The unknown tags of clips, the most frequent first."""
    clips, written = Counter[str](), dict[str, str]()
    for tags in tags_of_clips:
        names = {normalise(tag): tag for tag in reversed(tags)}
        clips.update(name for name in names if name and name not in rules.known)
        written = names | written
    found = sorted(clips.items(), key=lambda pair: (-pair[1], pair[0]))
    return [UnknownTag(written[name], count, *suggested_choice(name, rules)) for name, count in found]


def suggested_choice(tag: str, rules: RuleSet) -> tuple[TagChoice | None, str]:
    """A choice for an unknown tag, and its source: another shipped rule set that knows the tag, or its spelling."""
    for name, known in _foreign_words().items():
        into = known.get(normalise(tag))
        if into is not None and all(word in rules.known for word in into):
            return (TagChoice(action="map", into=into) if into else TagChoice(action="drop")), name
    if near := suggestion(tag, rules.known):
        return TagChoice(action="map", into=(near,)), "spelling"
    return None, ""


def rule_sets_that_know(tags: Iterable[str]) -> list[tuple[str, int]]:
    """The shipped rule sets for other collections that know some of `tags`, with how many, the best first."""
    names = {normalise(tag) for tag in tags}
    counts = [(name, len(names & load_rules(name).known)) for name in _foreign_words()]
    return sorted((pair for pair in counts if pair[1]), key=lambda pair: -pair[1])


@cache
def _foreign_words() -> dict[str, dict[str, tuple[str, ...]]]:
    """Shipped rule set → word of its collection → the tags that it becomes there; none for a word that is dropped."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in SHIPPED:
        words = found.setdefault(name, {})
        for step in load_rules(name).steps:
            if step.foreign and isinstance(step.rule, Merge):
                words |= dict.fromkeys(step.rule.from_, step.rule.into)
            elif step.foreign and isinstance(step.rule, Removal):
                words |= dict.fromkeys(step.rule.tags, ())
    return {name: words for name, words in found.items() if words}

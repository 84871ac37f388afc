"""A rule set in the order of its application: the type that reading, checking and applying rules share."""

from dataclasses import dataclass, field
from functools import cached_property

from generation.redefinition import vocabulary
from generation.redefinition.rules.schema import Exclusion, Family, Implication, Merge, Removal, RuleFile, VoicePolicy
from generation.redefinition.spelling import normalise

AnyRule = Merge | Implication | Exclusion | VoicePolicy | Family | Removal


@dataclass(frozen=True)
class RuleStep:
    """One rule with its stage and section, and the line of the file where it begins."""

    stage: str
    section: str
    rule: AnyRule
    line: int

    @property
    def name(self) -> str:
        """The rule's name in reports and explanations: stage, section and content."""
        return f"{self.stage}: {self.section}: {self.rule.label}"


@dataclass(frozen=True)
class RuleSet:
    """Checked rules in the order of their application."""

    file: RuleFile
    steps: tuple[RuleStep, ...]
    source: str
    digest: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def identity(self) -> dict[str, str]:
        """The rules in provenance: their name and the SHA-256 of their text."""
        return {"rules": self.name, "rules_sha256": self.digest}

    @cached_property
    def known(self) -> frozenset[str]:
        """The tags of the built-in vocabulary and of the file's own."""
        return vocabulary.known_tags() | frozenset(self.file.vocabulary)

    @cached_property
    def sources(self) -> dict[str, frozenset[str]]:
        """Tag → the tag and every tag that merges into it, over all stages."""
        members: dict[str, set[str]] = {}
        for step in self.steps:
            if isinstance(step.rule, Merge):
                for child in step.rule.from_:
                    for parent in step.rule.into:
                        members.setdefault(parent, {parent}).update(members.get(child, {child}))
        return {tag: frozenset(group) for tag, group in members.items()}

    @cached_property
    def replaced(self) -> frozenset[str]:
        """The tags that no clip has after the rules: merged into others, or removed."""
        merged = {tag for step in self.steps if isinstance(step.rule, Merge) for tag in step.rule.from_}
        return frozenset(merged.union(*(step.rule.tags for step in self.steps if isinstance(step.rule, Removal))))

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
        """Rule name → every tag of its contradiction, with the tags that merge into one of these or imply it."""
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
        """The first voice policy of the rules, or None."""
        return next((step.rule for step in self.steps if isinstance(step.rule, VoicePolicy)), None)

    def prompt_word(self, tag: str) -> str:
        """The word for `tag` in a prompt by these rules."""
        name = normalise(tag)
        if name in self.file.prompt_words:
            return self.file.prompt_words[name]
        return vocabulary.prompt_word(name) if self.file.vocabulary_words else name

    def probability(self, tag: str, probabilities: dict[str, float]) -> float | None:
        """The highest probability among a tag and the tags merged into it; None if `probabilities` has none of them."""
        name = normalise(tag)
        known = [probabilities[t] for t in self.sources.get(name, {name}) if t in probabilities]
        return max(known) if known else None


def sides_of(rule: Exclusion | VoicePolicy) -> tuple[str, ...]:
    """The tags between which a rule finds a contradiction."""
    if isinstance(rule, VoicePolicy):
        return (rule.heard, rule.denied, *rule.also_heard, *rule.review_beside)
    return rule.one + rule.other

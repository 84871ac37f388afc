"""A rule set in the order of its application: the type that reading, checking and applying rules share."""

from dataclasses import dataclass, field
from functools import cached_property

from generation.redefinition import vocabulary
from generation.redefinition.rules.generals import BESIDE_A_SPECIAL_WORD, Generals
from generation.redefinition.rules.schema import (
    Ambiguity,
    Exclusion,
    Family,
    Implication,
    Merge,
    Removal,
    RuleFile,
    VoicePolicy,
)
from generation.redefinition.spelling import normalise

AnyRule = Merge | Implication | Exclusion | Ambiguity | VoicePolicy | Family | Removal
Contradiction = Exclusion | Ambiguity | VoicePolicy


@dataclass(frozen=True)
class RuleStep:
    """One rule with its stage and section, and the file and line where it begins."""

    stage: str
    section: str
    rule: AnyRule
    line: int
    source: str = ""
    foreign: bool = False
    translates: bool = False

    @property
    def place(self) -> str:
        """The rule's file and line in error messages."""
        return f"{self.source}, line {self.line}"

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
    # The digests of the rule sets that the file joins to its own.
    joined: tuple[str, ...] = field(default=(), repr=False)
    # Of a study's own choices, if there are any (see choices.py).
    choices_digest: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def identity(self) -> dict[str, str]:
        """The rules in provenance: their name, and digests of their text and all else that they depend on."""
        found = {"rules": self.name, "rules_sha256": self.digest, "vocabulary_sha256": vocabulary.digest()}
        if self.joined:
            found["joined_sha256"] = " ".join(self.joined)
        return found | ({"choices_sha256": self.choices_digest} if self.choices_digest else {})

    @cached_property
    def known(self) -> frozenset[str]:
        """The tags of the built-in vocabulary, of the file's own, and of the collection whose words it maps."""
        foreign = (step.rule for step in self.steps if step.foreign)
        mapped = {tag for rule in foreign for tag in (getattr(rule, "from_", ()) or getattr(rule, "tags", ()))}
        return vocabulary.known_tags() | frozenset(self.file.vocabulary) | mapped

    @cached_property
    def meanings(self) -> dict[str, tuple[str, ...]]:
        """Tag → the tags that it always becomes by the merges (two or more for a compound)."""
        meanings: dict[str, tuple[str, ...]] = {}
        for step in reversed(self.steps):
            if isinstance(step.rule, Merge) and not step.rule.is_conditional:
                into = tuple(dict.fromkeys(end for tag in step.rule.into for end in meanings.get(tag, (tag,))))
                meanings |= dict.fromkeys(step.rule.from_, into)
        return meanings

    @cached_property
    def translations(self) -> dict[str, tuple[str, ...]]:
        """Tag → the tags that mean the same in the language of the vocabulary."""
        rules = (step.rule for step in self.steps if step.translates)
        return {tag: rule.into for rule in rules if isinstance(rule, Merge) for tag in rule.from_}

    @cached_property
    def generals(self) -> Generals:
        """Which tag is a special case of which: by implications, by families, and by the last words of a tag."""
        direct: dict[str, dict[str, str]] = {}
        families = [step.rule for step in self.steps if isinstance(step.rule, Family)]
        for family in (*families, *self.file.in_prompts.families):
            for special in family.beside:
                direct.setdefault(special, {}).update(dict.fromkeys(family.drop, family.why or BESIDE_A_SPECIAL_WORD))
        for step in self.steps:
            if isinstance(step.rule, Implication) and not step.rule.in_prompts:
                for general in step.rule.implies:
                    direct.setdefault(step.rule.tag, {}).setdefault(general, BESIDE_A_SPECIAL_WORD)
        canonical = {tag: into[0] for tag, into in self.meanings.items() if len(into) == 1}
        return Generals(direct, canonical, self.file.in_prompts.last_words, vocabulary.other_heads())

    @cached_property
    def sources(self) -> dict[str, frozenset[str]]:
        """Tag → the tag and every tag that always merges into it, over all stages."""
        members: dict[str, set[str]] = {}
        for step in self.steps:
            if isinstance(step.rule, Merge) and not step.rule.is_conditional:
                for child in step.rule.from_:
                    for parent in step.rule.into:
                        members.setdefault(parent, {parent}).update(members.get(child, {child}))
        return {tag: frozenset(group) for tag, group in members.items()}

    @cached_property
    def replaced(self) -> frozenset[str]:
        """The tags that no clip has after the rules: merged into others, or removed. A translation is the same tag."""
        merged = self.meanings.keys() - self.translations.keys()
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
            step.name: self._meaning(sides_of(step.rule)) for step in self.steps if isinstance(step.rule, Contradiction)
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
        if name in self.translations:
            return " ".join(self.prompt_word(word) for word in self.translations[name])
        return vocabulary.prompt_word(name) if self.file.vocabulary_words else name

    def probability(self, tag: str, probabilities: dict[str, float]) -> float | None:
        """The highest probability among a tag and the tags merged into it; None if `probabilities` has none of them."""
        name = normalise(tag)
        known = [probabilities[t] for t in self.sources.get(name, {name}) if t in probabilities]
        return max(known) if known else None


def sides_of(rule: Contradiction) -> tuple[str, ...]:
    """The tags between which a rule finds a contradiction; for an ambiguity, the tag alone."""
    if isinstance(rule, Ambiguity):
        return (rule.tag,)
    if isinstance(rule, VoicePolicy):
        return (rule.heard, rule.denied, *rule.also_heard, *rule.review_beside)
    return rule.one + rule.other

"""The fields of a rule file, checked by pydantic."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from generation.redefinition.spelling import normalise


def _tag(value: object) -> object:
    return normalise(value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Tag = Annotated[str, BeforeValidator(_tag), Field(min_length=1)]
Tags = Annotated[tuple[Tag, ...], BeforeValidator(_listed), Field(min_length=1)]
OptionalTags = Annotated[tuple[Tag, ...], BeforeValidator(_listed)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Model):
    """The field that all rules share."""

    why: str = Field(default="", description="The reason, shown to the researcher beside each change.")


class Merge(Rule):
    """Several tags become one; a compound tag becomes the tags that it combines."""

    into: Tags = Field(description="The tag that stays, or the tags a compound becomes.")
    from_: Tags = Field(alias="from", description="The tags that go.")
    beside: OptionalTags = Field(default=(), description="Only on clips that also have one of these tags.")
    unless: OptionalTags = Field(default=(), description="Not on clips that have one of these tags.")

    @property
    def is_conditional(self) -> bool:
        return bool(self.beside or self.unless)

    @property
    def label(self) -> str:
        beside = f" beside {', '.join(self.beside)}" if self.beside else ""
        unless = f" unless {', '.join(self.unless)}" if self.unless else ""
        return f"{' + '.join(self.into)} ← {', '.join(self.from_)}{beside}{unless}"


class Implication(Rule):
    """A tag that implies others."""

    tag: Tag = Field(description="The tag that a clip has.")
    implies: Tags = Field(description="The tags that the clip then has too.")
    in_prompts: bool = Field(
        default=False, description="Name the implied tags in prompts too; by default the implying tag is enough there."
    )

    @property
    def label(self) -> str:
        return f"{self.tag} → {', '.join(self.implies)}"


class Exclusion(Rule):
    """Two sides that cannot both be true of a clip."""

    one: Tags = Field(description="The tags of one side.")
    other: Tags = Field(description="The tags of the other side.")
    stands: Literal["one", "other", "neither", "both"] = Field(
        description="The side that stays if a clip has both; `both` only counts the contradiction."
    )
    review: bool = Field(default=False, description="List these clips as contested, for the researcher to decide.")

    @property
    def label(self) -> str:
        return f"{', '.join(self.one)} ≠ {', '.join(self.other)}"

    @property
    def losing(self) -> tuple[str, ...]:
        """The tags that a contradictory clip loses."""
        losers = {"one": self.other, "other": self.one, "neither": self.one + self.other, "both": ()}
        return losers[self.stands]


class Ambiguity(Rule):
    """A tag with several meanings; the clips that still have it are listed as contested, for the researcher."""

    tag: Tag = Field(description="The tag; it is kept until the researcher decides.")
    may_mean: Tags = Field(description="The tags that may be meant, which the researcher can choose.")

    @property
    def label(self) -> str:
        return f"{self.tag}: {' or '.join(self.may_mean)}?"


class VoicePolicy(Rule):
    """How the tags for a voice, and for none, are decided."""

    policy: Literal["blanket", "evidence"] = Field(
        description=(
            "`evidence`: people's tags are kept, detectors decide if people gave none, disagreement is listed. "
            "`blanket`: the original study's policy, a clip in doubt has no voice unless the detector found one."
        )
    )
    heard: Tag = Field(description="The tag for a voice.")
    denied: Tag = Field(description="The tag for no voice.")
    also_heard: tuple[Tag, ...] = Field(default=(), description="Other tags that imply a voice.")
    review_beside: tuple[Tag, ...] = Field(
        default=(),
        description="Blanket only: list a clip for review if it gets `denied` beside one of these.",
    )
    tagger_heard: tuple[Tag, ...] = Field(default=(), description="The tagger's tags for a voice.")
    tagger_denied: tuple[Tag, ...] = Field(default=(), description="The tagger's tags for no voice.")

    @property
    def label(self) -> str:
        return f"{self.heard} ≠ {self.denied}"


class Family(Rule):
    """General tags that add nothing to a special one."""

    drop: Tags = Field(description="The general tags that go.")
    beside: Tags = Field(description="The special tags beside which they go.")

    @property
    def label(self) -> str:
        return f"{', '.join(self.drop)} beside {', '.join(self.beside)}"


class Removal(Rule):
    """Tags that go from every clip, with the reason."""

    tags: Tags = Field(description="The tags that go.")
    why: str = Field(min_length=1, description="The reason; required for a removal.")

    @property
    def label(self) -> str:
        return ", ".join(self.tags)


class Stage(Model):
    """Rules that are applied together, in the order of the fields below."""

    name: str = Field(min_length=1, description="Its name in reports.")
    foreign: bool = Field(
        default=False,
        description="Its merged and removed tags are words of another collection: `vocabulary` need not list them.",
    )
    translates: bool = Field(
        default=False, description="Its merges are translations: prompts have the translated word, in both tag sets."
    )
    spelling: tuple[Merge, ...] = Field(default=(), description="Misspellings and the tag that is meant.")
    merges: tuple[Merge, ...] = Field(default=(), description="Several tags for one thing.")
    implications: tuple[Implication, ...] = Field(default=(), description="Tags that imply others.")
    exclusions: tuple[Exclusion, ...] = Field(default=(), description="Contradictions and how they are decided.")
    ambiguities: tuple[Ambiguity, ...] = Field(default=(), description="Tags with several meanings, to review.")
    voice: VoicePolicy | None = Field(default=None, description="The policy for voice and no voice.")
    families: tuple[Family, ...] = Field(default=(), description="General tags dropped beside special ones.")
    removals: tuple[Removal, ...] = Field(default=(), description="Tags dropped everywhere.")


class PromptRules(Model):
    """General tags that a prompt does not name beside a special one. Tables keep both."""

    last_words: bool = Field(
        default=False, description="A tag stands for the tag that it ends in: `jazz guitar` for `guitar`."
    )
    families: tuple[Family, ...] = Field(
        default=(), description="General tags and the special tags that stand for them."
    )


class RuleFile(Model):
    """A whole rule file."""

    name: str = Field(min_length=1, description="The name of the rule set, kept in provenance.")
    description: str = Field(default="", description="One sentence about the set.")
    first: str = Field(default="", description="A shipped rule set that is applied before the stages of this file.")
    then: str = Field(default="", description="A shipped rule set that is applied after the stages of this file.")
    vocabulary: tuple[Tag, ...] = Field(default=(), description="Tags beyond the built-in vocabulary.")
    vocabulary_words: bool = Field(default=False, description="Use the built-in vocabulary's natural words in prompts.")
    prompt_words: dict[Tag, str] = Field(default={}, description="The word for a tag in a prompt, if it differs.")
    in_prompts: PromptRules = Field(default=PromptRules(), description="General tags that prompts leave out.")
    stages: tuple[Stage, ...] = Field(min_length=1, description="The rules, stage by stage.")

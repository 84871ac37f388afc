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


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Model):
    """The field that all rules share."""

    why: str = Field(default="", description="The reason, shown to the researcher beside each change.")


class Merge(Rule):
    """Several tags become one; a compound tag becomes the tags that it combines."""

    into: Tags = Field(description="The tag that stays, or the tags a compound becomes.")
    from_: Tags = Field(alias="from", description="The tags that go.")

    @property
    def label(self) -> str:
        return f"{' + '.join(self.into)} ← {', '.join(self.from_)}"


class Implication(Rule):
    """A tag that implies others."""

    tag: Tag = Field(description="The tag that a clip has.")
    implies: Tags = Field(description="The tags that the clip then has too.")

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
    spelling: tuple[Merge, ...] = Field(default=(), description="Misspellings and the tag that is meant.")
    merges: tuple[Merge, ...] = Field(default=(), description="Several tags for one thing.")
    implications: tuple[Implication, ...] = Field(default=(), description="Tags that imply others.")
    exclusions: tuple[Exclusion, ...] = Field(default=(), description="Contradictions and how they are decided.")
    voice: VoicePolicy | None = Field(default=None, description="The policy for voice and no voice.")
    families: tuple[Family, ...] = Field(default=(), description="General tags dropped beside special ones.")
    removals: tuple[Removal, ...] = Field(default=(), description="Tags dropped everywhere.")


class RuleFile(Model):
    """A whole rule file."""

    name: str = Field(min_length=1, description="The name of the rule set, kept in provenance.")
    description: str = Field(default="", description="One sentence about the set.")
    vocabulary: tuple[Tag, ...] = Field(default=(), description="Tags beyond the built-in vocabulary.")
    vocabulary_words: bool = Field(default=False, description="Use the built-in vocabulary's natural words in prompts.")
    prompt_words: dict[Tag, str] = Field(default={}, description="The word for a tag in a prompt, if it differs.")
    stages: tuple[Stage, ...] = Field(min_length=1, description="The rules, stage by stage.")

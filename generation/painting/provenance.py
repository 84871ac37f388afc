"""The provenance of a stimulus: everything from which it can be made again."""

from __future__ import annotations

import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_DIGEST = r"^[0-9a-f]{64}$"
_PACKAGES = (
    "numpy",
    "Pillow",
    "scipy",
    "torch",
    "torchaudio",
    "diffusers",
    "transformers",
    "silero-vad",
    "openai",
)


class Provenance(BaseModel):
    """The inputs, settings, versions and machine of one stimulus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[1] = Field(1, description="Version of this record's layout.")
    audio_digest: str = Field(pattern=_DIGEST, description="SHA-256 of the clip's file as uploaded.")
    sound: tuple[dict[str, Any], ...] = Field((), description="What was odd in the clip's file, and what was done.")
    tag_source: Literal["people", "predicted"] = Field(description="Where the tags came from.")
    tag_set: str = Field(description="Which tag set the prompt was made from: original or redefined.")
    original_tags: tuple[str, ...] = Field(description="The original tags, ordered and cut as used.")
    redefined_tags: tuple[str, ...] = Field(description="The redefined tags, ordered and cut as used.")
    translated_tags: dict[str, str] = Field({}, description="Tags in English → as imported in Korean.")
    rule_set: dict[str, str] = Field(description="Name, version and digest of the redefinition's rules.")
    rules_for: Literal["redefined", "both", "original", "neither"] = Field(
        "redefined", description="The tag sets to which the rules were applied; records from before have the default."
    )
    prompt_words: Literal["both", "redefined"] = Field(
        "redefined", description="The tag sets whose tags became prompt words; records from before have the default."
    )
    voice_detector: dict[str, Any] = Field(description="The voice detector, its settings and what it found.")
    tagger: dict[str, str] = Field(description="The tagger's identity.")
    redefined_tagger: dict[str, str] | None = Field(
        None, description="The second tagger's identity, if one gave the redefined tags."
    )
    prompt_form: str = Field(description="How the tags were put: tags or sentence.")
    prompt: str = Field(min_length=1, description="The text that the picture was painted from.")
    prompt_tokens: int = Field(ge=0, description="Its length as the painter counts.")
    writer: dict[str, Any] | None = Field(description="How the sentence was written; none for a tag prompt.")
    batch: tuple[str, ...] = Field(min_length=1, description="All prompts of the clip, painted in the same call.")
    batch_sizes: tuple[int, ...] = Field((), description="How many went through the model at once.")
    painter_options: dict[str, Any] = Field(description="The painter's settings, complete.")
    painter: dict[str, str] = Field(description="The painter's identity: model, revision, scheduler, versions.")
    painter_proof: dict[str, Any] | None = Field(
        None, description="What the proof of the model found before it painted; none for a painter without a model."
    )
    seed: int = Field(ge=0, description="The seed that all pictures of the clip share.")
    withheld: tuple[str, ...] = Field((), description="Why earlier seeds of the clip's sequence were left behind.")
    picture: dict[str, str] = Field(description="Size, format and encoder settings of the stored picture.")
    picture_digest: str = Field(pattern=_DIGEST, description="SHA-256 of the stored picture.")
    versions: dict[str, str] = Field(description="Versions of Python and of the libraries that took part.")
    machine: dict[str, str] = Field(description="The machine: system, processor, and what painted.")
    started_at: datetime = Field(description="When the clip's generation began.")
    painted_at: datetime = Field(description="When the pictures of the clip were painted.")

    @model_validator(mode="after")
    def _painted_in_its_batch(self) -> Provenance:
        if self.prompt not in self.batch:
            raise ValueError("the prompt is not among the prompts painted together")
        return self


def library_versions() -> dict[str, str]:
    """Versions of Python and of every installed library that can change a picture."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

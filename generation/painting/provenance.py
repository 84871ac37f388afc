"""What a stimulus was made from, so that it can be made again from this record alone."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from generation.hardware import machine
from generation.painting import PainterOptions, build_painter

if TYPE_CHECKING:
    from PIL import Image

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
    """Everything needed to make one stimulus again, and to say what it came from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[1] = Field(1, description="Version of this record's layout.")
    audio_digest: str = Field(pattern=_DIGEST, description="SHA-256 of the clip's file as uploaded.")
    tag_source: Literal["people", "predicted"] = Field(description="Where the tags came from.")
    tag_set: str = Field(description="Which tag set the prompt was made from: original or redefined.")
    original_tags: tuple[str, ...] = Field(description="The original tags, ordered and cut as used.")
    redefined_tags: tuple[str, ...] = Field(description="The redefined tags, ordered and cut as used.")
    rule_set: dict[str, str] = Field(description="Name, version and digest of the redefinition's rules.")
    voice_detector: dict[str, Any] = Field(description="The voice detector, its settings and what it found.")
    tagger: dict[str, str] = Field(description="The tagger's identity.")
    prompt_form: str = Field(description="How the tags were put: tags or sentence.")
    prompt: str = Field(min_length=1, description="The text that the picture was painted from.")
    prompt_tokens: int = Field(ge=0, description="Its length as the painter counts.")
    writer: dict[str, Any] | None = Field(description="How the sentence was written; none for a tag prompt.")
    batch: tuple[str, ...] = Field(min_length=1, description="All prompts of the clip, painted in the same call.")
    batch_sizes: tuple[int, ...] = Field((), description="How many went through the model at once.")
    painter_options: dict[str, Any] = Field(description="The painter's settings, complete.")
    painter: dict[str, str] = Field(description="The painter's identity: model, revision, scheduler, versions.")
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
    """Versions of Python and of every library that can change a picture, as far as installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Reproduced:
    """A stimulus painted again.

    `image` is the stimulus and `batch` all pictures of its clip, in the order of the provenance's prompts.
    `changed` names what is not as it was, as (then, now): settings stay, versions and machines may differ.
    """

    image: Image.Image
    batch: list[Image.Image]
    changed: Mapping[str, tuple[str, str]]


def reproduce(provenance: Provenance) -> Reproduced:
    """Paint a stimulus again from its provenance alone: same prompts together, same seed, same settings.

    No stored picture or latent is read.

    Raises:
        PaintingError: the model is not here, or memory, or a prompt; the message says how to mend it.
    """
    options: PainterOptions = TypeAdapter(PainterOptions).validate_python(provenance.painter_options)
    painter = build_painter(options)
    if hasattr(painter, "batches_as_then"):  # fewer went together where memory ran out
        painter.batches_as_then = provenance.batch_sizes
    batch = painter.paint(provenance.batch, seed=provenance.seed)
    now = {**painter.identity, **library_versions(), **machine()}
    then = {**provenance.painter, **provenance.versions, **provenance.machine}
    changed = {
        name: (then.get(name, "—"), now.get(name, "—"))
        for name in sorted(then.keys() | now.keys())
        if then.get(name, "—") != now.get(name, "—")
    }
    return Reproduced(batch[provenance.batch.index(provenance.prompt)], batch, changed)

"""The tagger of a study and its settings. Imports nothing heavy: forms are built from it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class MusicnnOptions(BaseModel):
    """musicnn (Pons & Serra 2019), trained on MagnaTagATune's 50 usual tags: the embedded default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["musicnn"] = "musicnn"
    thresholds: str | None = Field(
        default=None,
        description="File that evaluate_tagger wrote: from which probability on each tag counts as heard.",
    )


class ClmrOptions(BaseModel):
    """CLMR's SampleCNN (Spijkervet & Burgoyne 2021) with a head, both from checkpoint files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["clmr"] = "clmr"
    encoder: str = Field(description="Checkpoint file of the encoder, in CLMR's published formats or ours.")
    head: str = Field(description="Checkpoint file of the head that turns representations into tags.")
    tags: str | None = Field(
        default=None,
        description="Text file with the head's tags in the order of its outputs, one per line. "
        "Not needed for a head trained here, which stores its tags.",
    )
    thresholds: str | None = Field(
        default=None,
        description="File that evaluate_tagger wrote: from which probability on each tag counts as heard; "
        "without it those that the head stores.",
    )
    runtime: Literal["auto", "torch", "openvino"] = Field(
        default="auto", description="What computes: OpenVINO where it is installed, else torch."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="Arithmetic of the encoder; bfloat16 is faster where the processor computes in it, and moves "
        "probabilities by about 1e-3.",
    )


class ImportedOptions(BaseModel):
    """A table of predictions made elsewhere, by any method: clip × tag with probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["imported"] = "imported"
    file: str = Field(
        pattern="^[0-9a-f]{64}$",
        description="The table of predictions, uploaded for this study.",
    )
    thresholds: str | None = Field(
        default=None,
        description="File that evaluate_tagger wrote: from which probability on each tag counts as heard.",
    )


TaggerOptions = Annotated[MusicnnOptions | ClmrOptions | ImportedOptions, Field(discriminator="kind")]

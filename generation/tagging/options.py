"""The tagger of a study and its settings. Imports nothing heavy: forms are built from it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from generation.tagging.files import MUSICNN_WEIGHTS, default_weights_folder


def _given_files(**paths: str | None) -> dict[str, Path]:
    return {option: Path(path) for option, path in paths.items() if path}


class MusicnnOptions(BaseModel):
    """musicnn (Pons & Serra 2019), trained on MagnaTagATune's 50 usual tags: the embedded default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["musicnn"] = "musicnn"
    thresholds: str | None = Field(
        default=None,
        description="File that evaluate_tagger wrote: from which probability on each tag counts as heard.",
    )

    @property
    def files(self) -> dict[str, Path]:
        """The files that the tagger reads, by the option that names each."""
        weights = {"weights": default_weights_folder() / MUSICNN_WEIGHTS}
        return weights | _given_files(thresholds=self.thresholds)


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
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="float32",
        description="Arithmetic of the encoder. bfloat16 is faster, moves probabilities by about 1e-3, and is used "
        "only where the processor has instructions for it; “auto” takes it there.",
    )

    @property
    def files(self) -> dict[str, Path]:
        """The files that the tagger reads, by the option that names each."""
        return _given_files(encoder=self.encoder, head=self.head, tags=self.tags, thresholds=self.thresholds)


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

    @property
    def files(self) -> dict[str, Path]:
        """The files that the tagger reads, by the option that names each; `file` is a digest already."""
        return _given_files(thresholds=self.thresholds)


TaggerOptions = Annotated[MusicnnOptions | ClmrOptions | ImportedOptions, Field(discriminator="kind")]

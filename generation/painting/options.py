"""The painter of a study and its settings: stored with the study, validated here, shown in forms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from generation.painting.diffusion.options import DiffusersOptions


class SketchOptions(BaseModel):
    """The built-in painter: flat illustrations drawn by rules, without any model or download."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["sketch"] = Field("sketch", description="The built-in painter.")
    size: int = Field(512, ge=64, le=2048, description="Width and height of the pictures, in pixels.")


PainterOptions = Annotated[SketchOptions | DiffusersOptions, Field(discriminator="kind")]

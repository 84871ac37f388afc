"""Paint a stimulus again from its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from generation.hardware import machine
from generation.painting import PainterOptions, build_painter
from generation.painting.provenance import Provenance, library_versions

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Reproduction:
    """A stimulus painted again.

    `image` is the stimulus and `batch` all pictures of its clip, in the order of the provenance's prompts.
    `changed`: name → (then, now) for every version or part of the machine that differs.
    """

    image: Image.Image
    batch: list[Image.Image]
    changed: Mapping[str, tuple[str, str]]


def reproduce(provenance: Provenance) -> Reproduction:
    """Paint a stimulus again from its provenance alone: same prompts together, same seed, same settings.

    No stored picture or latent is read.

    Raises:
        PaintingError: the model is missing, memory runs out, or a prompt is too long.
    """
    options: PainterOptions = TypeAdapter(PainterOptions).validate_python(provenance.painter_options)
    painter = build_painter(options)
    batch = painter.paint(provenance.batch, seed=provenance.seed, batch_sizes=provenance.batch_sizes).images
    now = {**painter.identity, **library_versions(), **machine()}
    then = {**provenance.painter, **provenance.versions, **provenance.machine}
    changed = {
        name: (then.get(name, "—"), now.get(name, "—"))
        for name in sorted(then.keys() | now.keys())
        if then.get(name, "—") != now.get(name, "—")
    }
    return Reproduction(batch[provenance.batch.index(provenance.prompt)], batch, changed)

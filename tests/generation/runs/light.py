"""The steps with the parts that need a model replaced by arithmetic; everything else is the real thing.

Stands in for `generation.pipeline` by the setting GENERATION_PIPELINE, in tests' own processes and in the
workers they start. EARSIGHT_TEST_STEP_SECONDS makes each step last that long; EARSIGHT_TEST_SKETCH paints sketches.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from generation.painting.base import Painted
from generation.runs import pipeline
from generation.runs.pipeline import Evidence, Heard, Seeds

__all__ = ["Evidence", "Seeds", "listen", "paint_clip", "redefine_clip", "write_sentences"]

TAGS = ("guitar", "piano", "slow", "techno", "vocal", "drums", "violin", "ambient")


class FlatPainter:
    """A plain colour for each prompt and seed."""

    identity = {"painter": "flat"}
    token_limit = 77

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def paint(self, prompts: Sequence[str], *, seed: int, batch_sizes: Sequence[int] | None = None) -> Painted:
        colours = [tuple(hashlib.sha256(f"{prompt}{seed}".encode()).digest()[:3]) for prompt in prompts]
        return Painted([Image.new("RGB", (64, 64), colour) for colour in colours])


if not os.environ.get("EARSIGHT_TEST_SKETCH"):  # this module is imported in the other's place, never beside it
    pipeline.painter_of = lambda settings: FlatPainter()


def _last() -> None:
    if counted := os.environ.get("EARSIGHT_TEST_COUNT_FILE"):
        with Path(counted).open("a", encoding="ascii") as file:
            file.write("begun\n")
    time.sleep(float(os.environ.get("EARSIGHT_TEST_STEP_SECONDS", "0")))


def listen(path, name, parts, settings) -> Heard:
    _last()
    digest = hashlib.sha256(path.read_bytes()).digest()
    record = {
        "survey": {"duration": 1.0, "outline": [0.5] * 60},
        "voice": {
            "share": 0.2,
            "peak": 0.4,
            "peak_time": 0.5,
            "curve": [0.1, 0.4, 0.1],
            "duration": 1.0,
            "detector": {},
        },
        "tags": {
            "probabilities": {tag: round(byte / 255, 3) for tag, byte in zip(TAGS, digest, strict=False)},
            "tagger": {"name": "arithmetic"},
        },
    }
    return Heard({part: record[part] for part in parts}, b"mp3" + digest if "survey" in parts else None)


def redefine_clip(*args, **kwargs):
    _last()
    return pipeline.redefine_clip(*args, **kwargs)


def write_sentences(*args, **kwargs):
    _last()
    return pipeline.write_sentences(*args, **kwargs)


def paint_clip(*args, **kwargs):
    _last()
    return pipeline.paint_clip(*args, **kwargs)

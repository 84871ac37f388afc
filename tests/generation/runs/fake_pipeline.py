"""Steps without models: listening is arithmetic and painting gives plain colours; everything else is the product's.

Tests replace the functions in their own process (`install`), worker_app in the workers that tests start. There,
EARSIGHT_TEST_STEP_SECONDS makes each step last that long, EARSIGHT_TEST_COUNT_FILE counts the steps that began, and
EARSIGHT_TEST_SKETCH keeps the sketch painter.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from generation.painting.base import Painted
from generation.runs.steps import by_kind, listen, loaded_models
from generation.runs.steps.listen import ListeningResult

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


def listen_by_arithmetic(path, name, parts, settings, excerpt=None) -> ListeningResult:
    heard = b"" if excerpt is None else str(excerpt).encode()
    digest = hashlib.sha256(path.read_bytes() + heard).digest()
    record = {
        "sound": [],
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
        "redefined_tags": {
            "probabilities": {tag: round(byte / 255, 3) for tag, byte in zip(TAGS, digest[8:], strict=False)},
            "tagger": {"name": "arithmetic of other digits"},
        },
    }
    mp3 = b"mp3" + digest if "survey" in parts else None
    return ListeningResult({part: record[part] for part in (*parts, "sound")}, mp3)


def install(replace: Callable[[object, str, object], None] = setattr) -> None:
    """Replace what needs a model; tests hand in `monkeypatch.setattr`, which puts it back."""
    replace(listen, "listen", listen_by_arithmetic)
    if not os.environ.get("EARSIGHT_TEST_SKETCH"):
        replace(loaded_models, "painter_of", lambda settings: FlatPainter())


def install_in_worker() -> None:
    """Replace what needs a model in a process of its own, and make each step as long as the environment says."""
    install()
    run_step = by_kind.run_step

    def counted_and_long(*args):
        if counted := os.environ.get("EARSIGHT_TEST_COUNT_FILE"):
            with Path(counted).open("a", encoding="ascii") as file:
                file.write("begun\n")
        time.sleep(float(os.environ.get("EARSIGHT_TEST_STEP_SECONDS", "0")))
        return run_step(*args)

    by_kind.run_step = counted_and_long

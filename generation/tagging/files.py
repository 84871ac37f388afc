"""Files of the tagging room: where converted weights are, and writing without partial files."""

import os
from collections.abc import Callable
from pathlib import Path

MUSICNN_WEIGHTS = "MTT_musicnn.safetensors"


def default_weights_folder() -> Path:
    """`weights` under EARSIGHT_DATA (default `var/` in the repository)."""
    data = os.environ.get("EARSIGHT_DATA") or str(Path(__file__).resolve().parents[2] / "var")
    return Path(data) / "weights"


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path` and rename it: a killed process leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)

"""Where converted weights lie, and how files are named in provenance."""

import hashlib
import os
from pathlib import Path


def default_weights_folder() -> Path:
    """`weights` under EARSIGHT_DATA (default `var/` in the repository)."""
    data = os.environ.get("EARSIGHT_DATA") or str(Path(__file__).resolve().parents[2] / "var")
    return Path(data) / "weights"


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

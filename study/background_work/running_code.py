"""Which code a process runs: compared between processes, an old worker beside a new web server is noticed."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings


@cache
def release() -> str:
    """Return Earsight's version, or "unknown" if it runs from a folder that was never installed."""
    try:
        return version("earsight")
    except PackageNotFoundError:
        return "unknown"


@cache
def code_digest() -> str:
    """Return 12 hex characters of a SHA-256 over all modules, as the files were when this process first asked.

    A process that wants to know what it runs itself asks when it starts: an upgrade may replace the files later.
    """
    total = hashlib.sha256()
    root = Path(settings.BASE_DIR)
    for wing in ("analysis", "config", "generation", "study"):
        for path in sorted((root / wing).rglob("*.py")):
            total.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:12]

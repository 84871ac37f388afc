"""Runs validators that live in an environment of their own (`make validators`), because their pins conflict with ours.

If it is missing, tests skip on a laptop and fail on CI.
"""

import subprocess
from pathlib import Path

from tests.services import PATIENCE, missing

ROOT = Path(__file__).resolve().parents[4]
PYTHON = ROOT / ".validators/bin/python"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run that environment's Python, and return what it printed."""
    if not PYTHON.exists():
        missing("The validators of deposits are not installed; run `make validators`.")
    return subprocess.run([PYTHON, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)

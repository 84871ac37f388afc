"""The machine in words, without its name: names of machines tell of people."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path


@cache
def processor() -> str:
    """The processor's model, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def machine() -> dict[str, str]:
    """System and processor."""
    return {"system": f"{platform.system()} {platform.release()}", "processor": processor()}


def has_gpu() -> bool:
    """Whether the system shows a GPU that torch may use, without asking torch; True where one cannot know."""
    if platform.system() != "Linux":
        return True
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))

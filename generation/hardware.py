"""Describe the machine without its host name, which may contain the name of a person."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path


@cache
def processor() -> str:
    """The processor's model, as far as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return model or platform.processor() or platform.machine()


def machine() -> dict[str, str]:
    """System and processor."""
    return {"system": f"{platform.system()} {platform.release()}", "processor": processor()}


def has_gpu() -> bool:
    """Whether the system has a GPU that torch may use, without importing torch; True if that is unknown."""
    if platform.system() != "Linux":
        return True
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))

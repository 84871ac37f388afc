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


@cache
def processor_flags() -> frozenset[str]:
    """The instruction sets that the system reports for the processor; empty where it reports none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    listed = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(listed, "").split())


def bfloat16_instructions() -> str | None:
    """The processor's instructions for bfloat16, or None: then bfloat16 is emulated, slower than float32.

    OpenVINO's own list of capabilities does not answer this: it names BF16 for every processor with AVX-512.
    """
    names = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "bf16": "Arm BF16"}
    return next((name for flag, name in names.items() if flag in processor_flags()), None)


def machine() -> dict[str, str]:
    """System and processor."""
    return {"system": f"{platform.system()} {platform.release()}", "processor": processor()}


def has_gpu() -> bool:
    """Whether the system has a GPU that torch may use, without importing torch; True if that is unknown."""
    if platform.system() != "Linux":
        return True
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))

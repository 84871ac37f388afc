"""Memory that processes hold now, and the processor time that they have taken (Linux)."""

import os
from pathlib import Path


def resident_mib(group: int | None = None) -> float:
    """Return the resident memory in MiB of this process, or of all processes of a process group together."""
    pages = 0
    for entry in Path("/proc").glob("[0-9]*") if group else [Path("/proc/self")]:
        try:
            if group is None or os.getpgid(int(entry.name)) == group:
                pages += int((entry / "statm").read_text().split()[1])
        except OSError:  # the process has ended
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor_seconds(group: int) -> float:
    """Return the processor time in seconds of all processes of a group together, with their ended children."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group:
                ticks += sum(map(int, (entry / "stat").read_text().rpartition(")")[2].split()[11:15]))
        except OSError:  # the process has ended
            continue
    return ticks / os.sysconf("SC_CLK_TCK")

"""End a child process with its parent, also if the parent is killed (Linux; elsewhere the child lives on)."""

import ctypes
import signal
import sys

LIBC = ctypes.CDLL(None)  # loaded here, because loading it between fork and exec may deadlock
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def end_with_parent() -> None:
    """Ask the kernel to send SIGTERM to this process when the thread that started it ends."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

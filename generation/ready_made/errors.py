"""Errors of images that were made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

_FAULTS_SHOWN = 20


class ReadyMadeError(ValueError):
    """An upload cannot be used. `faults` holds every fault with file, row and value; nothing was imported."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        shown = list(self.faults[:_FAULTS_SHOWN])
        if len(self.faults) > _FAULTS_SHOWN:
            shown.append(f"… and {len(self.faults) - _FAULTS_SHOWN} more.")
        super().__init__("\n".join([*shown, "Nothing was imported."]))

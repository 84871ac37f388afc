"""Errors of images that were made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

_FAULTS_SHOWN = 20


class ReadyMadeError(ValueError):
    """An upload cannot be used. `faults` holds every fault with file, row and value; nothing was imported."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        shown = list(self.faults[:_FAULTS_SHOWN])
        if len(self.faults) > _FAULTS_SHOWN:
            shown.append(_("… and %(n)d more.") % {"n": len(self.faults) - _FAULTS_SHOWN})
        super().__init__("\n".join([*shown, _("Nothing was imported.")]))

"""Decode pictures that others made, in a bounded process, and say what was changed in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from generation.painting import picture_process
from generation.painting.colours import BROKEN_EXIF, BROKEN_PROFILE, NO_PROFILE
from generation.painting.errors import PictureError
from generation.painting.picture_files import FURTHER_PICTURES, TOO_MUCH_MEMORY, TOO_MUCH_TIME
from study.bounded_process import BoundedProcess, ProcessEnded

_NAMED = 5


@dataclass(frozen=True)
class StimulusFiles:
    """A picture in the size and format that all stimuli have, and its preview."""

    whole: bytes
    preview: bytes


class Decoder:
    """Decodes pictures one after the other; use it with `with`. `size`: of the stimuli, in pixels."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._process = BoundedProcess(
            picture_process.MODULE, memory=picture_process.MEMORY, seconds=picture_process.SECONDS
        )
        self._remarks: dict[str, list[str]] = {}

    def decode(self, data: bytes, name: str) -> StimulusFiles:
        """Decode a picture's file and normalise it.

        Raises:
            PictureError: it cannot be used; the message has its `name` and what to do.
        """
        try:
            answer, files = self._process.ask({"name": name, "size": self._size}, data)
        except ProcessEnded as error:
            text = TOO_MUCH_TIME if error.reason == "time" else TOO_MUCH_MEMORY
            raise PictureError(_(text), file=name) from error
        if "fault" in answer:
            raise PictureError(_(answer["fault"]), **answer["values"])
        for remark in answer["remarks"]:
            self._remarks.setdefault(remark, []).append(name)
        whole, preview = files
        return StimulusFiles(whole, preview)

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each kind of change, with the files' names."""
        texts = {
            BROKEN_EXIF: _("The EXIF block cannot be read and was left out: %(files)s."),
            FURTHER_PICTURES: _("The file holds further pictures; the first was taken: %(files)s."),
            BROKEN_PROFILE: _("The colour profile cannot be used and was left out: %(files)s."),
            NO_PROFILE: _("CMYK without a colour profile; the colours may differ from print: %(files)s."),
        }
        for remark, text in texts.items():
            names = self._remarks.get(remark, [])
            if names:
                more = ", …" if len(names) > _NAMED else ""
                yield text % {"files": ", ".join(names[:_NAMED]) + more}

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.close()

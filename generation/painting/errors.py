"""How painting can fail, beside the errors that every painter shares. Light: the web may import it."""

from __future__ import annotations

from generation.painting.base import PaintingError


class PainterNotReady(PaintingError):
    """Something is missing before the first picture: weights, a folder, a GPU. Fails for every clip."""


class OutOfMemory(PaintingError):
    """Not even one picture fits into memory."""


class PictureWithheld(PaintingError):
    """A picture came out black: withheld by the model's safety checker, or numbers that overflowed.

    The clip's pictures are all to be painted again from the next seed. `reason` is "safety_checker" or
    "black".
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SeedsExhausted(PaintingError):
    """Every seed of the recorded sequence gave a withheld picture: the clip is for a person to look at."""

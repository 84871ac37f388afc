"""Errors of painting with a model. Imports nothing heavy: the web process uses it."""

from __future__ import annotations

from generation.painting.base import PaintingError


class PainterNotReady(PaintingError):
    """Weights, a folder, a GPU or a library is missing: every clip would fail."""


class ModelRefused(PainterNotReady):
    """A model is there and loads, but it would paint wrongly: its proof failed."""


class EqualPictures(PaintingError):
    """Different prompts of a clip gave one and the same picture, so that its conditions cannot be compared."""


class OutOfMemory(PaintingError):
    """Not even one picture fits into memory."""


class PictureWithheld(PaintingError):
    """A picture came out black: the model's safety checker withheld it, or numbers overflowed.

    All pictures of the clip must be painted again from the next seed. `reason` is "safety_checker" or "black".
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SeedsExhausted(PaintingError):
    """Every seed of the recorded sequence gave a withheld picture: a person must look at the clip."""


class PictureError(ValueError):
    """A picture's file cannot be used; the message names it, the reason and how to fix it.

    `text` is the message with placeholders, for translation, and `values` fill them in; `%(file)s` may come later, from
    those who know the file's name.
    """

    def __init__(self, text: str, **values: str | int) -> None:
        self.text, self.values = text, values
        super().__init__(text % ({"file": "the picture"} | values))


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogue of translations; Django's own function needs Django's settings."""
    return text

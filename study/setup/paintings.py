"""How often a clip's images were painted, and why again. The app that makes images registers what lists it.

Painting again by hand is a choice that the researchers make while they see the images, so the report counts it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models import Study


class RepaintReason(models.TextChoices):
    """Why images were painted again by hand. The keys are stored and exported; they never change."""

    WRONG_SUBJECT = "wrong_subject", _("wrong subject")
    TEXT = "text_in_image", _("text in the image")
    ARTEFACT = "artefact", _("artefact")
    UNSAFE = "unsafe", _("unsafe content")
    OTHER = "other", _("another reason")


@dataclass(frozen=True)
class Painting:
    """One painting of all images of a clip.

    `number`: from 1. The first has no reason. `named`: the keys of the conditions whose image was the reason, if the
    reviewer named any.
    """

    clip: str
    number: int
    reason: str = ""
    note: str = ""
    named: tuple[str, ...] = ()


Lister = Callable[[Study], Iterable[Painting]]
_listers: list[Lister] = []


def register(lister: Lister) -> Lister:
    """Register a function that lists paintings of a study; usable as a decorator."""
    if lister not in _listers:
        _listers.append(lister)
    return lister


def paintings(study: Study) -> list[Painting]:
    """Return every painting of the images of the study's judged clips, by clip and number."""
    return [painting for lister in _listers for painting in lister(study)]

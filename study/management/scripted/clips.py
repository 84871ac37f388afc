"""The clip that a verb is about."""

from collections.abc import Iterable

from study.access import Access
from study.errors import StudyError
from study.management.scripted.command import Given, argument
from study.models import Clip

CLIP = argument("clip", "its number, or the name of its file")


def clip_of(access: Access, given: Given) -> Clip:
    """Return the study's clip that `CLIP` names.

    Raises:
        StudyError: there is none.
    """
    return clip_named(access.study.clips.all(), given["clip"])


def clip_named(clips: Iterable[Clip], text: str) -> Clip:
    """Return the clip of this number or name.

    Raises:
        StudyError: there is none.
    """
    found = next((clip for clip in clips if text in (str(clip.number), clip.name)), None)
    if found is None:
        raise StudyError(f"There is no clip '{text}' in this study: name it by its number or its file.")
    return found

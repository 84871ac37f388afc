"""Translate the errors of listening, tagging, redefinition, writing and painting for a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from generation.errors import RunStopped, ServiceAway, StepFailed
from generation.painting import PaintingError
from generation.painting.errors import PainterNotReady
from generation.redefinition import RedefinitionError, RuleError, prompts
from generation.tagging import TaggingError
from generation.writing import ServiceUnavailable, StopsTheBatch, WritingError
from study.audio_files.errors import AudioError


@contextmanager
def as_generation_error(clip_name: str = "") -> Iterator[None]:
    """Raise `StepFailed` for an error that concerns one clip, `RunStopped` for one that every clip would meet, and
    `ServiceAway` for one that passes."""
    prefix = f"{clip_name}: " if clip_name else ""
    try:
        yield
    except (PainterNotReady, StopsTheBatch, RuleError) as error:
        raise RunStopped(str(error)) from error
    except ServiceUnavailable as error:
        raise ServiceAway(str(error), error.asked) from error
    except (WritingError, PaintingError, RedefinitionError, TaggingError, prompts.TagsDoNotFit) as error:
        raise StepFailed(f"{prefix}{error}") from error
    except AudioError as error:  # its message names the clip
        raise StepFailed(str(error)) from error

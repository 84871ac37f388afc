"""The taggers and the painter of this process: loading one takes long, so those of one study are kept."""

from functools import lru_cache

from django.utils.translation import gettext as _

from generation.errors import RunStopped
from generation.painting import Painter, PainterOptions, build_painter
from generation.runs.steps.content import content_of
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings
from generation.tagging import Tagger, TaggerOptions, TaggingError, build_tagger
from study.digests import canonical_digest


# `content` is the digest of the options and of the files that they name: a replaced file is loaded anew.
@lru_cache(maxsize=2)  # a study may have a second tagger
def _load_tagger(options: TaggerOptions, content: str) -> Tagger:
    try:
        tagger = build_tagger(options)
    except TaggingError as error:  # missing weights: every clip would fail
        raise RunStopped(str(error)) from error
    if canonical_digest(content_of(options)) != content:
        raise RunStopped(
            _("The tagger's files changed while they were read. Start again when they have been copied completely.")
        )
    return tagger


@lru_cache(maxsize=1)
def _load_painter(options: PainterOptions, content: str) -> Painter:
    with as_generation_error():
        painter = build_painter(options)
        # Here, so that settings that the model does not take stop a run before its first sentence is paid.
        check_settings = getattr(painter, "check_settings", None)
        if check_settings is not None:
            check_settings()
        return painter


def tagger_of(settings: GenerationSettings) -> Tagger:
    """Return the tagger that the settings name, from its files as they are now."""
    return _load_tagger(settings.tagger, canonical_digest(content_of(settings.tagger)))


def redefined_tagger_of(settings: GenerationSettings) -> Tagger:
    """Return the second tagger that the settings name, from its files as they are now."""
    second = settings.redefined_tagger
    assert second is not None, "asked for only if the settings name one"
    return _load_tagger(second, canonical_digest(content_of(second)))


def painter_of(settings: GenerationSettings) -> Painter:
    """Return the painter that the settings name, from its files as they are now."""
    return _load_painter(settings.painter, canonical_digest(content_of(settings.painter)))

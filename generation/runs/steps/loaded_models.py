"""The taggers and the painter of this process: loading one takes long, so those of one study are kept."""

from functools import lru_cache

from generation.errors import RunStopped
from generation.painting import Painter, PainterOptions, build_painter
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings
from generation.tagging import Tagger, TaggerOptions, TaggingError, build_tagger


@lru_cache(maxsize=2)  # a study may have a second tagger
def _load_tagger(options: TaggerOptions) -> Tagger:
    try:
        return build_tagger(options)
    except TaggingError as error:  # missing weights: every clip would fail
        raise RunStopped(str(error)) from error


@lru_cache(maxsize=1)
def _load_painter(options: PainterOptions) -> Painter:
    with as_generation_error():
        return build_painter(options)


def tagger_of(settings: GenerationSettings) -> Tagger:
    """Return the tagger that the settings name."""
    return _load_tagger(settings.tagger)


def redefined_tagger_of(settings: GenerationSettings) -> Tagger:
    """Return the second tagger that the settings name."""
    assert settings.redefined_tagger is not None, "asked for only if the settings name one"
    return _load_tagger(settings.redefined_tagger)


def painter_of(settings: GenerationSettings) -> Painter:
    """Return the painter that the settings name."""
    return _load_painter(settings.painter)

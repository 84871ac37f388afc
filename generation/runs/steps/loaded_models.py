"""The tagger and the painter of this process: loading one takes long, so the last one is kept."""

from functools import lru_cache

from generation.errors import RunStopped
from generation.painting import Painter, PainterOptions, build_painter
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings
from generation.tagging import Tagger, TaggerOptions, TaggingError, build_tagger


@lru_cache(maxsize=1)
def _load_tagger(options: TaggerOptions) -> Tagger:
    try:
        return build_tagger(options)
    except TaggingError as error:  # missing weights: every clip would fail
        raise RunStopped(str(error)) from error


@lru_cache(maxsize=1)
def _load_painter(options: PainterOptions) -> Painter:
    with as_generation_error():
        painter = build_painter(options)
        # Here, so that settings that the model does not take stop a run before its first sentence is paid.
        check_settings = getattr(painter, "check_settings", None)
        if check_settings is not None:
            check_settings()
        return painter


def tagger_of(settings: GenerationSettings) -> Tagger:
    """Return the tagger that the settings name."""
    return _load_tagger(settings.tagger)


def painter_of(settings: GenerationSettings) -> Painter:
    """Return the painter that the settings name."""
    return _load_painter(settings.painter)

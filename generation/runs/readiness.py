"""Whether a run can start at all: what would fail for every clip is said once, before anything is begun."""

import os

from django.conf import settings as django_settings

from generation.errors import RunStopped
from generation.hardware import has_gpu
from generation.painting import DiffusersOptions
from generation.painting.errors import PainterNotReady
from generation.settings_model import GenerationSettings
from generation.writing import OpenAIOptions, StopsTheBatch
from generation.writing.hosts import check_host


def is_one_machine() -> bool:
    """Whether workers run where this process does: a broker that is a folder reaches no other machine."""
    return str(django_settings.CELERY_BROKER_URL).startswith("filesystem:")


def check_before_start(settings: GenerationSettings, *, here: bool = False) -> None:
    """Raise what would stop every clip, as far as it can be known in this process without loading a model.

    `here`: the steps are done in this process. Where workers may be on other machines, each of them checks its
    own key and weights when it comes to them, and stops the run with the same message.

    Raises:
        RunStopped: with one message that says how to mend it.
    """
    try:
        if isinstance(settings.writer, OpenAIOptions):
            check_host(settings.writer.base_url, django_settings.WRITER_HOSTS)
        if here or is_one_machine():
            _check_writer(settings)
            if isinstance(settings.painter, DiffusersOptions):
                _check_model(settings.painter)
        if here:
            _check_painter(settings)
    except (StopsTheBatch, PainterNotReady) as error:
        raise RunStopped(str(error)) from error


def _check_writer(settings: GenerationSettings) -> None:
    writer = settings.writer
    if not isinstance(writer, OpenAIOptions):
        return
    if writer.base_url is None and not os.environ.get(writer.key_variable, "").strip():
        raise StopsTheBatch(
            f"No key for the language model: set the environment variable {writer.key_variable} for the workers and "
            "the web process, or choose the template writer."
        )


def _check_model(painter: DiffusersOptions) -> None:
    """Files and GPU, without torch, which a web process may not have."""
    from generation.painting.diffusion.model_files import check_files

    try:
        check_files(painter)
    except ImportError:  # a web host without the workers' libraries: they look themselves
        return
    if painter.device == "cuda" and not has_gpu():
        raise PainterNotReady(
            "The study asks for a GPU and this machine has none: set its device to 'auto' or 'cpu', or run the workers "
            "on a machine with a GPU, with a broker that reaches it."
        )


def _check_painter(settings: GenerationSettings) -> None:
    from generation.runs.pipeline import painter_of

    check_ready = getattr(painter_of(settings), "check_ready", None)
    if check_ready is not None:
        check_ready()

"""Check before a run starts for errors that every clip would meet, so that one message reports them."""

import os

from django.conf import settings as django_settings

from generation.errors import RunStopped
from generation.hardware import has_gpu
from generation.painting import DiffusersOptions
from generation.painting.errors import PainterNotReady
from generation.runs.steps import loaded_models
from generation.settings_model import GenerationSettings
from generation.writing import OpenAIOptions, StopsTheBatch
from generation.writing.hosts import check_host


def is_one_machine() -> bool:
    """Return whether all workers are on this machine: a broker that is a folder reaches no other."""
    return str(django_settings.CELERY_BROKER_URL).startswith("filesystem:")


def check_before_start(settings: GenerationSettings, *, in_process: bool = False) -> None:
    """Check the service's address, the key, the model's files and the GPU, as far as this process can.

    `in_process`: the steps are done in this process, so that its painter may be loaded. Workers on other machines check
    their own key and weights when they need them, and stop the run with the same message.

    Raises:
        RunStopped: every clip would fail; the message says what to do.
    """
    try:
        if isinstance(settings.writer, OpenAIOptions):
            check_host(settings.writer.base_url, django_settings.WRITER_HOSTS)
        if in_process or is_one_machine():
            _check_writer(settings)
            if isinstance(settings.painter, DiffusersOptions):
                _check_model(settings.painter)
        if in_process:
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
    from generation.painting.diffusion.families import what_it_takes
    from generation.painting.diffusion.model_files import check_files, model_folder
    from generation.painting.diffusion.settings_check import check_settings

    try:
        check_settings(painter, what_it_takes(model_folder(painter)))
        check_files(painter)
    except ImportError:  # a web host without the workers' libraries: the workers check
        return
    if has_gpu():
        return
    if painter.device == "cuda":
        raise PainterNotReady(
            "The study asks for a GPU and this machine has none: set its device to 'auto' or 'cpu', or run the workers "
            "on a machine with a GPU, with a broker that reaches it."
        )
    if painter.offload != "none" or painter.weight_format == "4bit":
        raise PainterNotReady(
            "Offloading and 4bit weights need a GPU and this machine has none: set offload to 'none' and weight_format "
            "to 'dtype' or 'fp8', or run the workers on a machine with a GPU, with a broker that reaches it."
        )


def _check_painter(settings: GenerationSettings) -> None:
    check_ready = getattr(loaded_models.painter_of(settings), "check_ready", None)
    if check_ready is not None:
        check_ready()

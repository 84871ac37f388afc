"""Check before a run starts for errors that every clip would meet, so that one message reports them."""

import os
from collections.abc import Iterable

from django.conf import settings as django_settings

from generation.errors import GenerationError, RunStopped
from generation.hardware import has_gpu
from generation.painting import DiffusersOptions
from generation.painting.errors import PainterNotReady
from generation.redefinition import RuleError
from generation.runs.steps import loaded_models
from generation.settings_model import GenerationSettings, sentence_language
from generation.study_files import check_files, rules_of
from generation.writing import OpenAIOptions, StopsTheBatch, WritingError
from generation.writing.content import translate_tags
from generation.writing.hosts import check_host
from generation.writing.prompt_template import load_template
from study.models import Clip, Study

# Text encoders that were trained on English alone.
ENGLISH_ENCODERS = {"CLIPTextModel", "CLIPTextModelWithProjection", "T5EncoderModel"}


def is_one_machine() -> bool:
    """Return whether all workers are on this machine: a broker that is a folder reaches no other."""
    return str(django_settings.CELERY_BROKER_URL).startswith("filesystem:")


def check_tags(study: Study, settings: GenerationSettings, clips: Iterable[Clip]) -> None:
    """Check that prompts in the study's language can have all imported tags, before any sentence is paid for.

    Raises:
        RunStopped: the message names all tags that cannot be used.
    """
    if settings.tag_source == "predicted":
        return
    tags = dict.fromkeys(tag for clip in clips for tag in clip.imported_tags)
    try:
        translate_tags(list(tags), sentence_language(settings), rules_of(study, settings).translations)
    except (WritingError, RuleError) as error:
        raise RunStopped(str(error)) from error


def language_fault(settings: GenerationSettings) -> str | None:
    """Why the painter cannot read the language of the sentences, as far as this process can see; None if it can."""
    if sentence_language(settings) == "en":
        return None
    painter = settings.painter
    if isinstance(painter, DiffusersOptions):
        from generation.painting.diffusion.model_files import components, model_folder, model_index

        try:
            parts = components(model_index(model_folder(painter)))
        except (ImportError, PainterNotReady):  # reported by the other checks, or by the workers
            return None
        encoders = {kind for name, kind in parts.items() if name.startswith("text_encoder")}
        if not encoders <= ENGLISH_ENCODERS:
            return None
        name = f"The model '{painter.model}' ({', '.join(sorted(encoders))})"
    else:
        name = "The sketch painter"
    return (
        f"{name} reads English only: choose English sentences, or a model with a text encoder that reads Korean "
        "(Gemma, Qwen, Llama and the like)."
    )


def check_before_start(settings: GenerationSettings, *, in_process: bool = False) -> None:
    """Check the service's address, the languages, the key, the model's files and the GPU, as far as this process can.

    `in_process`: the steps are done in this process, so that its painter may be loaded. Workers on other machines check
    their own key and weights when they need them, and stop the run with the same message.

    Raises:
        RunStopped: every clip would fail; the message says what to do.
    """
    try:
        if isinstance(settings.writer, OpenAIOptions):
            check_host(settings.writer.base_url, django_settings.WRITER_HOSTS)
            load_template(settings.writer.prompt_template, settings.writer.sentence_language)
            if fault := language_fault(settings):
                raise StopsTheBatch(fault)
        if in_process or is_one_machine():
            _check_writer(settings)
            if isinstance(settings.painter, DiffusersOptions):
                _check_model(settings.painter)
        if in_process:
            _check_painter(settings)
    except (StopsTheBatch, PainterNotReady) as error:
        raise RunStopped(str(error)) from error


def check_own_files(study: Study, settings: GenerationSettings, clips: list[Clip]) -> None:
    """Check the study's own rule file and tables of predictions.

    Raises:
        RunStopped: a file is missing or has a fault, or a table lacks some of `clips`; the message names them.
    """
    try:
        check_files(study, settings, clips)
    except (RuleError, GenerationError) as error:
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

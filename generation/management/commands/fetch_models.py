"""`manage.py fetch_models SLUG`: download what a study's settings need, ahead of time, and prove the painter."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.errors import GenerationError
from generation.models import ClipStep
from generation.painting import DiffusersOptions, PaintingError, build_painter
from generation.painting.base import prove
from generation.painting.errors import ModelRefused
from generation.settings_model import GenerationSettings, settings_of
from generation.tagging import MusicnnOptions, TaggingError, build_tagger
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models import Study

# For a study without clips.
PROMPTS = ("a slow piano piece", "drums, electric guitar, rock")


class Command(EarsightCommand):
    help = "Download the models that a study's generation settings name; without a study, those built in."
    examples = ("my-study --prove", "")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="the study's short name, as in its address")
        parser.add_argument(
            "--prove",
            action="store_true",
            help="load the diffusion model and prove it with prompts of the study, as a worker does before its first "
            "clip; a model that fails ends with status 1",
        )

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        try:
            study = None if slug is None else study_with_slug(slug)
            chosen = GenerationSettings() if study is None else settings_of(study)
            self._tagger(chosen)
            self._painter(chosen)
            if options["prove"]:
                self._prove(chosen, prompts_of(study))
        except ModelRefused as error:
            raise CommandError(str(error), returncode=1) from error
        except (GenerationError, PaintingError, TaggingError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _tagger(self, chosen: GenerationSettings) -> None:
        if isinstance(chosen.tagger, MusicnnOptions):
            from generation.tagging.files import default_weights_folder
            from generation.tagging.musicnn.weights import ensure_weights

            self.stdout.write(f"Tagger musicnn: {ensure_weights(default_weights_folder())}")
        else:
            build_tagger(chosen.tagger)
            self.stdout.write(f"Tagger {chosen.tagger.kind}: its files are there.")

    def _painter(self, chosen: GenerationSettings) -> None:
        if isinstance(chosen.painter, DiffusersOptions):
            from generation.painting.diffusion.adapters import adapter_file
            from generation.painting.diffusion.model_files import fetch_model

            self.stdout.write(f"Painter {chosen.painter.model}: {fetch_model(chosen.painter)}")
            for adapter in chosen.painter.adapter_list:
                self.stdout.write(f"Adapter {adapter.label}: {adapter_file(adapter)}")
        else:
            self.stdout.write("Painter sketch: built in.")

    def _prove(self, chosen: GenerationSettings, prompts: Sequence[str]) -> None:
        painter = build_painter(chosen.painter)
        check_ready = getattr(painter, "check_ready", None)
        if check_ready is not None:
            check_ready()
        proof = prove(painter, prompts)
        if proof is None:
            self.stdout.write("Proof: the sketch painter has no model.")
            return
        tensors = ", ".join(f"{count} tensors of {part}" for part, count in proof["tensors"].items())
        entries = ", ".join(f"{count} entries of {part}" for part, count in proof["vocabularies"].items())
        self.stdout.write(
            f"Proof: {tensors} and {entries} are as they should be; '{proof['prompts'][0]}' and "
            f"'{proof['prompts'][1]}' give different pictures (on average by {proof['difference']:.2f} of 255 levels "
            f"after {proof['steps']} steps)."
        )


def prompts_of(study: Study | None) -> Sequence[str]:
    """Two or more prompts of the study: those written already, else the clips' tags, else two of our own."""
    if study is None:
        return PROMPTS
    results = dict(
        ClipStep.objects.filter(clip__study=study, kind=ClipStep.Kind.REDEFINE, result__isnull=False)
        .order_by("clip__number")
        .values_list("clip_id", "result")[:2]
    ).values()
    prompts = [prompt for result in results for prompt in (result or {}).get("prompts", {}).values()]
    prompts = prompts or [", ".join(clip.imported_tags) for clip in study.clips.all() if clip.imported_tags]
    return prompts if len(set(prompts)) > 1 else [*prompts, *PROMPTS]

"""`manage.py fetch_models SLUG`: download what a study's settings need, ahead of time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.errors import GenerationError
from generation.painting import DiffusersOptions, PaintingError
from generation.settings_model import GenerationSettings, settings_of
from generation.tagging import MusicnnOptions, TaggingError, build_tagger
from study.management.lookup import study_with_slug


class Command(BaseCommand):
    help = "Download the models that a study's generation settings name; without a study, those built in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="the study's short name, as in its address")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        try:
            chosen = self._settings(slug)
            self._tagger(chosen)
            self._painter(chosen)
        except (GenerationError, PaintingError, TaggingError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _settings(self, slug: str | None) -> GenerationSettings:
        if slug is None:
            return GenerationSettings()
        study = study_with_slug(slug)
        return settings_of(study)

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

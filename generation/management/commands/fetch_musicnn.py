"""Download and convert the embedded tagger's weights, once."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.tagging.base import TaggingError
from study.management.arguments import input_file, output_folder
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Fetch musicnn's weights by pinned version and hash, and convert them (once; 29 MB)."
    examples = ("", "--wheel musicnn.whl")
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wheel", type=input_file, help="a copy of the wheel, for a machine without network")
        parser.add_argument(
            "--folder", type=output_folder, help="where they go (default: weights/ under EARSIGHT_DATA)"
        )

    def handle(self, *args: Any, wheel: Path | None, folder: Path | None, **options: Any) -> None:
        from generation.tagging.files import default_weights_folder
        from generation.tagging.musicnn.weights import ensure_weights

        try:
            path = ensure_weights(folder or default_weights_folder(), wheel)
        except (TaggingError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"musicnn's weights: {path}")

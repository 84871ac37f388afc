"""`manage.py import_images SLUG FILE…`: ready-made stimuli, for sets too large for a page."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from generation.errors import GenerationError
from generation.ready_made.uploading import take_upload
from study.management.arguments import path_of
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.tables.errors import message_for_command
from study.untrusted_files.uploads import LocalFile


class Command(EarsightCommand):
    help = (
        "Take images made elsewhere: one zip with a manifest.csv (clip,condition,file), the pictures and the manifest, "
        "or pictures named clip__condition.png. If anything is wrong, nothing is imported."
    )
    examples = ("my-study pictures.zip", "my-study manifest.csv piano.png drums.png")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name, as in its address")
        parser.add_argument("files", nargs="+", type=path_of, metavar="FILE", help="a zip, pictures, a manifest")
        parser.add_argument("--encoding", help="the manifest's encoding, if it is not recognised: cp949, cp1252, …")

    def handle(self, *args: Any, slug: str, files: list[Path], encoding: str | None, **options: Any) -> None:
        study = study_with_slug(slug)
        opened = []
        try:
            opened = [LocalFile(path) for path in files]
            taken = take_upload(study, opened, encoding=encoding)
        except GenerationError as error:
            raise CommandError(message_for_command(error), returncode=2) from error
        finally:
            for file in opened:
                file.close()
        for note in taken.notes:
            self.stderr.write(f"warning: {note}")
        self.stdout.write(f"The images of {taken.clips} clips are in.")

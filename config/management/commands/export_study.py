"""`manage.py export_study SLUG`: write the study as one self-contained zip."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.bundles import export_study
from study.management.arguments import output_file
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models.log import record


class Command(EarsightCommand):
    help = "Write a study's ballots, plan, analysis, report, images and checks into one zip."
    examples = ("my-study --out my-study.zip", "my-study --sounds --out whole-study.zip")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's short name, as in its address")
        parser.add_argument("--out", type=output_file, help="the zip to write (default: SLUG.zip here)")
        parser.add_argument(
            "--sounds", action="store_true", help="add the clips' sounds, if their licence allows it; images are needed"
        )
        parser.add_argument("--no-images", action="store_true", help="leave the images themselves out")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_with_slug(options["slug"])
        path = options["out"] or Path(f"{study.slug}.zip")
        names = export_study(study, path, images=not options["no_images"], sounds=options["sounds"])
        record(study, "downloaded", file=path.name, by="export_study")
        sealed = " Conditions are shown as opaque labels: the study is sealed." if study.is_sealed else ""
        self.stdout.write(f"{path}: {len(names)} files.{sealed}")

"""`manage.py verify_diff OLD NEW`: say what was added since an earlier export, and what disappeared or changed."""

import sys
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from config.bundles import verify_diff
from study.management.arguments import input_file
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Compare two exports of a study: what was added, and whether anything disappeared or changed."
    examples = ("earlier.zip my-study.zip",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "old", type=input_file, help="the earlier export, for example one made while the study was open"
        )
        parser.add_argument("new", type=input_file, help="the later export")

    def handle(self, *args: Any, old: Path, new: Path, **options: Any) -> None:
        for path in (old, new):
            if not zipfile.is_zipfile(path):
                raise CommandError(
                    f"{path} is no zip. Give two zips that export_study wrote, the older one first.",
                    returncode=2,
                )
        found = verify_diff(old, new)
        for text in found.added:
            self.stdout.write(f"added: {text}")
        for text in found.unchecked:
            self.stdout.write(f"not compared: {text}")
        for text in found.faults:
            self.stderr.write(f"WRONG: {text}")
        if found.faults:
            sys.exit(1)
        self.stdout.write("Nothing disappeared and nothing was changed.")

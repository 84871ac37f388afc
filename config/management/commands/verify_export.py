"""`manage.py verify_export BUNDLE`: check that an export is complete, unchanged, and analysed as its ballots say."""

import sys
import zipfile
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from config.bundles import verify_export
from study.management.arguments import input_file
from study.management.command import EarsightCommand
from study.management.published import add_head_arguments, given_heads


class Command(EarsightCommand):
    help = (
        "Check an export: checksums, ballot digests, the chain of the log and what it has fixed, receipts, published "
        "heads; and analyse its ballots again."
    )
    examples = ("my-study.zip", "my-study.zip --heads heads.txt")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bundle", type=input_file, help="the zip that export_study wrote")
        parser.add_argument(
            "--receipt", action="append", default=[], help="a participant's receipt; may be given again"
        )
        add_head_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        heads = given_heads(options)
        try:
            result = verify_export(options["bundle"], options["receipt"], heads)
        except (OSError, zipfile.BadZipFile) as error:
            raise CommandError(
                f"{options['bundle']}: {error}. Give the zip that export_study wrote.", returncode=2
            ) from error
        for text in result.checked:
            self.stdout.write(f"checked: {text}")
        for text in result.unchecked:
            self.stdout.write(f"not checked: {text}")
        for text in result.faults:
            self.stderr.write(f"WRONG: {text}")
        if result.faults:
            sys.exit(1)
        self.stdout.write("Nothing is wrong.")

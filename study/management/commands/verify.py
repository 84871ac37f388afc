"""`manage.py verify [SLUG]`: are log, ballots, answers and exclusions in the database what they were when stored?"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.management.published import add_head_arguments, given_heads
from study.models import Study
from study.published_heads.heads import INSTALLATION
from study.verification import Findings, check_files, check_heads, of_no_chain, verify_installation, verify_study


class Command(EarsightCommand):
    help = (
        "Check the hash chain of the log, ballot digests, commitments, plan and exclusions in the database. "
        "Exits with 1 if something is wrong."
    )
    examples = ("", "my-study --files --heads heads.txt")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="one study (default: all, and the log of the installation)")
        parser.add_argument(
            "--receipt", action="append", default=[], help="a participant's receipt; may be given again"
        )
        parser.add_argument(
            "--files", action="store_true", help="also read every stored clip, sound and image, and compare digests"
        )
        add_head_arguments(parser)

    def handle(self, *args: Any, slug: str | None, receipt: list[str], files: bool, **options: Any) -> None:
        heads = given_heads(options, slug or INSTALLATION)
        studies = [study_with_slug(slug)] if slug else list(Study.objects.order_by("slug"))
        if not studies and receipt:
            raise CommandError("There is no study here, so no receipt can be looked up.", returncode=2)
        unknown, results = receipt, {}
        for study in studies:
            results[study.slug], unknown = verify_study(study, unknown)
            check_heads(study, [one for one in heads if one.slug == study.slug], results[study.slug])
            if files:
                self._check_files(study, results[study.slug])
        if slug is None:
            results["the installation"] = found = verify_installation()
            check_heads(None, [one for one in heads if one.slug == INSTALLATION], found)
            found.faults += of_no_chain(heads, [INSTALLATION, *results])
        for name, found in results.items():
            self._write(name, found)
        for text in unknown:
            self.stderr.write(
                f"WRONG: Receipt {text}: no commitment here is stated by it. Check it letter by letter; "
                "if it is right, the answers or the log were exchanged."
            )
        if unknown or any(found.faults for found in results.values()):
            sys.exit(1)
        self.stdout.write("Nothing is wrong.")

    def _check_files(self, study: Study, found: Findings) -> None:
        try:
            check_files(study, found)
        except OSError as error:
            raise CommandError(f"The stored files cannot be read: {error}", returncode=2) from error

    def _write(self, name: str, found: Findings) -> None:
        self.stdout.write(f"{name}:")
        for text in found.checked:
            self.stdout.write(f"  checked: {text}")
        for text in found.unchecked:
            self.stdout.write(f"  not checked: {text}")
        for text in found.faults:
            self.stderr.write(f"  WRONG: {text}")

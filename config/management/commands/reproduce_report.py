"""`manage.py reproduce_report DEPOSIT`: make the analysis of a deposit again, from the deposit alone, and compare."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from config.bundles.reading import Unreadable
from config.deposits.reproduction.reproducing import MEMORY, Reproduction, badge_page, reproduce
from study.management.arguments import output_file, path_of, whole_number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Make the analysis of a data deposit again, from the deposit alone, in a process without database or settings, "
        "and compare every number."
    )
    examples = ("my-deposit/", "my-deposit.zip --page reproduced.html", "my-deposit.zip --fresh --json found.json")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("deposit", type=path_of, metavar="DEPOSIT", help="the folder or zip that deposit wrote")
        parser.add_argument("--json", type=output_file, metavar="OUT.json", help="write what was found here")
        parser.add_argument("--page", type=output_file, metavar="OUT.html", help="write a page with a badge here")
        parser.add_argument(
            "--fresh",
            action="store_true",
            help="first make a virtual environment with the versions that the deposit names; needs pip's network",
        )

        parser.add_argument(
            "--memory",
            type=whole_number(1, 4096),
            default=MEMORY,
            metavar="GIB",
            help="how much memory the analysis may take, in GiB of address space (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["deposit"]
        if not path.exists():
            raise CommandError(f"{path}: there is no such folder or file.", returncode=2)
        try:
            found = reproduce(path, fresh=options["fresh"], memory=options["memory"])
        except Unreadable as error:
            raise CommandError(f"{path}: {error}", returncode=2) from error
        if options["json"]:
            text = json.dumps(_as_json(found), ensure_ascii=False, indent=1)
            options["json"].write_text(text + "\n", encoding="utf-8")
        if options["page"]:
            options["page"].write_text(badge_page(found), encoding="utf-8")
        for text in found.checked:
            self.stdout.write(f"checked: {text}")
        for name, (stated, here) in found.versions.items():
            if stated != here:
                self.stdout.write(f"note: {name} {stated} made the deposit, {here} made it again.")
        for text in found.unchecked:
            self.stdout.write(f"not checked: {text}")
        for text in (*found.faults, *found.differences):
            self.stderr.write(f"WRONG: {text}")
        if not found.is_reproduced:
            sys.exit(1)
        self.stdout.write("The analysis is reproduced: every number is the same.")


def _as_json(found: Reproduction) -> dict[str, Any]:
    return {
        "reproduced": found.is_reproduced,
        "title": found.title,
        "simulated": found.simulated,
        "at": found.at.isoformat(),
        "checked": found.checked,
        "unchecked": found.unchecked,
        "faults": found.faults,
        "differences": found.differences,
        "versions": {name: {"deposit": stated, "again": here} for name, (stated, here) in found.versions.items()},
        "digests": dict(found.digests),
    }

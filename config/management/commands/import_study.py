"""`manage.py import_study BUNDLE`: take in a study that another installation has exported."""

import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import CommandError

from config.bundles.taking_in import BundleRefused, take_in
from study.management.arguments import input_file
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Take in a study that export_study wrote elsewhere: a closed one with its answers, analysis and report, or a "
        "draft to be continued. All of it is checked first; it is taken in whole or not at all."
    )
    examples = ("study.zip --owner anna", "study.zip --owner anna --json")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bundle", type=input_file, help="the zip that export_study wrote")
        parser.add_argument("--owner", required=True, help="the account to which the study will belong here")
        parser.add_argument("--json", action="store_true", help="print one JSON object, also of a refusal")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._take_in(options)
        except CommandError as error:
            if options["json"]:
                faults = list(getattr(error.__cause__, "faults", ()))
                self._print({"error": str(error)} | ({"problems": faults} if faults else {}))
            raise

    def _take_in(self, options: dict[str, Any]) -> None:
        users = get_user_model().objects
        owner = users.filter(username=options["owner"], is_active=True).first()
        if owner is None:
            known = ", ".join(users.filter(is_active=True).values_list("username", flat=True)[:10]) or "none"
            raise CommandError(f"There is no account '{options['owner']}'. Accounts here: {known}.", returncode=2)
        try:
            taken_in = take_in(options["bundle"], owner=owner)
        except BundleRefused as error:
            for fault in error.faults:
                self.stderr.write(f"WRONG: {fault}")
            raise CommandError(str(error), returncode=1 if error.faults else 2) from error
        study = taken_in.study
        if options["json"]:
            self._print({"slug": study.slug, "status": study.status, "notes": list(taken_in.notes)})
            return
        self.stdout.write(f"{options['bundle']}: taken in as the study {study.slug}, {study.status}.")
        for note in taken_in.notes:
            self.stdout.write(note)

    def _print(self, content: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2))

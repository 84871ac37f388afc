"""`manage.py enforce_retention [--dry-run]`: erase what is over its time; the daily task does the same."""

from argparse import ArgumentParser
from typing import Any

from study.management.command import EarsightCommand
from study.participants.retention import enforce_retention
from study.setup.trash import empty_trash, over_their_day


class Command(EarsightCommand):
    help = "Erase what is kept for a time only (docs/privacy.md), and record the numbers in the log."
    examples = ("--dry-run",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be erased, and erase nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        deleted = over_their_day().count() if dry_run else empty_trash()
        if deleted:
            self.stdout.write(f"installation: deletions that could be undone {deleted}")
        found = enforce_retention(dry_run=dry_run)
        for row in found:
            where = row.study.slug if row.study else "installation"
            self.stdout.write(f"{where}: {row}")
        if not found and not deleted:
            self.stdout.write("Nothing is over its time.")
        elif dry_run:
            self.stdout.write("Nothing was erased: this was a dry run.")

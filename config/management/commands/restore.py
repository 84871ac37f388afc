"""`manage.py restore IN`: check a backup, and put database, stored files and secret key back."""

import logging
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.db import DatabaseError

from config.backups.errors import BackupError
from config.backups.restore import check_backup, restore_backup
from config.backups.unfinished import unfinished_restore
from study.management.command import EarsightCommand

logger = logging.getLogger(__name__)


class Command(EarsightCommand):
    help = (
        "Restore a backup into an empty installation; web and workers must not run. "
        "Exits with 1 if it is restored and something needs a look, with 2 if it is not restored."
    )
    examples = ("/mnt/backups --check", "/mnt/backups --replace")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", help="a backup, or the place of backups, of which the newest is taken")
        parser.add_argument("--check", action="store_true", help="check all its files, and change nothing")
        parser.add_argument(
            "--replace", action="store_true", help="this installation is not empty: move aside what is here"
        )

    def handle(self, *args: Any, backup: str, check: bool, replace: bool, **options: Any) -> None:
        def say(text: str) -> None:
            self.stdout.write(f"  {text}")

        if left := unfinished_restore():
            self.stderr.write(left)
        try:
            if check:
                made = check_backup(backup, say)
                self.stdout.write(f"{made.name} is whole.")
                return
            result = restore_backup(backup, replace=replace, say=say)
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from error
        except (OSError, DatabaseError) as error:  # a storage or a database that is away
            said = unfinished_restore() or "Nothing was changed."
            raise CommandError(f"The restore stopped: {error} {said}", returncode=2) from error
        except Exception as error:  # 1 would say that it is restored
            logger.exception("The restore failed")
            said = unfinished_restore() or "Nothing was changed."
            raise CommandError(f"The restore stopped: {type(error).__name__}: {error}. {said}", returncode=2) from error
        for text in result.done:
            self.stdout.write(text)
        for text in result.problems:
            self.stderr.write(text)
        self.stdout.write(f"{result.manifest.name} is restored. Everybody has to sign in again.")
        if result.problems:
            sys.exit(1)

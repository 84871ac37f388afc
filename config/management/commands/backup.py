"""`manage.py backup OUT`: back up database, stored files, heads of the logs and secret key to a folder or a bucket."""

import logging
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.db import DatabaseError

from config.backups.errors import BackupError
from config.backups.manifest import SECRET_KEY
from config.backups.rotation import Keep
from config.backups.write import make_backup
from study.management.arguments import whole_number
from study.management.command import EarsightCommand

logger = logging.getLogger(__name__)


class Command(EarsightCommand):
    help = (
        "Back up the whole installation while it runs. Stored files that the place has already are not sent again. "
        "Exits with 1 if the backup was made and something needs a look, with 2 if none was made."
    )
    examples = ("/mnt/backups --keep-daily 7 --keep-weekly 5", "s3://our-backups/earsight --keep 10")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", help="a folder on another disk, or s3://bucket/prefix")
        parser.add_argument(
            "--keep", type=whole_number(0, 1_000_000), metavar="N", help="keep the newest N, delete older ones"
        )
        parser.add_argument(
            "--keep-daily",
            type=whole_number(0, 1_000_000),
            metavar="N",
            help="keep the newest of each of the last N days",
        )
        parser.add_argument("--keep-weekly", type=whole_number(0, 1_000_000), metavar="N", help="the same of weeks")
        parser.add_argument("--keep-monthly", type=whole_number(0, 1_000_000), metavar="N", help="the same of months")
        parser.add_argument("--no-media", action="store_true", help="the database alone, without stored files")
        parser.add_argument(
            "--take-over",
            action="store_true",
            help="use the place of another installation, because this one replaces it for good",
        )

    def handle(self, *args: Any, out: str, no_media: bool, take_over: bool, **options: Any) -> None:
        numbers = [options[name] for name in ("keep", "keep_daily", "keep_weekly", "keep_monthly")]
        keep = None if all(number is None for number in numbers) else Keep(*(number or 0 for number in numbers))
        try:
            result = make_backup(
                out, keep=keep, media=not no_media, take_over=take_over, say=lambda text: self.stdout.write(f"  {text}")
            )
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from error
        except (OSError, DatabaseError) as error:  # a storage or a database that is away
            raise CommandError(f"No backup was made: {error}", returncode=2) from error
        except Exception as error:  # 1 would say that it is made
            logger.exception("The backup failed")
            raise CommandError(f"No backup was made: {type(error).__name__}: {error}", returncode=2) from error
        made = result.manifest
        self.stdout.write(f"{made.name}: {made.size / 2**20:,.1f} MiB, of which {result.sent / 2**20:,.1f} MiB are new")
        for name in result.deleted:
            self.stdout.write(f"deleted: {name}")
        if SECRET_KEY not in made.files:
            self.stdout.write("The secret key is not in it: keep EARSIGHT_SECRET_KEY elsewhere.")
        for text in result.problems:
            self.stderr.write(text)
        if result.problems:
            sys.exit(1)

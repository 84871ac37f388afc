"""`manage.py audit_blinding STUDY`: can anything except the pixels reveal the condition?"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from study.blinding_audit.audit import audit_study
from study.errors import StudyError
from study.management.arguments import web_address, whole_number
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug


class Command(EarsightCommand):
    help = (
        "Visit the survey as pilots, by several browsers and in every state of its pages, collect all that can be "
        "observed except the pixels, and bet on the condition of each image. What wins too much is a leak: exit "
        "status 1."
    )
    examples = ("my-study", "my-study --participants 48 --all")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument(
            "--participants", type=whole_number(8, 10_000), default=24, help="number of pilots (default 24)"
        )
        parser.add_argument(
            "--trials",
            type=whole_number(1, 10_000),
            help="trials that each pilot looks at closely (default: enough to see each clip)",
        )
        parser.add_argument("--url", type=web_address, help="a running server (default: in this process)")
        parser.add_argument("--all", action="store_true", help="also list the channels that won most")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_with_slug(options["slug"])
        try:
            report = audit_study(
                study, people=options["participants"], trials=options["trials"], base_url=options["url"] or ""
            )
        except (StudyError, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"{report.people} people saw {report.images} images; {report.channels:,} channels were tried."
        )
        for channel in report.reported:
            # The size of an image file depends on its pixels, so it may reveal the condition as the picture itself may.
            self.stdout.write(f"  {channel.name}: {channel.example}; this follows from the pixels and is no leak")
        for channel in report.best if options["all"] else ():
            self.stdout.write(f"  {channel.name}: {channel.example}")
        if report.passed:
            self.stdout.write("Nothing but the pixels reveals the condition.")
            return
        for part in report.differing_files:
            self.stdout.write(f"LEAK {part}")
        for channel in report.leaks:
            self.stdout.write(f"LEAK {channel.name}: {channel.example}")
        raise CommandError(f"{len(report.findings)} channels reveal the condition.", returncode=1)

"""`manage.py doctor`: check that what is set works, and name what does not."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from config.health.alarms import NotTold, tell_operators, tell_those_who_run_studies
from config.health.doctor import examine
from config.health.finding import Level
from study.management.arguments import number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Check database, broker, workers, files, clocks, secrets, mail and backups. One line for each check: what was "
        "found and what to do. Exit status: 0 without faults, 1 with one, 2 if the mail could not be sent."
    )
    examples = ("", "--mail --quiet")
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
        parser.add_argument("--quiet", action="store_true", help="print warnings and faults only")
        parser.add_argument(
            "--mail",
            action="store_true",
            help="mail the operators once when a fault begins and once when it is over, and those who run a study "
            "what they want to be told; for a timer or cron",
        )
        parser.add_argument(
            "--seconds",
            type=number(above=0, most=600),
            default=15,
            help="the longest time that a check may take (default: 15)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(options["seconds"])
        if options["json"]:
            self.stdout.write(json.dumps({name: vars(one) for name, one in findings.items()}, indent=2))
        else:
            width = max(map(len, findings))
            for name, one in findings.items():
                if one.level is Level.OK and options["quiet"]:
                    continue
                mend = f" → {one.mend}" if one.mend else ""
                self.stdout.write(f"{one.level.value:8} {name:{width}} {one.found}{mend}")
        if options["mail"]:
            try:
                tell_those_who_run_studies()
                tell_operators(findings)
            except NotTold as error:
                raise CommandError(str(error), returncode=2) from error
        bad = {Level.FAULT, Level.WARNING} if options["strict"] else {Level.FAULT}
        if any(one.level in bad for one in findings.values()):
            sys.exit(1)

"""`manage.py audit_table TABLE.csv`: is a published table of weighted scores possible?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from analysis.statistics.errors import StatisticsError
from analysis.statistics.table_audit import audit_table
from analysis.tables.command_options import ENCODING_HELP, check_output, parse_claims, parse_factors
from analysis.tables.errors import TableError
from analysis.tables.score_table import audit_json, read_score_table
from study.management.arguments import input_file, output_file, whole_number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Audit a published table of weighted scores: rows are conditions, columns items."
    examples = ("scores.csv --respondents 30",)
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", type=input_file, metavar="TABLE.csv", help="condition,item1,…[,printed_total]")
        parser.add_argument(
            "--respondents", type=whole_number(0, 10**9), help="how many people answered (else 1 to 120 are tried)"
        )
        parser.add_argument("--factors", help="high levels: redefined=a,b;sentence=b,d")
        parser.add_argument("--claim", action="append", default=[], metavar="NAME=NUMBER", help="a number to find")
        parser.add_argument("--allow-same", action="store_true", help="a ballot may name one image twice")
        parser.add_argument("--encoding", help=ENCODING_HELP)
        parser.add_argument("--json", type=output_file, metavar="OUT.json", help="write the result here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_output(options["json"], options["table"])
            table, notes = read_score_table(options["table"], encoding=options["encoding"])
            audit = audit_table(
                table,
                respondents=options["respondents"],
                factors=parse_factors(options["factors"]),
                claims=parse_claims(options["claim"]),
                allow_same=options["allow_same"],
            )
        except (TableError, StatisticsError) as error:
            raise CommandError(str(error), returncode=2) from error
        for note in notes:
            self.stderr.write(f"warning: {note}")
        text = json.dumps(audit_json(audit), allow_nan=False, ensure_ascii=False, indent=1)
        if options["json"]:
            options["json"].write_text(text + "\n", encoding="utf-8")
        else:
            self.stdout.write(text)

"""`manage.py analyze BALLOTS.csv`: analyse any study's ballots, also one run elsewhere."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.statistics.analysis import analyse
from analysis.statistics.errors import StatisticsError
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.ballot_table import read_ballots
from analysis.tables.command_options import (
    ENCODING_HELP,
    check_output,
    parse_conditions,
    parse_factors,
    parse_weights,
)
from analysis.tables.errors import TableError
from analysis.tables.result_json import to_json


class Command(BaseCommand):
    help = "Analyse a ballots CSV: scores, tests, Plackett–Luce, sensitivity. Prints JSON without --json."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ballots", metavar="BALLOTS.csv", help="participant,clip,first,second and more")
        parser.add_argument("--weights", default="3,1", help="points of first and second choice (3,1)")
        parser.add_argument("--conditions", help="condition keys in their order: a,b,…")
        parser.add_argument("--factors", help="high levels: redefined=a,b;sentence=b,d")
        parser.add_argument("--reference", help="the condition with log worth 0")
        parser.add_argument("--json", metavar="OUT.json", help="write the result here")
        parser.add_argument("--report", metavar="OUT_DIR", help="write the report here")
        parser.add_argument("--encoding", help=ENCODING_HELP)
        parser.add_argument("--seed", type=int, default=0, help="seed of bootstrap and permutations (0)")
        parser.add_argument("--draws", type=int, default=10_000, help="bootstrap draws (10000)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_output(options["json"], options["ballots"])
            plan = AnalysisPlan(
                weights=parse_weights(options["weights"]),
                factors=parse_factors(options["factors"]),
                reference=options["reference"],
                seed=options["seed"],
                draws=options["draws"],
            )
            conditions = parse_conditions(options["conditions"])
            table = read_ballots(options["ballots"], conditions, encoding=options["encoding"])
            result = analyse(table.ballots, plan, n_excluded=table.n_excluded, with_excluded=table.all_ballots)
        except (TableError, StatisticsError) as error:
            raise CommandError(str(error), returncode=2) from error
        data = to_json(result)
        data["warnings"] = [*table.notes, *data["warnings"]]
        if options["report"]:
            _write_report(data, Path(options["ballots"]).stem, Path(options["report"]))
        text = json.dumps(data, allow_nan=False, ensure_ascii=False, indent=1)
        if options["json"]:
            _write(Path(options["json"]), text + "\n")
        elif not options["report"]:
            self.stdout.write(text)
        for text in data["warnings"]:
            self.stderr.write(f"warning: {text}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}.", returncode=2) from error


def _write_report(data: dict[str, Any], title: str, out_dir: Path) -> None:
    # Imported here: document formats are slow to load, and only a report needs them.
    from analysis.report import ReportContext, write_report
    from analysis.study_results.csv_analysis import software_versions

    try:
        write_report(data, out_dir, ReportContext(title=title, versions=software_versions()))
    except OSError as error:
        raise CommandError(f"{out_dir}: cannot be written: {error}.", returncode=2) from error

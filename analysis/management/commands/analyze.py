"""`manage.py analyze ANSWERS.csv`: analyse any study's choices, ratings, pairs or ranks, also of one run elsewhere."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from analysis.statistics.analysis import SECOND_CHOICES, analyse
from analysis.statistics.errors import StatisticsError
from analysis.statistics.pairs import TIE_KEY
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.study_results.long_analysis import analyse_long_table
from analysis.tables.ballot_table import BallotTable, read_ballots
from analysis.tables.command_options import (
    ENCODING_HELP,
    check_output,
    parse_conditions,
    parse_factors,
    parse_moderators,
    parse_rank_points,
    parse_weights,
)
from analysis.tables.errors import TableError
from analysis.tables.long_tables import (
    ANSWERS,
    BALLOTS,
    LongOptions,
    TableForm,
    check_options,
    check_options_of_answers,
    form_of,
    read_long_table,
)
from analysis.tables.person_columns import cut_groups
from analysis.tables.rating_scales import parse_scales
from analysis.tables.result_json import to_json
from analysis.tables.survey_exports.download import mapped_ballots, mapping_template
from study.management.arguments import input_file, number, output_file, output_folder, whole_number
from study.management.command import EarsightCommand

if TYPE_CHECKING:
    from analysis.report.files.typesetting import Typesetting


class Command(EarsightCommand):
    help = "Analyse a table of choices, ratings, pairs or ranks: scores, tests, worths. Prints JSON without --json."
    examples = (
        "ballots.csv --json analysis.json --report report/",
        "ratings.csv --scale 1-7 --primary-question match",
        "pairs.csv --tie equal --report report/",
        "download.csv --map-template map.yaml",
        "download.csv --map map.yaml --json analysis.json",
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "ballots",
            type=input_file,
            metavar="ANSWERS.csv",
            help="participant,clip and: first,second; question,condition,value; left,right,chosen; rank_1,rank_2,…; or "
            "the answers.csv of a study",
        )
        parser.add_argument("--weights", help="points of first and second choice (3,1)")
        parser.add_argument("--points", help="points of more than two ranks: 3,2,1")
        parser.add_argument(
            "--scale",
            action="append",
            default=[],
            metavar="QUESTION=LOW-HIGH",
            help="ends of a scale of ratings, match=1-7, or of all, 1-7; 0-10:any if every number between is an answer",
        )
        parser.add_argument("--tie", metavar="WORD", help="the word for a tie in the column 'chosen' (tie)")
        parser.add_argument(
            "--primary-question", metavar="QUESTION", help="the question of the primary contrast (the first one)"
        )
        parser.add_argument("--conditions", help="condition keys in their order: a,b,…")
        parser.add_argument("--factors", help="high levels: redefined=a,b;sentence=b,d")
        parser.add_argument("--reference", help="the condition with log worth 0")
        parser.add_argument(
            "--second-choice",
            choices=SECOND_CHOICES,
            help="optional: the primary test uses first choices alone (required)",
        )
        parser.add_argument(
            "--smallest", type=number(), help="the smallest difference worth having, in points an answer"
        )
        parser.add_argument("--clips-per-participant", type=whole_number(1, 10**6), help="clips in each person's plan")
        parser.add_argument(
            "--moderators", help="columns with groups of people, numbers with where groups begin: device,age:30:50"
        )
        parser.add_argument("--json", type=output_file, metavar="OUT.json", help="write the result here")
        parser.add_argument("--report", type=output_folder, metavar="OUT_DIR", help="write the report here")
        parser.add_argument("--encoding", help=ENCODING_HELP)
        parser.add_argument(
            "--map",
            type=input_file,
            metavar="MAP.yaml",
            help="BALLOTS.csv is a survey tool's download (.csv, .xlsx): which columns are people, clips and images",
        )
        parser.add_argument(
            "--map-template", type=output_file, metavar="MAP.yaml", help="write a first guess for --map and stop"
        )
        parser.add_argument(
            "--ballots-out", type=output_file, metavar="OUT.csv", help="with --map: also write the ballots here"
        )
        parser.add_argument("--seed", type=whole_number(), default=0, help="seed of bootstrap and permutations (0)")
        parser.add_argument("--draws", type=whole_number(1, 10**9), default=10_000, help="bootstrap draws (10000)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["map_template"]:
            self._write_template(options)
            return
        with ExitStack() as stack:
            typesetting = None
            if options["report"]:
                from analysis.report.files.typesetting import Typesetting  # as in `_write_report`

                # Its process loads fonts while the ballots are analysed.
                typesetting = stack.enter_context(Typesetting())
            data = _analyse(options)
            if typesetting:
                _write_report(data, options["ballots"].stem, options["report"], typesetting)
        text = json.dumps(data, allow_nan=False, ensure_ascii=False, indent=1)
        if options["json"]:
            options["json"].write_text(text + "\n", encoding="utf-8")
        elif not options["report"]:
            self.stdout.write(text)
        for text in data["warnings"]:
            self.stderr.write(f"warning: {text}")

    def _write_template(self, options: Mapping[str, Any]) -> None:
        path = options["map_template"]
        if path.exists():
            raise CommandError(f"{path}: is there already; give another name, or delete it.", returncode=2)
        try:
            text = mapping_template(options["ballots"], encoding=options["encoding"])
        except TableError as error:
            raise CommandError(str(error), returncode=2) from error
        path.write_text(text, encoding="utf-8")
        self.stdout.write(
            f"{path}: a first guess. Check it, write the condition of each answer into it, then: "
            f"manage.py analyze {options['ballots']} --map {path}"
        )


def _analyse(options: Mapping[str, Any]) -> dict[str, Any]:
    """The analysis JSON, with what the reader of the table noted among the warnings."""
    try:
        check_output(options["json"], options["ballots"])
        form = TableForm(BALLOTS) if options["map"] else form_of(options["ballots"], options["encoding"])
        check_options(form, options)
        plan = AnalysisPlan(
            weights=parse_weights(options["weights"] or "3,1"),
            factors=parse_factors(options["factors"]),
            reference=options["reference"],
            seed=options["seed"],
            draws=options["draws"],
            second_choice=options["second_choice"] or "required",
            smallest=options["smallest"],
            clips_per_participant=options["clips_per_participant"],
        )
        cuts = parse_moderators(options["moderators"])
        if form.kind == BALLOTS:
            return _of_ballots(options, plan, cuts)
        long_options = LongOptions(
            conditions=parse_conditions(options["conditions"]),
            scales=parse_scales(options["scale"]),
            points=parse_rank_points(options["points"]),
            tie=options["tie"] or TIE_KEY,
            encoding=options["encoding"],
            moderators=tuple(cuts),
        )
        table = read_long_table(options["ballots"], form, long_options)
        if form.kind == ANSWERS:
            check_options_of_answers(table, options)
        return analyse_long_table(table, plan, primary=options["primary_question"] or "", cuts=cuts)
    except (TableError, StatisticsError) as error:
        raise CommandError(str(error), returncode=2) from error


def _of_ballots(
    options: Mapping[str, Any], plan: AnalysisPlan, cuts: Mapping[str, tuple[float, ...]]
) -> dict[str, Any]:
    """First and second choices."""
    table, notes = _read(options, parse_conditions(options["conditions"]), tuple(cuts))
    result = analyse(
        table.ballots,
        plan,
        n_excluded=table.n_excluded,
        with_excluded=table.all_ballots,
        moderators=cut_groups(table.groups(), cuts),
        n_known=table.n_known,
        without_known=table.without_known,
    )
    data = to_json(result)
    data["warnings"] = [*notes, *table.notes, *data["warnings"]]
    return data


def _read(
    options: Mapping[str, Any], conditions: tuple[str, ...] | None, moderators: tuple[str, ...]
) -> tuple[BallotTable, tuple[str, ...]]:
    """The ballots, and what was noted while a survey tool's download became ballots."""
    out, mapping = options["ballots_out"], options["map"]
    if not mapping:
        if out:
            raise TableError(f"--ballots-out {out} goes with --map; without it the ballots are as they are.")
        return read_ballots(options["ballots"], conditions, encoding=options["encoding"], moderators=moderators), ()
    for place in (out, options["json"]):
        check_output(place, options["ballots"])
        check_output(place, mapping)
    found, notes = mapped_ballots(options["ballots"], mapping, encoding=options["encoding"])
    with TemporaryDirectory() as folder:
        path = out or Path(folder) / f"ballots of {options['ballots'].stem}.csv"
        path.write_text(found.csv(), encoding="utf-8")
        return read_ballots(path, conditions, verbatim=True, moderators=moderators), notes


def _write_report(data: dict[str, Any], title: str, out_dir: Path, typesetting: Typesetting) -> None:
    # Imported here: document formats are slow to load, and only a report needs them.
    from analysis.report import ReportContext, write_report
    from analysis.study_results.software import software_versions

    write_report(data, out_dir, ReportContext(title=title, versions=software_versions()), typesetting=typesetting)

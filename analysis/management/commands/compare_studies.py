"""`manage.py compare_studies SOURCE…`: one effect in several studies, with what a new study would find."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from study.errors import StudyError
from study.management.arguments import output_file, output_folder, path_of, whole_number
from study.management.command import EarsightCommand

LANGUAGES = ("en", "ko")


class Command(EarsightCommand):
    help = "Compare one effect over several studies: exports, deposits, analysis JSON, published tables of scores."
    examples = (
        "first.zip second.zip replication/ --json comparison.json",
        "--study first --study second scores.csv --measure worth --report comparison/",
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "sources",
            nargs="*",
            type=path_of,
            metavar="SOURCE",
            help="an export or deposit (zip or folder), the JSON of analyze, or a table condition,item1,…",
        )
        parser.add_argument(
            "--study", action="append", default=[], metavar="SLUG", help="a closed study of this installation"
        )
        parser.add_argument(
            "--contrast", default="", help="such as redefined (the one that most of them have); no interactions"
        )
        parser.add_argument("--measure", default="", choices=("points", "worth", "rating", "share"), help="in what")
        parser.add_argument("--question", default="", metavar="KEY", help="the scale or question, of several")
        parser.add_argument(
            "--population", default="new", choices=("new", "these"), help="for new clips, or each study's own (new)"
        )
        parser.add_argument("--method", default="reml", choices=("reml", "dl", "fixed"), help="how to combine (reml)")
        parser.add_argument(
            "--respondents", type=whole_number(1, 2_000), help="who answered a published table, if its text says so"
        )
        parser.add_argument("--json", type=output_file, metavar="OUT.json", help="write the result here")
        parser.add_argument("--report", type=output_folder, metavar="OUT_DIR", help="write tables and figures here")
        parser.add_argument("--language", default="en", choices=LANGUAGES, help="of the report (en)")

    def handle(self, *args: Any, **options: Any) -> None:
        # Imported here: every command is loaded for the list of them, and this needs SciPy.
        from analysis.comparison.comparing import compare
        from analysis.comparison.errors import SourceRefused
        from analysis.comparison.files import read_source
        from analysis.comparison.files_of_comparison import comparison_json, write_comparison
        from analysis.comparison.matching import Choice

        self._check(options)
        try:
            sources = [_of_study(slug) for slug in options["study"]]
            sources += [read_source(path, path.name, respondents=options["respondents"]) for path in options["sources"]]
        except SourceRefused as error:
            raise CommandError(str(error), returncode=2) from error
        choice = Choice(
            contrast=options["contrast"],
            measure=options["measure"],
            question=options["question"],
            population=f"{options['population']} clips",
        )
        found = compare(sources, choice, options["method"])
        text = comparison_json(found)
        if options["report"]:
            write_comparison(found, options["report"], options["language"])
        if options["json"]:
            options["json"].write_bytes(text)
        elif not options["report"]:
            self.stdout.write(text.decode().rstrip("\n"))
        self._warn(found)

    def _check(self, options: dict[str, Any]) -> None:
        if len(options["study"]) + len(options["sources"]) < 2:
            raise CommandError("name at least two studies or files to compare.", returncode=2)
        for path in options["sources"]:
            if not path.exists():
                raise CommandError(f"{path}: there is no such file.", returncode=2)
            if options["json"] and options["json"].resolve() == path.resolve():
                raise CommandError(f"{path}: this is a source itself; give the result another name.", returncode=2)

    def _warn(self, found: dict[str, Any]) -> None:
        """Say who is left out and what cannot be carried; end with status 1 if nothing could be combined."""
        from analysis.comparison.files_of_comparison import with_words

        said = with_words(found)
        for row in said["left_out"]:
            self.stderr.write(f"left out: {row['name']}: {row['text']}")
        for text in said["cautions"]:
            self.stderr.write(f"caution: {text}")
        if found["combined"] is None:
            raise CommandError(said["answer"][0], returncode=1)


def _of_study(slug: str) -> Any:
    from analysis.comparison.effects import STUDY
    from analysis.comparison.source_facts import source_of
    from analysis.comparison.study_sources import study_facts
    from study.models import Study

    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise CommandError(f"There is no study {slug}.", returncode=2)
    try:
        facts = study_facts(study)
    except StudyError as error:
        raise CommandError(f"{slug}: {error}", returncode=2) from error
    return source_of(facts["name"], STUDY, facts["digest"], facts["result"], facts["facts"], slug=slug)

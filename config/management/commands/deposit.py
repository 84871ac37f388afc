"""`manage.py deposit SLUG OUT`: write a closed study as a data deposit, to be uploaded to a repository."""

from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.deposits.checking import found_in
from config.deposits.facts import publication_facts, save_publication_facts
from config.deposits.persons import Finding
from config.deposits.tables.study_tables import Tables
from config.deposits.writing import DepositRefused, write_deposit, zip_deposit
from config.deposits.written_texts import is_written_text
from study.console.downloads import DOWNLOADED
from study.jobs.files import work_folder
from study.management.arguments import path_of
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models import Study
from study.models.log import record


class Command(EarsightCommand):
    help = (
        "Write a closed study as a data deposit: tidy tables with a codebook, images, analysis, report, and metadata "
        "in the formats of repositories. What might point to a person is named first."
    )
    examples = (
        "my-study my-deposit/",
        "my-study my-deposit.zip --leave-out participants.csv:before_age",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study's short name, as in its address")
        parser.add_argument(
            "out", type=path_of, metavar="OUT", help="a folder that is empty or not there yet, or a .zip that is not"
        )
        parser.add_argument("--zip", action="store_true", help="write a zip, whatever OUT is called")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="KEY",
            help="keep what was found under this key: somebody has read it, and it points to nobody; stays so",
        )
        parser.add_argument(
            "--leave-out",
            action="append",
            default=[],
            metavar="KEY",
            help="leave this column out, participants.csv:before_age; stays so",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study, out = study_with_slug(options["slug"]), options["out"]
        _remember(study, options["accept"], options["leave_out"])
        notes: list[Finding] = []
        try:
            if options["zip"] or out.suffix.lower() == ".zip":
                names = _write_zip(study, out, notes)
            else:
                names = list(write_deposit(study, out, notes=notes))
        except DepositRefused as error:
            raise CommandError("\n".join(error.reasons), returncode=2) from error
        record(study, DOWNLOADED, file=out.name, by="deposit")
        for finding in notes:
            self.stderr.write(f"note: {finding.where}: {finding.what}")
        self.stdout.write(f"{out}: {len(names)} files.")


def _write_zip(study: Study, out: Path, notes: list[Finding]) -> list[str]:
    if out.exists():
        raise CommandError(f"{out}: is there already; give another name, or delete it.", returncode=2)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f"{out.name}.part")
    try:
        with scratch.open("wb") as file, work_folder() as folder:
            names = list(zip_deposit(study, file, folder, notes=notes))
        scratch.replace(out)
    finally:
        scratch.unlink(missing_ok=True)
    return names


def _remember(study: Study, accepted: list[str], left_out: list[str]) -> None:
    """Store what is kept and what is left out with the study's publication facts."""
    facts = publication_facts(study)
    if left_out:
        _check(Tables(study, left_out).left_out, Tables(study).can_be_left_out(), "--leave-out")
        facts = replace(facts, left_out=(*facts.left_out, *left_out))
        save_publication_facts(study, facts)
    if accepted := [key for key in accepted if key not in facts.kept]:
        files = [key for key in accepted if is_written_text(key)]
        _check(accepted, [*(finding.accept_as for finding in found_in(study)), *files], "--accept")
        save_publication_facts(study, replace(facts, kept=(*facts.kept, *accepted)))


def _check(keys: Iterable[str], known: list[str], option: str) -> None:
    for key in sorted(keys):
        if key not in known:
            raise CommandError(f"{option} {key}: write one of: {', '.join(known) or 'there is none'}.", returncode=2)

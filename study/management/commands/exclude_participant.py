"""`manage.py exclude_participant SLUG CODE --reason "…" [--undo]`: leave answers out of the analysis."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from study.errors import StudyError
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.participants.exclusion import set_exclusion


class Command(EarsightCommand):
    help = (
        "Leave a participant's answers out of the analysis (or include them again); they stay in every export, marked."
    )
    examples = ('my-study r0007 --reason "answered for a friend"', 'my-study r0007 --reason "it was a mistake" --undo')

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the study")
        parser.add_argument("code", help="the participant as ballots.csv names them: r0007")
        parser.add_argument("--reason", required=True, help="for the log and the report")
        parser.add_argument("--undo", action="store_true", help="include the participant again")

    def handle(self, *args: Any, slug: str, code: str, reason: str, undo: bool, **options: Any) -> None:
        study = study_with_slug(slug)
        try:
            set_exclusion(study, code, reason, excluded=not undo)
        except StudyError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{code} is {'included again' if undo else 'left out'}. Analyse again to update the results.")

"""manage.py simulate SLUG --participants N [--rehearse]: simulated people answer through the real survey."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse

from analysis.study_results import analyses
from analysis.study_results.report_files import report_files
from config.rehearsals.copies import answer_and_analyse, open_simulated_copy
from config.rehearsals.truth import effects_in_words, true_effects
from study.errors import StudyError
from study.instruments.of_study import instrument_of
from study.management.arguments import number, output_folder, web_address, whole_number
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models import Study
from study.simulation.answering import Habits
from study.simulation.people import simulate_participants
from study.simulation.preferences import PreferenceModel
from study.simulation.transports import OverHttp


class Command(EarsightCommand):
    help = (
        "Let simulated people answer a study through its pages. In a study marked as simulated they are its "
        "participants; in any other they are pilots and never mix with real people. With --rehearse they answer a copy "
        "that is marked as simulated, and the copy is closed and analysed; the study itself stays as it is."
    )
    examples = ("my-study --participants 3", "my-study --participants 30 --rehearse --report rehearsal/")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument("--participants", type=whole_number(1, 100_000), required=True, help="how many people")
        parser.add_argument("--seed", type=whole_number(), default=0, help="of tastes and choices (default 0)")
        parser.add_argument(
            "--drop-out", type=number(0, 1), default=0.0, help="share of people who leave before the end"
        )
        parser.add_argument(
            "--person-sd",
            type=number(0, 10),
            default=PreferenceModel.person_sd,
            help=f"spread of tastes between people ({PreferenceModel.person_sd:g})",
        )
        parser.add_argument(
            "--clip-sd",
            type=number(0, 10),
            default=PreferenceModel.clip_sd,
            help=f"spread of tastes between clips ({PreferenceModel.clip_sd:g})",
        )
        parser.add_argument(
            "--worth",
            action="append",
            default=[],
            help="utilities by condition key, key=1.0,key=0.2 (default: by factor levels); with QUESTION: before them "
            "those that one question or scale sees; can be given several times",
        )
        parser.add_argument(
            "--ties",
            type=number(0, 100),
            default=Habits.tie,
            help=f"of pairs, Davidson's ν: {Habits.tie:g} makes one of five pairs of equal images a tie (default)",
        )
        parser.add_argument(
            "--rating-noise",
            type=number(0, 1),
            default=Habits.noise,
            help=f"spread of a person's ratings, as a share of the scale ({Habits.noise:g})",
        )
        parser.add_argument(
            "--cannot-say",
            type=number(0, 0.9),
            default=Habits.cannot_say,
            help=f"share of “cannot say” on scales that offer it ({Habits.cannot_say:g})",
        )
        parser.add_argument("--rehearse", action="store_true", help="go on to the report, in a copy of the study")
        parser.add_argument(
            "--report", type=output_folder, help="with --rehearse: a folder to write the report's files to"
        )
        parser.add_argument("--url", type=web_address, help="a running server (default: in this process)")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_with_slug(options["slug"])
        if options["report"] and not options["rehearse"]:
            raise CommandError("--report needs --rehearse: only a rehearsal ends with a report.", returncode=2)
        worths = self._worths(study, options["worth"])
        model = PreferenceModel(
            worth=worths.pop("", None),
            worths=worths,
            person_sd=options["person_sd"],
            clip_sd=options["clip_sd"],
            habits=Habits(tie=options["ties"], noise=options["rating_noise"], cannot_say=options["cannot_say"]),
        )
        how: dict[str, Any] = {"model": model, "drop_out": options["drop_out"], "base_url": options["url"] or ""}
        rng = np.random.default_rng(options["seed"])
        try:
            if options["url"]:
                OverHttp(options["url"]).connection.close()  # before a copy is made that nobody could answer
            if options["rehearse"]:
                self._rehearse(study, options["participants"], options["report"], rng, how)
                self._print_truth(study, model)
                return
            people = simulate_participants(study, options["participants"], rng, **how)
        except (StudyError, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        done = sum(person.status == "completed" for person in people)
        kind = people[0].get_kind_display() if people else ""
        self.stdout.write(f"{len(people)} {kind} participants, {done} of them complete.")
        self._print_truth(study, model)

    def _rehearse(
        self, study: Study, people: int, folder: Path | None, rng: np.random.Generator, how: dict[str, Any]
    ) -> None:
        """Rehearse the study, print where the copy's results are, and write the report's files to the folder."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)  # before minutes of work
        try:
            copy = open_simulated_copy(study)
        except StudyError as error:
            raise CommandError(f"“{study.title}” cannot be rehearsed: {error}", returncode=2) from error
        answer_and_analyse(copy, people, self.stdout.write, rng=rng, **how)
        analysis = analyses.latest(copy)
        if analysis is None or analysis.result is None:
            failed = analyses.newest(copy)
            problem = failed.error if failed is not None else "there is no analysis"
            raise CommandError(f"The answers of “{copy.title}” could not be analysed: {problem}", returncode=2)
        done = copy.participants.filter(status="completed").count()
        self.stdout.write(
            f"{copy.participants.count()} simulated participants, {done} of them complete: “{copy.title}”."
        )
        self.stdout.write(f"Results   {settings.BASE_URL}{reverse('study_results', args=[copy.slug])}")
        if folder is not None:
            for name, content in report_files(analysis):
                (folder / name).write_bytes(content)
            self.stdout.write(f"Report    {folder / 'report-en.html'}")

    def _print_truth(self, study: Study, model: PreferenceModel) -> None:
        """Print the effects that the answers have, so that an analysis can be held against them."""
        self.stdout.write("What they let expect over many people and clips:")
        for line in effects_in_words(study, true_effects(study, model)):
            self.stdout.write(f"  {line}")

    def _worths(self, study: Study, texts: list[str]) -> dict[str, dict[str, float]]:
        """Return the utilities by question or scale; those for all have an empty key."""
        worths: dict[str, dict[str, float]] = {}
        known = list(instrument_of(study).keys())
        for text in filter(None, texts):
            question, colon, rest = text.rpartition(":")
            if colon and question not in known:
                raise CommandError(
                    f"--worth: the study has no question '{question}'; it has {', '.join(known)}.", returncode=2
                )
            worths.setdefault(question, {}).update(self._worth(study, rest))
        return worths

    def _worth(self, study: Study, text: str) -> dict[str, float]:
        keys = set(study.conditions.values_list("key", flat=True))
        worth = {}
        for part in text.split(","):
            key, sign, value = part.partition("=")
            if not sign or key not in keys:
                raise CommandError(
                    f"--worth: '{part}' is not KEY=NUMBER with one of the conditions {', '.join(sorted(keys))}.",
                    returncode=2,
                )
            try:
                worth[key] = number(-20, 20)(value)  # e²⁰ : 1 is as good as always
            except ArgumentTypeError as error:
                raise CommandError(f"--worth: {error}.", returncode=2) from error
        return worth

"""manage.py simulate SLUG --participants N: simulated people answer through the real survey."""

from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from study.errors import StudyError
from study.management.lookup import study_with_slug
from study.models import Study
from study.simulation.people import simulate_participants
from study.simulation.preferences import PreferenceModel


class Command(BaseCommand):
    help = (
        "Let simulated people answer a study through its pages. In a study marked as simulated they are its "
        "participants; in any other they are pilots and never mix with real people."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name")
        parser.add_argument("--participants", type=int, required=True, help="how many people")
        parser.add_argument("--seed", type=int, default=0, help="of tastes and choices (default 0)")
        parser.add_argument("--drop-out", type=float, default=0.0, help="share of people who leave before the end")
        parser.add_argument("--person-sd", type=float, default=PreferenceModel.person_sd)
        parser.add_argument("--clip-sd", type=float, default=PreferenceModel.clip_sd)
        parser.add_argument(
            "--worth",
            default="",
            help="utilities by condition key, key=1.0,key=0.2 (default: by factor levels)",
        )
        parser.add_argument("--url", default="", help="a running server (default: in this process)")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_with_slug(options["slug"])
        if options["participants"] < 1 or not 0 <= options["drop_out"] <= 1:
            raise CommandError("Ask for at least one participant and a drop-out between 0 and 1.", returncode=2)
        model = PreferenceModel(
            worth=self._worth(study, options["worth"]),
            person_sd=options["person_sd"],
            clip_sd=options["clip_sd"],
        )
        try:
            people = simulate_participants(
                study,
                options["participants"],
                np.random.default_rng(options["seed"]),
                model=model,
                drop_out=options["drop_out"],
                base_url=options["url"],
            )
        except (StudyError, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        done = sum(person.status == "completed" for person in people)
        kind = people[0].get_kind_display() if people else ""
        self.stdout.write(f"{len(people)} {kind} participants, {done} of them complete.")

    def _worth(self, study: Study, text: str) -> dict[str, float] | None:
        if not text:
            return None
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
                worth[key] = float(value)
            except ValueError as error:
                raise CommandError(f"--worth: '{value}' is no number.", returncode=2) from error
        return worth

"""`manage.py power`: how likely is the primary test to find an effect, and are people or clips lacking?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis.statistics.errors import StatisticsError
from analysis.statistics.power import power
from analysis.tables.command_options import parse_weights
from analysis.tables.result_json import plain


class Command(BaseCommand):
    help = "Power of the primary test (new clips) by simulation, with its Monte Carlo error and advice."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, default=30, help="people (30)")
        parser.add_argument("--clips", type=int, default=6, help="clips (6)")
        parser.add_argument("--share", type=float, default=0.59, help="head-to-head share won (0.59)")
        parser.add_argument("--sd-participants", type=float, default=0.8, help="spread between people (0.8)")
        parser.add_argument("--sd-clips", type=float, default=0.7, help="spread between clips (0.7)")
        parser.add_argument("--weights", default="3,1", help="points of first and second choice (3,1)")
        parser.add_argument("--alpha", type=float, default=0.05, help="level of the test (0.05)")
        parser.add_argument("--simulations", type=int, default=2_000, help="simulated studies (2000)")
        parser.add_argument("--seed", type=int, default=0, help="seed (0)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = power(
                options["participants"],
                options["clips"],
                options["share"],
                sd_participants=options["sd_participants"],
                sd_clips=options["sd_clips"],
                weights=parse_weights(options["weights"]),
                alpha=options["alpha"],
                simulations=options["simulations"],
                seed=options["seed"],
            )
        except StatisticsError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(plain(found), allow_nan=False, indent=1))
            return
        self.stdout.write(f"Assumed: {found.effect}.\n")
        for cell in found.cells:
            margin = 1.96 * cell.monte_carlo_se
            self.stdout.write(
                f"{cell.participants:6d} participants × {cell.clips:3d} clips: power {cell.power:.2f} ± {margin:.2f}"
            )
        self.stdout.write(found.advice)

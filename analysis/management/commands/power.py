"""`manage.py power`: how likely is the primary test to find an effect, and how many people and clips does it need?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.report.analysis_json import value_at
from analysis.statistics.errors import DesignError, StatisticsError
from analysis.statistics.planning import Assumptions, StudyPlan, plan_study, power_of_plan, smallest_effect
from analysis.statistics.power import Power
from analysis.tables.command_options import parse_numbers, parse_weights
from analysis.tables.result_json import plain
from study.management.arguments import input_file, number, whole_number
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Power of the primary test (new clips) by simulation, with its Monte Carlo error and advice; the smallest "
        "effect that the design finds; with --plan, the fewest people for each number of clips."
    )
    examples = ("--participants 30 --clips 12", "--plan --target 0.9")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=whole_number(1, 10**9), default=30, help="people (30)")
        parser.add_argument("--clips", type=whole_number(1, 10**9), default=6, help="clips (6)")
        parser.add_argument("--share", type=number(0.01, 0.99), default=0.59, help="head-to-head share won (0.59)")
        parser.add_argument("--sd-participants", type=number(0, 10), default=0.8, help="spread between people (0.8)")
        parser.add_argument("--sd-clips", type=number(0, 10), default=0.7, help="spread between clips (0.7)")
        parser.add_argument(
            "--spreads-from",
            type=input_file,
            metavar="ANALYSIS.json",
            help="take both spreads from a finished study's analysis",
        )
        parser.add_argument("--weights", default="3,1", help="points of first and second choice (3,1)")
        parser.add_argument("--conditions", type=whole_number(1, 10**9), default=4, help="number of conditions (4)")
        parser.add_argument("--high", default="1,2", help="numbers of the conditions on the high side (1,2)")
        parser.add_argument("--low", help="numbers of those on the low side (all others)")
        parser.add_argument(
            "--clips-per-participant", type=whole_number(1, 10**9), help="clips that a person judges (all)"
        )
        parser.add_argument("--drop-out", type=number(), default=0.0, help="share of people who leave halfway (0)")
        parser.add_argument("--target", type=number(), default=0.8, help="wanted power (0.8)")
        parser.add_argument("--plan", action="store_true", help="the fewest people for each number of clips")
        parser.add_argument("--alpha", type=number(), default=0.05, help="level of the test (0.05)")
        parser.add_argument(
            "--simulations", type=whole_number(1, 10**9), default=2_000, help="simulated studies (2000)"
        )
        parser.add_argument("--seed", type=whole_number(), default=0, help="seed (0)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            assumed = _assumptions(options)
            aims = {"target": options["target"], "seed": options["seed"]}
            found = power_of_plan(
                assumed, options["participants"], options["clips"], simulations=options["simulations"], **aims
            )
            smallest = None
            if options["clips"] >= FEWEST_CLIPS:
                smallest = smallest_effect(assumed, options["participants"], options["clips"], **aims)
            backwards = plan_study(assumed, **aims) if options["plan"] else None
        except StatisticsError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            data = plain(found) | {"smallest_effect": smallest, "plan": plain(backwards)}
            self.stdout.write(json.dumps(data, allow_nan=False, indent=1))
            return
        self._write_power(found, smallest, options["target"])
        if backwards is not None:
            self._write_plan(backwards)

    def _write_power(self, found: Power, smallest: float | None, target: float) -> None:
        self.stdout.write(f"Assumed: {found.effect}.\n")
        for cell in found.cells:
            margin = 1.96 * cell.monte_carlo_se
            self.stdout.write(
                f"{cell.participants:6d} participants × {cell.clips:3d} clips: power {cell.power:.2f} ± {margin:.2f}"
            )
        self.stdout.write(found.advice)
        if smallest is not None:
            self.stdout.write(
                f"The smallest effect that this design finds with power {target:g}: {100 * smallest:.0f} of 100 "
                "head-to-head choices."
            )

    def _write_plan(self, backwards: StudyPlan) -> None:
        self.stdout.write(f"\nThe fewest people for power {backwards.target:g}:")
        for clips, design in backwards.designs:
            if design is None:
                self.stdout.write(f"{clips:6d} clips: no number of people is enough")
            else:
                self.stdout.write(
                    f"{clips:6d} clips: {design.participants} people, {design.answers} answers a person, "
                    f"{design.ballots} in all"
                )
        if (best := backwards.recommended) is not None and backwards.checked is not None:
            self.stdout.write(
                f"A good choice: {best.participants} people and {best.clips} clips; power "
                f"{backwards.checked.power:.2f} ± {1.96 * backwards.checked.monte_carlo_se:.2f} by simulation."
            )


FEWEST_CLIPS = 5


def _assumptions(options: Mapping[str, Any]) -> Assumptions:
    """The assumptions of the options. Raises DesignError."""
    k = options["conditions"]
    high = tuple(number - 1 for number in parse_numbers("high", options["high"]))
    low = tuple(number for number in range(k) if number not in high)
    if options["low"] is not None:
        low = tuple(number - 1 for number in parse_numbers("low", options["low"]))
    sd_participants, sd_clips = options["sd_participants"], options["sd_clips"]
    if options["spreads_from"]:
        sd_participants, sd_clips = _spreads(options["spreads_from"])
    assumed = Assumptions(
        share=options["share"],
        sd_participants=sd_participants,
        sd_clips=sd_clips,
        weights=parse_weights(options["weights"]),
        conditions=k,
        high=high,
        low=low,
        clips_per_participant=options["clips_per_participant"],
        drop_out=options["drop_out"],
        alpha=options["alpha"],
    )
    assumed.check()
    return assumed


def _spreads(path: Path) -> tuple[float, float]:
    """The spreads of the random effects in an analysis JSON."""
    try:
        block = value_at(json.loads(path.read_text(encoding="utf-8")), "random_effects")
    except (OSError, ValueError) as error:
        raise DesignError(f"{path}: cannot be read as the JSON of `analyze` ({error}).") from error
    if not value_at(block, "converged"):
        raise DesignError(f"{path}: this analysis has no fitted random effects; give the spreads yourself.")
    return float(block["sd_participants"]), float(block["sd_clips"])

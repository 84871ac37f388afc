"""`manage.py power`: how likely is the primary test to find an effect, and how many people and clips does it need?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from analysis.statistics.assumed_choices import AssumedChoices
from analysis.statistics.assumed_pairs import AssumedPairs
from analysis.statistics.assumed_ratings import AssumedRatings
from analysis.statistics.assumed_studies import AssumedStudy
from analysis.statistics.errors import DesignError, StatisticsError
from analysis.statistics.planning import StudyPlan, plan_study, smallest_effect
from analysis.statistics.power import Power, power_of_plan
from analysis.statistics.rating_scales import usual_ratings
from analysis.study_results.finished_spreads import spreads_of_choices, spreads_of_ratings
from analysis.tables.command_options import parse_numbers, parse_points
from analysis.tables.result_json import plain
from study.management.arguments import input_file, number, whole_number
from study.management.command import EarsightCommand

KINDS = ("choose", "pair", "rate")
SCALES = {"5": (1, 5), "7": (1, 7), "9": (1, 9), "slider": (0, 100)}
NUMBERS_OF_KIND = {
    "choose": ("share", "sd_participants", "sd_clips"),
    "pair": ("share", "sd_participants", "sd_clips", "ties", "pairs_per_clip"),
    "rate": ("difference", "sd_participants", "sd_clips", "sd_residual"),
}
ONLY_FOR = {
    "share": ("choose", "pair"),
    "weights": ("choose",),
    "ties": ("pair",),
    "pairs_per_clip": ("pair",),
    "difference": ("rate",),
    "scale": ("rate",),
    "sd_residual": ("rate",),
    "question": ("rate",),
}


class Command(EarsightCommand):
    help = (
        "Power of the primary test (new clips) by simulation, for choices, pairs or ratings, with its Monte Carlo "
        "error and advice; the smallest effect that the design finds; with --plan, the fewest people for each number "
        "of clips."
    )
    examples = (
        "--participants 30 --clips 12",
        "--plan --target 0.9",
        "--kind rate --scale 7 --difference 0.4 --clips 20",
        "--kind pair --ties 0.2 --pairs-per-clip 3",
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=whole_number(1, 10**9), default=30, help="people (30)")
        parser.add_argument("--clips", type=whole_number(1, 10**9), default=6, help="clips (6)")
        parser.add_argument("--kind", choices=KINDS, default="choose", help="what people do with the images (choose)")
        parser.add_argument(
            "--share", type=number(0.01, 0.99), help="choose, pair: the effect, as head-to-head share won (0.59)"
        )
        parser.add_argument(
            "--difference", type=number(), help="rate: the effect, as difference of mean ratings (a twelfth of it)"
        )
        parser.add_argument("--scale", choices=SCALES, help="rate: steps of the scale, or slider for 0 to 100 (7)")
        parser.add_argument(
            "--sd-participants", type=number(0, 100), help="spread between people (0.8; rate: a twelfth of the scale)"
        )
        parser.add_argument(
            "--sd-clips", type=number(0, 100), help="spread between clips (0.7; rate: a tenth of the scale)"
        )
        parser.add_argument(
            "--sd-residual", type=number(0, 100), help="rate: spread between answers (a fifth of the scale)"
        )
        parser.add_argument(
            "--spreads-from",
            type=input_file,
            metavar="ANALYSIS.json",
            help="take the spreads from a finished study's analysis",
        )
        parser.add_argument("--question", help="rate: which scale of that analysis (the one that its plan names)")
        parser.add_argument(
            "--weights", help="choose: points of the first, second and each further choice (3,1); one number a choice"
        )
        parser.add_argument("--ties", type=number(0, 0.95), help="pair: share of ties between equally good images (0)")
        parser.add_argument(
            "--pairs-per-clip", type=whole_number(1, 15), help="pair: pairs of a clip that a person compares (all)"
        )
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
            data = plain(assumed.as_numbers()) | plain(found) | {"smallest_effect": smallest, "plan": plain(backwards)}
            self.stdout.write(json.dumps(data, allow_nan=False, indent=1))
            return
        self._write_power(found, None if smallest is None else assumed.effect_with_unit(smallest), options["target"])
        if backwards is not None:
            self._write_plan(backwards)

    def _write_power(self, found: Power, smallest: str | None, target: float) -> None:
        self.stdout.write(f"Assumed: {found.effect}.\n")
        for cell in found.cells:
            margin = 1.96 * cell.monte_carlo_se
            self.stdout.write(
                f"{cell.participants:6d} participants × {cell.clips:3d} clips: power {cell.power:.2f} ± {margin:.2f}"
            )
        self.stdout.write(found.advice)
        if smallest is not None:
            self.stdout.write(f"The smallest effect that this design finds with power {target:g}: {smallest}.")

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


def _assumptions(options: Mapping[str, Any]) -> AssumedStudy:
    """The assumptions of the options. Raises DesignError."""
    kind = options["kind"]
    _check_kind(kind, options)
    k = options["conditions"]
    high = tuple(number - 1 for number in parse_numbers("high", options["high"]))
    low = tuple(number for number in range(k) if number not in high)
    if options["low"] is not None:
        low = tuple(number - 1 for number in parse_numbers("low", options["low"]))
    given = {name: options[name] for name in NUMBERS_OF_KIND[kind] if options[name] is not None}
    design = {
        "conditions": k,
        "high": high,
        "low": low,
        "clips_per_participant": options["clips_per_participant"],
        "drop_out": options["drop_out"],
        "alpha": options["alpha"],
    }
    analysis = options["spreads_from"]
    assumed: AssumedStudy
    if kind == "rate":
        lowest, highest = SCALES[options["scale"] or "7"]
        if analysis:
            given |= spreads_of_ratings(analysis, options["question"], (lowest, highest))
        numbers = usual_ratings(lowest, highest) | given
        assumed = AssumedRatings(lowest=lowest, highest=highest, **numbers, **design)
    else:
        if analysis:
            given |= spreads_of_choices(analysis)
        if kind == "pair":
            assumed = AssumedPairs(**given, **design)
        else:
            assumed = AssumedChoices(weights=parse_points(options["weights"] or "3,1"), **given, **design)
    assumed.check()
    return assumed


def _check_kind(kind: str, options: Mapping[str, Any]) -> None:
    """Raise DesignError for an option of another kind of question."""
    for name, kinds in ONLY_FOR.items():
        if options[name] is not None and kind not in kinds:
            option = name.replace("_", "-")
            raise DesignError(f"--{option} goes with --kind {' or '.join(kinds)}, not with --kind {kind}.")
    if options["question"] is not None and not options["spreads_from"]:
        raise DesignError("--question names a scale of a finished analysis; name its file with --spreads-from.")

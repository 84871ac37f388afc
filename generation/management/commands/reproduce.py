"""`manage.py reproduce STIMULUS`: paint a stimulus again from its provenance alone, and compare."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pydantic import ValidationError

from generation.painting import PaintingError, normalise
from generation.painting.picture_files import open_picture
from generation.painting.provenance import Provenance
from generation.painting.reproduce import reproduce
from study.management.arguments import output_file, whole_number
from study.management.command import EarsightCommand
from study.models import Stimulus


class Command(EarsightCommand):
    help = (
        "Paint a stimulus again from its provenance, together with the others of its clip, and report whether it is "
        "bit-identical, visually identical, or different in what (then the exit status is 1)."
    )
    examples = ("12", "12 --save again.png --json")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stimulus", type=whole_number(1), help="the stimulus's number, as the clip's page shows it")
        parser.add_argument("--save", type=output_file, metavar="FILE.png", help="keep the picture painted again")
        parser.add_argument("--json", action="store_true", help="the verdict as JSON on standard output")

    def handle(self, *args: Any, stimulus: int, save: Path | None, **options: Any) -> None:
        row = Stimulus.objects.select_related("clip__study", "condition").filter(pk=stimulus).first()
        if row is None:
            raise CommandError(f"There is no stimulus {stimulus}.", returncode=2)
        if row.painter == "uploaded" or not row.provenance:
            raise CommandError(
                f"Stimulus {stimulus} was not painted here, so there is nothing to paint it from.",
                returncode=2,
            )
        try:
            provenance = Provenance.model_validate(row.provenance)
            again = reproduce(provenance)
        except ValidationError as error:
            raise CommandError(f"The provenance of stimulus {stimulus} is damaged: {error}", returncode=2) from error
        except PaintingError as error:
            raise CommandError(str(error), returncode=2) from error
        from generation.painting.comparison import compare_images  # SciPy: not before it is needed

        painted = normalise.normalise(again.image, row.width or again.image.width)
        with row.image.open("rb") as file:
            stored = file.read()
        verdict = compare_images(open_picture(stored).image, open_picture(painted).image)
        if save is not None:
            save.write_bytes(painted)
        changed = {name: list(pair) for name, pair in again.changed.items()}
        if options["json"]:
            result = {
                "stimulus": stimulus,
                "verdict": verdict.verdict,
                "measure": verdict.measure,
                "differences": list(verdict.differences),
                "changed": changed,
                "same_file": normalise.digest(painted) == row.image_digest,
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(f"Stimulus {stimulus}: {verdict.verdict} ({verdict.measure}).")
            for difference in verdict.differences:
                self.stdout.write(f"  different in {difference}")
            for name, (then, now) in changed.items():
                self.stdout.write(f"  {name}: {then} then, {now} now")
        if verdict.verdict == "different":
            raise CommandError(f"Stimulus {stimulus} came out different.", returncode=1)

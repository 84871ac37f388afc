"""Command-line options that choose a store of audio and its labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

if TYPE_CHECKING:
    from generation.tagging.labelled_audio import LabelledAudio


def add_data_arguments(parser: CommandParser) -> None:
    parser.add_argument("--store", type=Path, required=True, help="made by prepare_magnatagatune")
    parser.add_argument("--annotations", type=Path, required=True, help="annotations_final.csv or a redefined copy")
    parser.add_argument("--top", type=int, default=50, help="the most frequent tags that occur (default 50)")
    parser.add_argument(
        "--untagged",
        choices=["keep", "drop"],
        default="keep",
        help="clips with none of these tags, in every split (default keep, as the published CLMR; both are counted)",
    )


def labelled_audio(options: dict[str, Any]) -> "LabelledAudio":
    """Return the data that the arguments name; CommandError (2) for a number of tags below one."""
    from generation.tagging.labelled_audio import LabelledAudio

    if options["top"] < 1:
        raise CommandError(f"--top: must be at least 1, not {options['top']}", returncode=2)
    return LabelledAudio(options["store"], options["annotations"], options["top"], options["untagged"])

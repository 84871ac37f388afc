"""Command-line options that choose a store of audio and its labels."""

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from study.management.arguments import input_file, input_folder, whole_number

if TYPE_CHECKING:
    from generation.tagging.labelled_audio import LabelledAudio


def add_data_arguments(parser: CommandParser) -> None:
    parser.add_argument("--store", type=input_folder, required=True, help="made by prepare_magnatagatune")
    parser.add_argument(
        "--annotations", type=input_file, required=True, help="annotations_final.csv or a redefined copy"
    )
    parser.add_argument(
        "--top", type=whole_number(1, 10_000), default=50, help="the most frequent tags that occur (default 50)"
    )
    parser.add_argument(
        "--untagged",
        choices=["keep", "drop"],
        default="keep",
        help="clips with none of these tags, in every split (default keep, as the published CLMR; both are counted)",
    )


def labelled_audio(options: dict[str, Any]) -> "LabelledAudio":
    """Return the data that the arguments name."""
    from generation.tagging.labelled_audio import LabelledAudio

    return LabelledAudio(options["store"], options["annotations"], options["top"], options["untagged"])

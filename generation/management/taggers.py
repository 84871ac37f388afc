"""Command-line options that choose a tagger."""

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from generation.hardware import processor
from generation.tagging import ClmrOptions, MusicnnOptions, Tagger, TaggingError, build_tagger
from study.management.arguments import input_file


def add_tagger_arguments(parser: CommandParser) -> None:
    parser.add_argument("--tagger", choices=["musicnn", "clmr"], default="musicnn", help="default musicnn")
    parser.add_argument("--checkpoint", type=input_file, metavar="ENCODER", help="clmr: the encoder's checkpoint")
    parser.add_argument("--head", type=input_file, help="clmr: the head's checkpoint")
    parser.add_argument("--tags", type=input_file, metavar="TAGS.txt", help="clmr: the head's tags, one per line")
    parser.add_argument("--thresholds", type=input_file, help="per tag, as evaluate_tagger --json wrote them")
    parser.add_argument(
        "--runtime", choices=["auto", "torch", "openvino"], default="auto", help="clmr only (default auto)"
    )
    parser.add_argument(
        "--precision",
        choices=["auto", "float32", "bfloat16"],
        default="auto",
        help="clmr only: bfloat16 is used where the processor has instructions for it (default auto)",
    )


def tagger_options(options: dict[str, Any]) -> MusicnnOptions | ClmrOptions:
    """Return the tagger's options from the arguments; CommandError (2) if they do not fit together."""
    thresholds = None if options["thresholds"] is None else str(options["thresholds"])
    given = [name for name in ("checkpoint", "head", "tags") if options[name] is not None]
    if options["tagger"] == "musicnn":
        if given:
            raise CommandError(f"--{given[0]} belongs to --tagger clmr", returncode=2)
        return MusicnnOptions(thresholds=thresholds)
    if not (options["checkpoint"] and options["head"]):
        raise CommandError("--tagger clmr needs --checkpoint ENCODER and --head HEAD", returncode=2)
    return ClmrOptions(
        encoder=str(options["checkpoint"]),
        head=str(options["head"]),
        tags=None if options["tags"] is None else str(options["tags"]),
        thresholds=thresholds,
        runtime=options["runtime"],
        precision=options["precision"],
    )


def tagger_from(options: dict[str, Any], out: OutputWrapper | None = None) -> Tagger:
    """Build the tagger that the arguments name, and write to `out` what computes it; CommandError (2) if it fails."""
    try:
        tagger = build_tagger(tagger_options(options))
    except TaggingError as error:
        raise CommandError(str(error), returncode=2) from error
    if out and "runtime" in tagger.identity:
        out.write(f"{tagger.name} computes with {tagger.identity['runtime']}, on {processor()}.")
    return tagger

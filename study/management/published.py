"""Published heads as arguments of commands: `--heads FILE` and `--head NUMBER:HEAD`."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management import CommandError

from study.management.arguments import input_file
from study.published_heads.heads import Head, NoHead, parse_head, read_heads


def add_head_arguments(parser: ArgumentParser) -> None:
    """Let a command take heads that were published."""
    parser.add_argument(
        "--heads", type=input_file, metavar="FILE", help="file of published heads, one a line: TIME NAME NUMBER HEAD"
    )
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="NUMBER:HEAD",
        help="a published head, as a mail or the console gave it; may be given again",
    )


def given_heads(options: Mapping[str, Any], slug: str = "") -> list[Head]:
    """Return the heads that a command was given.

    Args:
        slug: the study of those given by `--head`.

    Raises:
        CommandError: the file cannot be read, or something in it is no head (status 2).
    """
    try:
        heads = [parse_head(text, slug) for text in options["head"]]
        if (path := options["heads"]) is not None:
            heads += read_heads(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{options['heads']}: {error}. Give the file of published heads.", returncode=2) from error
    except NoHead as error:
        raise CommandError(str(error), returncode=2) from error
    return heads

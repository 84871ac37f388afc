"""`manage.py preregister`: the text of a study's plan for the form of a registry."""

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import translation

from analysis.preregistration.document import Preregistration, preregistration
from analysis.preregistration.files import WRITERS, as_json, as_markdown
from analysis.preregistration.forms import FORMS
from study.management.arguments import output_file
from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug


class Command(EarsightCommand):
    help = "Write a study's preregistration for the form of OSF or AsPredicted, in English."
    examples = ("my-study --form osf", "my-study --form aspredicted --out registration.docx")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the study's short name, as in its address")
        parser.add_argument("--form", choices=sorted(FORMS), required=True, help="the registry's form")
        parser.add_argument(
            "--out",
            type=_text_file,
            metavar="FILE",
            help="a name that ends in .md, .docx or .json; else it is printed",
        )
        parser.add_argument("--json", action="store_true", help="print the answers by the keys of the form")

    def handle(self, *args: Any, slug: str, form: str, out: Path | None, **options: Any) -> None:
        text = preregistration(study_with_slug(slug), FORMS[form])
        if out is None:
            self.stdout.write(_as_json(text) if options["json"] else as_markdown(text))
        else:
            out.write_bytes(WRITERS[_ending(out)][1](text))
        with translation.override("en"):
            for missing in text.missing:
                self.stderr.write(f"Missing: {missing.what}.")


def _text_file(text: str) -> Path:
    path = output_file(text)
    if _ending(path) not in WRITERS:
        raise ArgumentTypeError(f"{path}: name a file that ends in .md, .docx or .json")
    return path


def _ending(path: Path) -> str:
    return path.suffix.lstrip(".").lower()


def _as_json(text: Preregistration) -> str:
    return json.dumps(as_json(text), indent=2, ensure_ascii=False)

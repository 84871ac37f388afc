"""The report as PDF, typeset by Typst, which needs no system library."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure import Figure
from analysis.report.figures.svg import height_of
from analysis.report.files.typesetting import TypstProject, for_typst, typeset
from analysis.report.tables.text_table import TextTable
from analysis.report.tables.text_tables import checklist_tables, text_tables
from analysis.report.text.korean_particles import with_particles

_MOST_LETTERS = 44  # longer texts are broken into lines
_TALLEST = 1000.0  # of a figure that is as wide as the text: it fits a page with its title and caption
_TEMPLATE = Path(__file__).parent / "report.typ"


def report_pdf(data: Mapping[str, Any], context: ReportContext, *, alpha: float = 0.05) -> bytes:
    """The same report as `render_report`, as PDF bytes.

    Korean needs a Korean font on the machine (Noto CJK, Apple SD Gothic Neo or Malgun Gothic); without one, Korean
    letters are missing.

    Raises:
        RuntimeError: Typst failed; the message is Typst's.
    """
    return typeset([pdf_project(data, context, alpha=alpha)])[0]


def pdf_project(data: Mapping[str, Any], context: ReportContext, *, alpha: float = 0.05) -> TypstProject:
    """The Typst project of `report_pdf`."""
    with translation.override(context.language):
        context = with_default_views(data, context)
        contents = report_contents(data, context, alpha)
        files = {"main.typ": _TEMPLATE.read_text(encoding="utf-8")}
        figures = _figures(contents["figures"], "figure", files)
        people = _("%(people)d people × %(clips)d clips, %(ballots)d answers") % {
            "people": data["n_participants"],
            "clips": data["n_clips"],
            "ballots": data["n_ballots"],
        }
        files["report.json"] = json.dumps(
            {
                "language": context.language,
                "title": context.title,
                "facts": [people, *context.facts],
                "notices": list(context.notices),
                "answer": contents["answer"],
                "warnings": contents["warnings"],
                "tables": [_table(table) for table in text_tables(data, context, contents)],
                "figures": figures,
                "interface": _figures(contents["interface"], "interface", files),
                "leads": contents["leads"],
                "blocks": [
                    {
                        "title": block.title,
                        "texts": [text for text in (block.text, block.answer) if text],
                        "warnings": list(block.warnings),
                        "figures": _figures(block.figures, f"{block.key}figure", files),
                        "tables": [_table(table) for table in block.tables],
                    }
                    for block in contents["blocks"]
                ],
                "remark": "" if contents["sensitivity"] else contents["sensitivity_note"],
                "headings": {
                    "contents": _("Contents"),
                    "interface": _("The interface"),
                    "methods": _("Methods"),
                    "deviations": _("Deviations from the plan"),
                    "limits": _("Limits"),
                },
                "deviations": contents["deviations"] or [],
                "methods": contents["methods"],
                "limits": contents["limits"],
                "details": [[name, value] for name, value in context.details],
                "checklists": [_table(table) for table in checklist_tables(context)],
            },
            ensure_ascii=False,
        )
        return TypstProject({name: with_particles(text) for name, text in files.items()})


def _figures(figures: Sequence[Figure], name: str, files: dict[str, str]) -> list[dict[str, Any]]:
    """The figures for report.json; their drawings are added to the project's files."""
    found = []
    for index, figure in enumerate(figures):
        files[f"{name}{index}.svg"] = for_typst(figure.svg)
        share = min(1.0, _TALLEST / height_of(figure.svg))
        row = {"title": figure.title, "file": f"{name}{index}.svg", "caption": figure.caption, "share": share}
        found.append(row)
    return found


def _table(table: TextTable) -> dict[str, Any]:
    """The table with the share of each column in the width: its longest cell, or the longest word of its heading.

    Numbers and words of headings are not broken.
    """
    widths = []
    for heading, *cells in zip(table.header, *table.rows, strict=True):
        words = max((1.15 * _width(word) for word in heading.split()), default=0)  # headings are bold
        widths.append(min(_MOST_LETTERS, max([words, *(_width(cell) for cell in cells)])) + 2.4)
    loose = {0, *table.left}
    return asdict(table) | {
        "widths": widths,
        "header": [" ".join(map(_unbroken, heading.split())) for heading in table.header],
        "rows": [
            [_broken(cell) if i in loose else _unbroken(cell) for i, cell in enumerate(row)] for row in table.rows
        ],
    }


def _broken(text: str) -> str:
    """The text with a place to break in the middle of words as long as a digest, which no column can hold."""
    return re.sub(r"\S{32}(?=\S{16})", "\\g<0>\u200b", text)


def _unbroken(text: str) -> str:
    """The text with a no-break space for each space, and word joiners between Korean letters and after a dash."""
    text = text.replace(" ", "\u00a0")
    return re.sub("(?<=[가-힣])(?=[가-힣])|(?<=–)", "\u2060", text)


def _width(text: str) -> float:
    """The width of the text in letters; a Korean letter is nearly twice as wide as a Latin one."""
    return sum(1.8 if unicodedata.east_asian_width(letter) in "WF" else 1.0 for letter in text)

"""The contents of a report in the current language: texts, tables and figures, made from the analysis JSON.

The HTML page, the PDF, the LaTeX document and the workbook all show these.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ClipView, ReportContext, condition_views, labels_by_key
from analysis.report.figures.figure import Figure
from analysis.report.figures.figure_list import figure_list, interface_figures
from analysis.report.questions import about_choices, about_main_question, answer_of_questions, leads, question_blocks
from analysis.report.tables.design_checks import design_checks
from analysis.report.tables.points_and_tests import contrasts, omnibus, pairs, points_table
from analysis.report.tables.sensitivity import sensitivity_note, sensitivity_rows
from analysis.report.tables.worths import factorial, worth_notes, worths
from analysis.report.text.answer import answer
from analysis.report.text.methods import limits, methods
from analysis.report.text.number_format import points
from analysis.report.text.translated_warnings import translated
from analysis.statistics.ballots import natural_key


def with_default_views(data: Mapping[str, Any], context: ReportContext) -> ReportContext:
    """The context with a view of every condition and clip; those that it does not name get their keys as names."""
    of_questions = (block.get("by_clip") for block in (data.get("questions") or {}).values())
    by_clip: Mapping[str, Any] = data.get("by_clip") or next(filter(None, of_questions), {})
    return replace(
        context,
        conditions=list(context.conditions) or condition_views(data["conditions"]),
        clips=list(context.clips) or [ClipView(key, key) for key in sorted(by_clip, key=natural_key)],
    )


def report_contents(data: Mapping[str, Any], context: ReportContext, alpha: float = 0.05) -> dict[str, Any]:
    """All contents by name. Tables are lists of rows; a figure has `title`, `svg` and `caption`.

    `blocks`: one for each question of an instrument. What is said of first and second choices alone is empty if they
    were not asked.
    """
    conditions, clips = context.conditions, context.clips
    choices, main = about_choices(data), about_main_question(data)
    return {
        "leads": leads(data),
        "answer": answer_of_questions(data, context, alpha) if data.get("questions") else answer(data, context, alpha),
        "points_note": _points_note(data),
        "points_table": points_table(data, conditions, clips) if data.get("weights") else [],
        "blocks": question_blocks(data, context, alpha),
        "figures": figure_list(data, context),
        "interface": interface_figures(context),
        "contrasts": contrasts(choices),
        "omnibus": omnibus(data),
        "pairs": pairs(data, conditions),
        "worths": worths(data, conditions),
        "factorial": factorial(data),
        "checks": design_checks(data, alpha),
        "sensitivity": sensitivity_rows(main, context),
        "sensitivity_note": sensitivity_note(main, context),
        "worth_notes": worth_notes(data, conditions),
        "warnings": translated(data.get("warnings") or [], labels_by_key(conditions)),
        "methods": methods(data, context, alpha),
        # Without a plan the section is left out; with a plan it states that none are recorded.
        "deviations": None if context.deviations is None else list(context.deviations) or [_("None are recorded.")],
        "limits": limits(data),
    }


def all_figures(data: Mapping[str, Any], context: ReportContext) -> list[Figure]:
    """Every figure of the report, those of questions and of the interface last, in the current language."""
    figures = figure_list(data, context)
    of_questions = [figure for block in question_blocks(data, context, 0.05) for figure in block.figures]
    return figures + of_questions + interface_figures(context)


def _points_note(data: Mapping[str, Any]) -> str:
    if not data.get("weights"):
        return ""
    first, second = data["weights"]
    if data.get("second_choice") == "not asked":
        return _(
            "%(first)s points for the image chosen. Mean: points per answer, averaged over people, each of whom counts "
            "equally; conditions are ranked by it. Intervals hold for these clips."
        ) % {"first": points(first)}
    return _(
        "%(first)s points for a 1st choice, %(second)s for a 2nd. Mean: points per answer, averaged over people, "
        "each of whom counts equally; conditions are ranked by it. Intervals hold for these clips."
    ) % {"first": points(first), "second": points(second)}

"""The parts of a report for studies with an instrument of their own: a block for each question, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ReportContext, labels_by_key
from analysis.report.figures.figure import Figure
from analysis.report.figures.question_figures import question_figures
from analysis.report.figures.svg import marked
from analysis.report.tables.question_tables import question_tables
from analysis.report.tables.text_table import TextTable
from analysis.report.text.answer import answer_sentences, few_clips
from analysis.report.text.question_answer import question_answer
from analysis.report.text.question_names import anchors, kind_name, view_of
from analysis.report.text.translated_warnings import translated


@dataclass(frozen=True, kw_only=True)
class QuestionBlock:
    """What the report says of one question.

    Attributes:
        text: what people read, with the words of the ends of a scale.
        answer: what it says of the conditions; empty if that opens the report, or if the question only describes.
    """

    key: str
    title: str
    text: str
    answer: str
    warnings: Sequence[str]
    figures: Sequence[Figure]
    tables: Sequence[TextTable]


def question_blocks(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[QuestionBlock]:
    """A block for each question, in their order; of first and second choices only what is not said of them anyway."""
    blocks = data.get("questions") or {}
    found = []
    for number, (name, block) in enumerate(blocks.items(), start=1):
        if is_of_choices(data, name):
            continue
        view, key = view_of(name, context), f"q{number}"
        told = set(data.get("warnings") or ())
        found.append(
            QuestionBlock(
                key=key,
                title=f"“{name}”: {kind_name(block)}",
                text=" ".join(filter(None, (view.text, f"({ends})" if (ends := anchors(block, view)) else ""))),
                answer=""
                if name == data.get("primary_question")
                else " ".join(_said(data, block, context, name, alpha)),
                warnings=translated(
                    [text for text in block["warnings"] if text not in told], labels_by_key(context.conditions)
                ),
                figures=[
                    replace(figure, svg=marked(figure.svg, context.mark))
                    for figure in question_figures(block, view, context, key, blocks)
                ],
                tables=question_tables(block, view, context, key, alpha),
            )
        )
    return found


def is_of_choices(data: Mapping[str, Any], name: str) -> bool:
    """Whether a question is that of first and second choices, of which the whole analysis speaks."""
    return value_at(data, "questions", name, "kind") == "choose" and bool(data.get("scores"))


def leads(data: Mapping[str, Any]) -> bool:
    """Whether the main question is another than that of first and second choices, so that its block comes first."""
    name = data.get("primary_question")
    return bool(data.get("questions")) and not (name is not None and is_of_choices(data, name))


def about_choices(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the analysis says of first and second choices alone: their contrast, not that of another main question."""
    if not leads(data):
        return data
    block: Mapping[str, Any] = next(
        (block for name, block in data["questions"].items() if is_of_choices(data, name)), {}
    )
    return {**data, "primary": block.get("primary")}


def about_main_question(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The analysis with the means of the main question in place of mean points, for what is left out."""
    if not leads(data):
        return data
    scores = value_at(data, "questions", str(data.get("primary_question")), "scores") or {}
    return {**data, "scores": {key: {**row, "mean_points": row["mean"]} for key, row in scores.items()}}


def answer_of_questions(data: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The paragraph that opens the report of a study with an instrument: the answer to its main question."""
    return " ".join(sentences_of_questions(data, context, alpha))


def sentences_of_questions(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """The sentences of that paragraph, as `answer_sentences` has them."""
    name = data.get("primary_question")
    if not data.get("n_ballots"):
        return [_("There are no answers to analyse yet.")]
    if name is None:
        return [
            _("No question of this study compares its conditions by numbers: what was answered is described below.")
        ]
    block = data["questions"][name]
    said = _said(data, block, context, name, alpha)
    return said if block["kind"] == "choose" else [*said, *few_clips(block)]


def _said(
    data: Mapping[str, Any], block: Mapping[str, Any], context: ReportContext, name: str, alpha: float
) -> list[str]:
    if block["kind"] != "choose":
        return list(question_answer(block, view_of(name, context), context, alpha))
    said = answer_sentences(_as_choices(data, block, name), context, alpha)
    if value_at(block, "primary", "p_holm") is not None:
        said.append(_("The p value of this question is adjusted by Holm's method over the questions."))
    return said


def _as_choices(data: Mapping[str, Any], block: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The block under the keys that a whole analysis of choices has; p is adjusted over the questions."""
    primary = block.get("primary")
    if primary is not None and primary.get("p_holm") is not None:
        primary = {**primary, "p": primary["p_holm"]}
    if is_of_choices(data, name):
        return {**data, "primary": primary}
    scores = {
        key: {"mean_points": row["mean"], "ci95": row["ci95"]}
        for key, row in (block.get("scores") or {}).items()
        if row.get("mean") is not None
    }
    return {**data, **block, "primary": primary, "weights": block["points"], "scores": scores, "sequential": None}

"""Tables about the people: what they said of themselves, and the primary contrast in groups of them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import AnswerLabels, AnswersGiven, ReportContext
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.text.number_format import degrees, interval, p_value, percent, plain
from analysis.statistics.ballots import natural_key

HIDDEN = "…"


def who_took_part(context: ReportContext) -> TextTable:
    """The answers to each question about the person."""
    rows = [row for given in context.people for row in _answers(given)]
    hidden = any(row[2] == HIDDEN for row in rows)
    notes = [_("Answers of the people whose ballots are analysed; shares are of those who answered.")]
    if hidden:
        notes.append(
            _(
                "… : hidden, so that no group of fewer than five people is told or can be computed; “together” counts "
                "the people with a hidden answer."
            )
        )
    return TextTable(
        key="people",
        title=_("Who took part"),
        header=[_("Question"), _("Answer"), _("People"), _("Share of answers")],
        rows=rows,
        note=" ".join(notes),
        left=(1,),
    )


def _answers(given: AnswersGiven) -> list[list[str]]:
    """The rows of one question; the first one names it."""
    answered = sum(count or 0 for _answer, count in given.counts) + given.hidden
    shares = answered > 0 and len(given.counts) > 1
    rows = [
        [answer, HIDDEN, ""] if count is None else [answer, str(count), percent(count / answered) if shares else ""]
        for answer, count in given.counts
    ]
    if given.hidden:
        rows.append([_("… together"), str(given.hidden), percent(given.hidden / answered)])
    if given.mean is not None:
        text = _("mean %(mean)s, SD %(sd)s") % {"mean": plain(given.mean, 1), "sd": plain(given.sd, 1)}
        rows.append([text, str(given.answered), ""])
    if given.unanswered is None and given.mean is None and not given.counts:
        rows.append([_("too few answers to show"), HIDDEN, ""])
    if given.unanswered:
        rows.append([_("no answer"), str(given.unanswered), ""])
    return [[given.question if number == 0 else "", *row] for number, row in enumerate(rows)]


def moderators(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """The primary contrast in groups of people."""
    rows = []
    for found in data.get("moderators") or []:
        labels = context.answer_labels.get(found["name"]) or AnswerLabels(found["name"], {})
        order = list(labels.answers)
        groups = sorted(
            found["groups"],
            key=lambda row: (
                order.index(row["group"]) if row["group"] in order else len(order),
                natural_key(row["group"]),
            ),
        )
        for group in groups:
            people = HIDDEN if group["participants"] is None else str(group["participants"])
            ends = interval(group.get("ci95"))
            name = labels.answers.get(group["group"], group["group"])
            rows.append([labels.question if group is groups[0] else "", name, people, plain(group["estimate"]), ends])
        left = HIDDEN if found["too_small"] is None else str(found["too_small"] + found["unknown"])
        if left != "0":
            rows.append(["" if groups else labels.question, _("left out"), left, "", ""])
        if found.get("p") is not None:
            test = f"F({degrees(found['df'])}, {degrees(found['df_error'])}) = {plain(found['statistic'])}"
            text = _("difference between groups: %(test)s") % {"test": f"{test}, {p_value(found['p'])}"}
            rows.append(["", text, "", "", ""])
    notes = [
        _(
            "The primary contrast in groups of people that the plan names, for these clips. Groups of fewer than five "
            "people and people without an answer are left out. The difference is tested by Welch's analysis of "
            "variance."
        )
    ]
    if any(row[2] == HIDDEN for row in rows):
        notes.append(_("… : hidden, so that the size of a group of fewer than five people cannot be computed."))
    return TextTable(
        key="moderators",
        title=_("Is it the same for everybody?"),
        header=[_("Question"), _("Group"), _("People"), _("Points"), ci_heading()],
        rows=rows,
        note=" ".join(notes),
        left=(1,),
    )

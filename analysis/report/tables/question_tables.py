"""Tables of one question of an instrument: means, contrasts, pairs, worths, wins, categories."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import QuestionView, ReportContext, labels_by_key
from analysis.report.tables.compared import (
    contrasts_table,
    factorial_table,
    new_clips_pairs_table,
    pairs_table,
    worths_table,
)
from analysis.report.tables.people import moderators
from analysis.report.tables.points_and_tests import contrasts, pairs
from analysis.report.tables.question_checks import checks_table
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.tables.worths import factorial, worth_notes, worths
from analysis.report.text.number_format import interval, percent, percent_interval, plain, share_with_interval
from analysis.report.text.question_names import bin_name

EMPTY = ("", "—")


def question_tables(
    block: Mapping[str, Any], view: QuestionView, context: ReportContext, key: str, alpha: float
) -> list[TextTable]:
    """Every table of the question that has rows, without columns that say nothing; `key` begins their keys."""
    tables = [
        _scores(block, context),
        _contrasts(block),
        _pairs_for_new_clips(block, context),
        _pairs(block, context),
        _wins(block, context),
        _worths(block, context),
        factorial_table(factorial(block)),
        moderators(block, context),
        _categories(block, view, context),
        _numbers(block),
        checks_table(block, context, alpha),
    ]
    return [
        replace(_without_empty_columns(table), key=f"{key}-{table.key}", title=f"“{view.key}”: {table.title}")
        for table in tables
        if table.rows
    ]


def _without_empty_columns(table: TextTable) -> TextTable:
    """The table without columns in which no row has a value; tables with grouped columns keep them."""
    used = [
        column
        for column in range(len(table.header))
        if column == 0 or table.groups or any(row[column] not in EMPTY for row in table.rows)
    ]
    return replace(
        table,
        header=[table.header[column] for column in used],
        rows=[[row[column] for column in used] for row in table.rows],
        left=tuple(place for place, column in enumerate(used) if column in table.left),
    )


def _scores(block: Mapping[str, Any], context: ReportContext) -> TextTable:
    """Mean, spread and number of answers of each condition."""
    is_pair = block["kind"] == "pair"
    scores = block.get("scores") or {}
    rows = [
        [
            view.label,
            str(row["answers"]),
            percent(row["mean"], 1) if is_pair else plain(row["mean"]),
            percent_interval(row["ci95"]) if is_pair else interval(row["ci95"]),
            "" if is_pair else plain(row["sd"]),
            str(row["cannot_say"]) if value_at(block, "cannot_say", "counts") else "",
        ]
        for view in context.conditions
        if (row := scores.get(view.key))
    ]
    titles = {"pair": _("Won comparisons"), "choose": _("Mean points"), "rate": _("Mean ratings")}
    heading = {"pair": _("Won"), "choose": _("Mean")}.get(block["kind"], _("Mean"))
    notes = {
        "pair": _("Share of a condition's comparisons that it won, a tie counting half: the mean over people."),
        "choose": _("Points by rank: %(points)s. Mean: points per answer, averaged over people.")
        % {
            "points": ", ".join(plain(each, 0 if float(each).is_integer() else 2) for each in block.get("points") or ())
        },
        "rate": _("Mean: of people's mean ratings, each person counting equally; SD: of all ratings."),
    }
    return TextTable(
        key="scores",
        title=titles.get(block["kind"], ""),
        header=[_("Condition"), _("Answers"), heading, ci_heading(), "SD", _("Cannot say")],
        rows=rows,
        note=notes.get(block["kind"], "") + " " + _("Intervals hold for these clips."),
    )


def _contrasts(block: Mapping[str, Any]) -> TextTable:
    units = {
        "rate": _("Differences of mean ratings."),
        "pair": _("Differences of points per comparison: 1 for the winner, ½ each for a tie."),
    }
    unit = units.get(block["kind"]) or _("Differences of points per answer.")
    populations = _(
        "For new clips: crossed random effects of people and clips. For these clips: people only; it gives no "
        "information about other music."
    )
    return contrasts_table(
        contrasts(block),
        title=_("The contrasts"),
        measure=_("Difference"),
        note=f"{unit} {populations}",
    )


def _pairs_for_new_clips(block: Mapping[str, Any], context: ReportContext) -> TextTable:
    rows = [row for row in pairs(block, context.conditions) if row["new_difference"] not in EMPTY]
    return new_clips_pairs_table(rows, _("People and clips as crossed random effects, Holm over the pairs."))


def _pairs(block: Mapping[str, Any], context: ReportContext) -> TextTable:
    return pairs_table(
        pairs(block, context.conditions),
        _(
            "Differences of people's means, Wilcoxon's p. Beats: share of answers in which the first is above the "
            "second; a tie counts half. For these clips."
        ),
    )


def _wins(block: Mapping[str, Any], context: ReportContext) -> TextTable:
    wins, ties, views = block.get("win_matrix") or {}, block.get("tie_matrix") or {}, context.conditions

    def cell(row: str, column: str) -> str:
        tied = value_at(ties, row, column)
        return "—" if row == column else f"{value_at(wins, row, column) or 0}" + (f" ({tied})" if tied else "")

    return TextTable(
        key="wins",
        title=_("Who beats whom"),
        header=[_("Condition"), *(view.label for view in views)],
        rows=[[view.label, *(cell(view.key, other.key) for other in views)] for view in views if wins],
        note=_("Comparisons that the condition of the row won against that of the column; in brackets the ties."),
    )


def _worths(block: Mapping[str, Any], context: ReportContext) -> TextTable:
    view = {"plackett_luce": block.get("worths"), "conditions": block["conditions"]}
    return worths_table(
        worths(view, context.conditions),
        title=_("Bradley–Terry worths") if block["kind"] == "pair" else _("Plackett–Luce worths"),
        notes=worth_notes(view, context.conditions),
        random_effects=False,
    )


def _categories(block: Mapping[str, Any], view: QuestionView, context: ReportContext) -> TextTable:
    """The share of each category, by condition or of the music."""
    found = block.get("categories") or {}
    names = [view.categories.get(key) or key for key in found.get("categories") or []]
    labels = labels_by_key(context.conditions)
    rows = [
        [labels.get(key, key) or _("the music"), str(row["answers"]), *_shares(row, found["categories"])]
        for key, row in (found.get("rows") or {}).items()
    ]
    return TextTable(
        key="categories",
        title=_("Which categories"),
        header=[_("Condition") if block["conditions"] else "", _("Answers"), *names],
        rows=rows,
        note=_(
            "Mean over people of the share of a person's answers with the category, with its 95 %% interval for these "
            "clips; described only."
        )
        % {},
    )


def _shares(row: Mapping[str, Any], categories: Sequence[str]) -> Iterator[str]:
    for category in categories:
        share = value_at(row, "share", category)
        if share is None:
            yield "—"
        else:
            yield share_with_interval(share["estimate"], share.get("ci95"))


def _numbers(block: Mapping[str, Any]) -> TextTable:
    """The numbers given once a trial."""
    found = block.get("numbers") or {}
    counts = value_at(found, "distribution", "counts") or []
    bins = value_at(found, "distribution", "bins") or []
    mean = found.get("mean") or {}
    return TextTable(
        key="numbers",
        title=_("Answers"),
        header=[_("Answers"), _("Mean"), ci_heading(), _("Cannot say"), *(bin_name(ends) for ends in bins)],
        rows=[
            [
                str(found["answers"]),
                plain(mean.get("estimate")),
                interval(mean.get("ci95")),
                str(found["cannot_say"] or ""),
                *map(str, counts),
            ]
        ]
        if found
        else [],
        note=_("Mean: of people's means, for these clips; the last columns: how many answers each number has."),
    )

"""The report's tables as rows of text with headers, for HTML, PDF and LaTeX."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.tables.clips_left_out import clips_left_out_table
from analysis.report.tables.compared import contrasts_table, factorial_table, pairs_table, worths_table
from analysis.report.tables.flow import flow_table
from analysis.report.tables.follow_up import follow_up_table
from analysis.report.tables.paintings import paintings_table
from analysis.report.tables.people import moderators, who_took_part
from analysis.report.tables.registration import registration_table
from analysis.report.tables.sensitivity import asks_more
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.tables.versions import versions_table
from analysis.report.tables.wider_questions import pairs_for_new_clips, prediction, wins
from analysis.report.text.contrast_names import contrast_name

MOST_CLIP_COLUMNS = 12  # with more clips the table of points has no column for each


def text_tables(data: Mapping[str, Any], context: ReportContext, contents: Mapping[str, Any]) -> list[TextTable]:
    """Every table that has rows, in the report's order and the current language."""
    tables = [
        _points(context, contents),
        _contrasts(contents),
        TextTable(
            key="omnibus",
            title=_("For these clips only"),
            header=[_("Test"), _("Statistic"), "p", _("What p is measured against")],
            rows=_rows(contents["omnibus"], "name", "value", "p", "null"),
            left=(3,),
        ),
        _pairs(contents),
        pairs_for_new_clips(contents),
        wins(data, context),
        flow_table(context),
        who_took_part(context),
        moderators(data, context),
        prediction(data, context),
        worths_table(
            contents["worths"],
            title=_("Plackett–Luce worths"),
            notes=contents["worth_notes"],
            random_effects=True,
        ),
        factorial_table(contents["factorial"]),
        TextTable(
            key="sensitivity",
            title=_("What if something is left out?"),
            header=[
                _("Analysed"),
                contrast_name(str((data.get("primary") or {}).get("contrast"))),
                "p",
                _("Highest mean") if asks_more(data) else _("Most points"),
            ],
            rows=contents["sensitivity"],
            note=contents["sensitivity_note"],
            left=(3,),
        ),
        TextTable(
            key="checks",
            title=_("Can the study be trusted?"),
            header=[_("Check"), _("Found"), _("In words")],
            rows=contents["checks"],
            left=(1, 2),
        ),
        versions_table(data, context),
        follow_up_table(data, context),
        clips_left_out_table(data),
        paintings_table(data, context),
        registration_table(context),
    ]
    return [table for table in tables if table.rows]


def checklist_tables(context: ReportContext) -> list[TextTable]:
    """One table for each reporting checklist."""
    heading = _("Reporting checklist")
    return [
        TextTable(
            key="checklist",
            title=f"{heading}: {name}",
            header=[_("No."), _("Item"), _("Answer")],
            rows=[[number, title, text or _("missing")] for number, title, text in items],
            left=(1, 2),
        )
        for name, items in context.checklists
    ]


def _rows(blocks: Iterable[Mapping[str, str]], *keys: str) -> list[list[str]]:
    return [[block[key] for key in keys] for block in blocks]


def _points(context: ReportContext, contents: Mapping[str, Any]) -> TextTable:
    clips = context.clips if len(context.clips) <= MOST_CLIP_COLUMNS else ()
    legend = " · ".join(f"{number}: {clip.label}" for number, clip in enumerate(clips, start=1))
    return TextTable(
        key="points",
        title=_("Points"),
        header=[_("Condition"), *map(str, range(1, len(clips) + 1)), _("Total"), _("Mean"), ci_heading()],
        rows=[
            [row["view"].label, *(row["cells"] if clips else ()), row["total"], row["mean"], row["ci95"]]
            for row in contents["points_table"]
        ],
        note=contents["points_note"] + (f" {legend}" if clips else ""),
    )


def _contrasts(contents: Mapping[str, Any]) -> TextTable:
    return contrasts_table(
        contents["contrasts"],
        title=_("The study's question"),
        measure=_("Points"),
        note=_(
            "Points per answer. For new clips: crossed random effects of people and clips. For these clips: people "
            "only; it gives no information about other music."
        ),
    )


def _pairs(contents: Mapping[str, Any]) -> TextTable:
    return pairs_table(
        contents["pairs"],
        _(
            "Differences of people's mean points per answer, Wilcoxon's p. Beats: share of answers in which the first "
            "got more points than the second; a tie counts half. For these clips."
        ),
    )

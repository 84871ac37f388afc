"""Tables beyond the study's question: pairs for new clips, who beats whom, prediction."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ReportContext
from analysis.report.tables.compared import new_clips_pairs_table
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import interval, percent, percent_interval, plain


def pairs_for_new_clips(contents: Mapping[str, Any]) -> TextTable:
    """Each pair of conditions by the crossed test."""
    rows = [row for row in contents["pairs"] if row["new_difference"] != "—"]
    return new_clips_pairs_table(
        rows, _("Differences of points per answer; people and clips as crossed random effects, Holm over the pairs.")
    )


def wins(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """How often the condition of the row beats that of the column."""
    counts, views = data.get("win_matrix") or {}, context.conditions
    return TextTable(
        key="wins",
        title=_("Who beats whom"),
        header=[_("Condition"), *(view.label for view in views)],
        rows=[
            [
                view.label,
                *("—" if other == view else str(value_at(counts, view.key, other.key) or 0) for other in views),
            ]
            for view in views
            if counts
        ],
        note=_("Answers in which the condition of the row got more points than that of the column."),
    )


def prediction(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """What the random-effects model predicts for a new person and a new clip."""
    found = data.get("prediction") or {}
    rows = [
        [
            _("“%(condition)s” is chosen first") % {"condition": view.label},
            percent(value_at(found, "first", view.key, "estimate")),
            percent_interval(value_at(found, "first", view.key, "ci95")),
        ]
        for view in context.conditions
        if value_at(found, "first", view.key)
    ]
    if share := found.get("share_of_clips"):
        name = contrast_name(str((data.get("primary") or {}).get("contrast")))
        rows.append(
            [
                _("Share of new clips with %(contrast)s above 0") % {"contrast": name},
                percent(share["estimate"]),
                percent_interval(share["ci95"]),
            ]
        )
    for key, name in (("sd_participants", _("SD between people")), ("sd_clips", _("SD between clips"))):
        if spread := found.get(key):
            rows.append([name, plain(spread["estimate"]), interval(spread["ci95"])])
    return TextTable(
        key="prediction",
        title=_("For a new person and a new clip"),
        header=[_("The model's prediction"), _("Estimate"), ci_heading()],
        rows=rows,
        note=_(
            "From the random-effects model, with the uncertainty of its parameters (%(draws)s parametric draws); SDs "
            "on the log-worth scale. It holds as far as the model does."
        )
        % {"draws": f"{found.get('draws', 0):,}"},
    )

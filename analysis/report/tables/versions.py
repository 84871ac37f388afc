"""The table of the people by the version of the study under which they began."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.report.analysis_json import mean_of, value_at
from analysis.report.context import ReportContext, labels_by_key
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import interval, p_cell, plain


def versions_table(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """One row for each version: its people, and the result with them alone; none of a study that was never changed."""
    labels = labels_by_key(context.conditions)
    primary = data.get("primary") or {}
    rows = [
        [
            str(row["version"]),
            str(row.get("n_participants") or "—"),
            str(row.get("n_ballots") or "—"),
            *([plain(value_at(row, "primary", "estimate"))] if primary else []),
            *([interval(value_at(row, "primary", "ci95")), p_cell(value_at(row, "primary", "p"))] if primary else []),
            _most_points(row, labels),
        ]
        for row in data.get("versions") or []
    ]
    name = contrast_name(str(primary.get("contrast")))
    return TextTable(
        key="versions",
        title=_("Version by version"),
        header=[
            _("Version"),
            _("People"),
            _("Answers"),
            *([name, ci_heading(), "p"] if primary else []),
            _("Highest mean") if data.get("questions") else _("Most points"),
        ],
        rows=rows,
        note=" ".join(filter(None, (_note(), _left_out(data)))),
        left=(6,) if primary else (3,),
    )


def _note() -> str:
    return _(
        "The study was changed while it ran; the deviations from the plan say how. Each row is of the people who "
        "began under that version alone. A difference between rows may be chance, and is not tested."
    )


def _left_out(data: Mapping[str, Any]) -> str:
    number = data.get("versions_left_out") or 0
    if not number:
        return ""
    return ngettext(
        "One version more, after the first and before the others, has no row.",
        "%(number)d versions more, after the first and before the others, have no row.",
        number,
    ) % {"number": number}


def _most_points(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    means = {key: mean_of(found) or 0.0 for key, found in (row.get("scores") or {}).items()}
    highest = max(means.values(), default=0.0)
    best = [labels.get(key, key) for key, mean in means.items() if highest > 0 and mean >= highest - 1e-9]
    return ", ".join(best) or "—"

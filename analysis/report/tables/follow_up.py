"""The table of the follow-up stage, whose people the analysis by the plan does not count."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import main_scores, mean_of, value_at
from analysis.report.context import ReportContext
from analysis.report.tables.text_table import TextTable, ci_heading
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import interval, p_value, plain, points


def follow_up_table(data: Mapping[str, Any], context: ReportContext) -> TextTable:
    """Results by condition in the follow-up stage, beside those by the plan; no rows of a study without one.

    Of a study with an instrument they are of its main question, whose means have no totals.
    """
    found = data.get("follow_up") or {}
    counts, by_plan = not data.get("questions"), main_scores(data)
    rows = [
        [
            view.label,
            *([points(value_at(found, "scores", view.key, "points") or 0)] if counts else []),
            plain(mean_of(value_at(found, "scores", view.key))),
            interval(value_at(found, "scores", view.key, "ci95")),
            plain(mean_of(by_plan.get(view.key))),
        ]
        for view in context.conditions
        if found and not found.get("problem")
    ]
    header = [_("Condition"), *([_("Total")] if counts else []), _("Mean"), ci_heading(), _("Mean by the plan")]
    if found.get("problem"):
        rows = [["—"] * len(header)]
    return TextTable(
        key="follow_up",
        title=_("The follow-up stage, on its own"),
        header=header,
        rows=rows,
        note=_note(found) if found else "",
    )


def _note(found: Mapping[str, Any]) -> str:
    if found.get("problem"):
        return _("The follow-up stage could not be analysed: %(problem)s") % {"problem": found["problem"]}
    text = _(
        "Other people, asked later (%(people)s, with %(answers)s answers). The plan is about the main stage alone: "
        "these answers are in no other number of this report."
    ) % {"people": found["n_participants"], "answers": f"{found['n_ballots']:,}"}
    primary = found.get("primary") or {}
    if primary.get("p") is None:
        return text
    return f"{text} " + _("For new clips, %(contrast)s: %(estimate)s, 95 %% interval %(ci)s, %(p)s.") % {
        "contrast": contrast_name(str(primary.get("contrast"))),
        "estimate": plain(primary.get("estimate")),
        "ci": interval(primary.get("ci95")),
        "p": p_value(primary["p"]),
    }

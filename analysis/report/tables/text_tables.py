"""The report's tables as plain rows of text with headers: for the PDF, LaTeX and the sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.text.contrast_names import contrast_name


@dataclass(frozen=True)
class TextTable:
    """A table in print; `left` lists the columns, beside the first, that stand to the left.

    `groups`: headings over the header, each with the number of columns it spans.
    """

    key: str
    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    left: tuple[int, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()


def text_tables(data: Mapping[str, Any], context: ReportContext, contents: Mapping[str, Any]) -> list[TextTable]:
    """Every table that has rows, in the report's order and the current language."""
    # xgettext:no-python-format
    interval = _("95 % interval")
    wide = len(context.clips) > 12
    numbers = [] if wide else [str(index + 1) for index in range(len(context.clips))]
    legend = "" if wide else " " + " · ".join(f"{n + 1}: {clip.label}" for n, clip in enumerate(context.clips))
    found = [
        TextTable(
            "points",
            _("Points"),
            [_("Condition"), *numbers, _("Total"), _("Mean"), interval],
            [
                [row["view"].label, *([] if wide else row["cells"]), row["total"], row["mean"], row["ci95"]]
                for row in contents["points_table"]
            ],
            contents["points_note"] + legend,
        ),
        TextTable(
            "contrasts",
            _("The study's question"),
            [
                _("Contrast"),
                _("Points"),
                interval,
                "t (df)",
                "p",
                _("p, Holm"),
                _("Points"),
                interval,
                "p",
                _("p, Holm"),
            ],
            contents["contrasts"],
            _(
                "Points per answer. For new clips: crossed random effects of people and clips. For these clips: people "
                "only; it says nothing about other music."
            ),
            groups=(("", 1), (_("for new clips"), 5), (_("for these clips"), 4)),
        ),
        TextTable(
            "omnibus",
            _("For these clips only"),
            [_("Test"), _("Statistic"), "p", _("What p is measured against")],
            [[row[key] for key in ("name", "value", "p", "null")] for row in contents["omnibus"]],
            left=(3,),
        ),
        TextTable(
            "pairs",
            _("Pair by pair"),
            [
                _("Pair"),
                _("Difference"),
                interval,
                _("simultaneous"),
                _("Beats"),
                interval,
                "p",
                _("p, Holm"),
            ],
            [
                [
                    f"{row['a']} − {row['b']}",
                    *(
                        row[key]
                        for key in (
                            "difference",
                            "ci95",
                            "simultaneous",
                            "superiority",
                            "superiority_ci95",
                            "p",
                            "p_holm",
                        )
                    ),
                ]
                for row in contents["pairs"]
            ],
            _(
                "Differences of people's mean points per answer, Wilcoxon's p. Beats: in so many answers the first got "
                "more points than the second, ties half. For these clips."
            ),
        ),
        TextTable(
            "worths",
            _("Plackett–Luce worths"),
            [
                _("Condition"),
                _("Worth"),
                _("Log-worth"),
                _("robust SE"),
                interval,
                # xgettext:no-python-format
                _("95 % for new clips"),
                _("Quasi-SE"),
                _("Random effects (SE)"),
            ],
            [
                [
                    row["view"].label + (" *" if row["separated"] else ""),
                    *(
                        row[key]
                        for key in (
                            "worth",
                            "log_worth",
                            "se_robust",
                            "ci95",
                            "ci95_new_clips",
                            "quasi_se",
                            "random",
                        )
                    ),
                ]
                for row in contents["worths"]
            ],
            " ".join(contents["worth_notes"]),
        ),
        TextTable(
            "factorial",
            _("Effects of the factors"),
            [
                _("Effect on log-worth"),
                _("Estimate"),
                _("robust SE"),
                interval,
                "p",
                # xgettext:no-python-format
                _("95 % for new clips"),
                "p",
            ],
            [
                [row[key] for key in ("name", "estimate", "se_robust", "ci95", "p", "ci95_new_clips", "p_new_clips")]
                for row in contents["factorial"]
            ],
            _(
                "Where people differ, these estimates are drawn towards zero: they describe the average person of the "
                "model, for these clips."
            ),
        ),
        TextTable(
            "sensitivity",
            _("What if something is left out?"),
            [
                _("Analysed"),
                contrast_name(str((data.get("primary") or {}).get("contrast"))),
                "p",
                _("Most points"),
            ],
            contents["sensitivity"],
            contents["sensitivity_note"],
            left=(3,),
        ),
        TextTable(
            "checks",
            _("Can the study be trusted?"),
            [_("Check"), _("Found"), _("In words")],
            contents["checks"],
            left=(1, 2),
        ),
    ]
    return [table for table in found if table.rows]

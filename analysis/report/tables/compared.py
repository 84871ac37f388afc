"""Layouts of the tables that compare conditions: of choices by the plan, and of each question of an instrument."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.tables.text_table import TextTable, ci_heading, new_clips_heading

Rows = Iterable[Mapping[str, Any]]


def contrasts_table(rows: list[list[str]], *, title: str, measure: str, note: str) -> TextTable:
    """The contrasts, for new clips and for these; `measure` heads the estimates."""
    test = [measure, ci_heading(), "p", _("p, Holm")]
    return TextTable(
        key="contrasts",
        title=title,
        header=[_("Contrast"), *test[:2], "t (df)", *test[2:], *test],
        rows=rows,
        note=note,
        groups=(("", 1), (_("for new clips"), 5), (_("for these clips"), 4)),
    )


def pairs_table(rows: Rows, note: str) -> TextTable:
    """Each pair of conditions for these clips."""
    keys = ("difference", "ci95", "simultaneous", "superiority", "superiority_ci95", "p", "p_holm")
    return TextTable(
        key="pairs",
        title=_("Pair by pair"),
        header=[
            _("Pair"),
            _("Difference"),
            ci_heading(),
            _("simultaneous"),
            _("Beats"),
            ci_heading(),
            "p",
            _("p, Holm"),
        ],
        rows=[[_name(row), *(row[key] for key in keys)] for row in rows],
        note=note,
    )


def new_clips_pairs_table(rows: Rows, note: str) -> TextTable:
    """Each pair of conditions by the crossed test."""
    return TextTable(
        key="pairs_new_clips",
        title=_("Pair by pair, for music like this"),
        header=[_("Pair"), _("Difference"), new_clips_heading(), _("p, Holm")],
        rows=[[_name(row), row["new_difference"], row["new_ci95"], row["new_p_holm"]] for row in rows],
        note=note,
    )


def worths_table(rows: Rows, *, title: str, notes: Sequence[str], random_effects: bool) -> TextTable:
    """The worths; `random_effects`: with a column of those of the random-effects model."""
    keys = ("worth", "log_worth", "se_robust", "ci95", "ci95_new_clips", "quasi_se", "random")
    header = [
        _("Condition"),
        _("Worth"),
        _("Log-worth"),
        _("robust SE"),
        ci_heading(),
        new_clips_heading(),
        _("Quasi-SE"),
        _("Random effects (SE)"),
    ]
    columns = len(header) if random_effects else len(header) - 1
    return TextTable(
        key="worths",
        title=title,
        header=header[:columns],
        rows=[
            [row["view"].label + (" *" if row["separated"] else ""), *(row[key] for key in keys)][:columns]
            for row in rows
        ],
        note=" ".join(notes),
    )


def factorial_table(rows: Rows) -> TextTable:
    """The effects of the factors on the worths."""
    keys = ("name", "estimate", "se_robust", "ci95", "p", "ci95_new_clips", "p_new_clips")
    return TextTable(
        key="factorial",
        title=_("Effects of the factors"),
        header=[_("Effect on log-worth"), _("Estimate"), _("robust SE"), ci_heading(), "p", new_clips_heading(), "p"],
        rows=[[row[key] for key in keys] for row in rows],
        note=_(
            "Where people differ, these estimates are drawn towards zero: they are population values of the fitted "
            "model, not the effect in any one person, for these clips."
        ),
    )


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['a']} − {row['b']}"

"""The parts of a report, in the current language: tables, figures and methods made from the analysis JSON.

The HTML page, the PDF, the LaTeX tables and the sheets are all made of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ClipView, ConditionView, ReportContext, condition_views
from analysis.report.figures.figure_list import drawn_figures
from analysis.report.tables.design_checks import (
    design_checks,
    quasi_note,
    random_effects_note,
    sensitivity_note,
    sensitivity_rows,
    separation_note,
)
from analysis.report.text.answer import answer, contrast_name, sides
from analysis.report.text.number_format import degrees, get, interval, p_cell, percent, plain, points
from analysis.report.text.translated_warnings import translated


def named(data: Mapping[str, Any], context: ReportContext) -> ReportContext:
    """`context` with a view of every condition and clip, by its key where nothing better is known."""
    return replace(
        context,
        conditions=list(context.conditions) or condition_views(data["conditions"]),
        clips=list(context.clips) or [ClipView(key, key) for key in data.get("by_clip") or {}],
    )


def report_parts(data: Mapping[str, Any], context: ReportContext, alpha: float = 0.05) -> dict[str, Any]:
    """All parts by name; tables are lists of rows, figures hold `title`, `svg` and `caption`."""
    conditions, clips = context.conditions, context.clips
    return {
        "answer": answer(data, context, alpha),
        "points_note": _(
            "%(first)s points for a 1st choice, %(second)s for a 2nd. Mean: points per answer; intervals "
            "speak for these clips."
        )
        % {"first": points(data["weights"][0]), "second": points(data["weights"][1])},
        "points_table": _points_table(data, conditions, clips),
        "figures": drawn_figures(data, conditions, clips),
        "contrasts": _contrasts(data),
        "omnibus": _omnibus(data),
        "pairs": _pairs(data, conditions),
        "worths": _worths(data, conditions),
        "factorial": _factorial(data),
        "checks": design_checks(data, context, alpha),
        "sensitivity": sensitivity_rows(data, context),
        "sensitivity_note": sensitivity_note(data, context),
        "worth_notes": [
            note for note in (*separation_note(data, context), quasi_note(data), random_effects_note(data)) if note
        ],
        "warnings": translated(data.get("warnings") or [], {view.key: view.label for view in context.conditions}),
        "methods": _methods(data, context, alpha),
        # A plan that was kept is said; of a table without a plan nothing is.
        "deviations": None if context.deviations is None else list(context.deviations) or [_("None are recorded.")],
        "limits": limits(),
    }


def limits() -> list[str]:
    """What no number here can say."""
    return [
        _(
            "Each clip has one image per condition, which everybody saw: the luck of that image is not averaged "
            "away by more people, only by more clips."
        ),
        _(
            "People said which image they prefer for the music; unless match-control trials were shown, liking an "
            "image and finding it fitting cannot be told apart."
        ),
        _("The people are those who followed the study's links; whom they stand for is for the researcher to say."),
    ]


def _points_table(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> list[dict[str, Any]]:
    """The seed study's Table 1: conditions down, clips across, total at the right."""
    scores, by_clip = data.get("scores") or {}, data.get("by_clip") or {}
    highest = max((row.get("points") or 0 for row in scores.values()), default=0)
    return [
        {
            "view": view,
            "cells": [points(get(by_clip, clip.key, view.key) or 0) for clip in clips],
            "total": points(get(scores, view.key, "points") or 0),
            "mean": plain(get(scores, view.key, "mean_points")),
            "ci95": interval(get(scores, view.key, "ci95"), to=_("to")),
            "best": highest > 0 and get(scores, view.key, "points") == highest,
        }
        for view in conditions
    ]


def _contrasts(data: Mapping[str, Any]) -> list[list[str]]:
    """One row a contrast: for new clips, then for these clips."""
    new = ([data["primary"]] if data.get("primary") else []) + (data.get("secondary") or [])
    these = {str(row.get("contrast")): row for row in data.get("these_clips") or []}
    return [
        [
            contrast_name(str(row.get("contrast"))),
            *_contrast_cells(row, with_t=True),
            *_contrast_cells(these.get(str(row.get("contrast"))), with_t=False),
        ]
        for row in (new or these.values())
    ]


def _contrast_cells(row: Mapping[str, Any] | None, *, with_t: bool) -> list[str]:
    if row is None:
        return ["—"] * (5 if with_t else 4)
    t = [f"{plain(row.get('t'))} ({degrees(row.get('df'))})" if row.get("t") is not None else "—"] if with_t else []
    return [
        plain(row.get("estimate")),
        interval(row.get("ci95"), to=_("to")),
        *t,
        p_cell(row.get("p")),
        p_cell(row["p_holm"]) if row.get("p_holm") is not None else "",
    ]


def _omnibus(data: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = []
    if friedman := data.get("friedman"):
        rows.append(
            {
                "name": _("Friedman, people's mean points"),
                "value": f"χ²({degrees(friedman.get('df'))}) = {plain(friedman.get('statistic'))}",
                "p": p_cell(friedman.get("p")),
                "null": _("every person is equally likely to rank the conditions in any order"),
            }
        )
    if data.get("kendall_w") is not None:
        rows.append(
            {
                "name": _("Kendall's W"),
                "value": plain(data["kendall_w"]),
                "p": "",
                "null": _("agreement between people: 0 none, 1 full"),
            }
        )
    if permutation := data.get("permutation"):
        rows.append(
            {
                "name": _("Permutation, %(draws)s draws") % {"draws": f"{permutation.get('draws'):,}"},
                "value": plain(permutation.get("statistic"), 3),
                "p": p_cell(permutation.get("p")),
                "null": _(
                    "over all these clips together, a person's answers would be as likely with the conditions' names "
                    "exchanged, the same way for all clips of that person"
                ),
            }
        )
    if mack := data.get("skillings_mack"):
        rows.append(
            {
                "name": _("Skillings–Mack, not everybody saw every condition"),
                "value": f"χ²({degrees(mack.get('df'))}) = {plain(mack.get('statistic'))}",
                "p": p_cell(mack.get("p")),
                "null": _("every person is equally likely to rank the conditions they saw in any order"),
            }
        )
    clips = [row for row in (data.get("permutation_by_clip") or {}).values() if row]
    if clips:
        rows.append(
            {
                "name": _("Permutation, clip by clip"),
                "value": _("p below %(alpha)s in %(n)s of %(all)s")
                % {"alpha": "0.05", "n": sum(row["p"] < 0.05 for row in clips), "all": len(clips)},
                "p": "",
                "null": _("for one clip, nobody prefers any of its images; not adjusted for the number of clips"),
            }
        )
    return rows


def _pairs(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[dict[str, str]]:
    labels = {view.key: view.label for view in conditions}
    return [
        {
            "a": labels.get(row["a"], row["a"]),
            "b": labels.get(row["b"], row["b"]),
            "difference": plain(row.get("difference")),
            "ci95": interval(row.get("ci95"), to=_("to")),
            "simultaneous": interval(row.get("ci95_simultaneous"), to=_("to")),
            "superiority": percent(get(row, "superiority", "estimate")),
            "superiority_ci95": _shares(get(row, "superiority", "ci95")),
            "v": plain(get(row, "wilcoxon", "statistic"), 1),
            "p": p_cell(get(row, "wilcoxon", "p")),
            "p_holm": p_cell(get(row, "wilcoxon", "p_holm")),
        }
        for row in data.get("pairwise") or []
    ]


def _shares(pair: Sequence[float] | None) -> str:
    return f"{percent(pair[0])}–{percent(pair[1])}" if pair else "—"


def _worths(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[dict[str, Any]]:
    fit = data.get("plackett_luce")
    if not fit:
        return []
    return [
        {
            "view": view,
            "log_worth": plain(get(fit, "log_worth", view.key), 3),
            "ci95_new_clips": interval(get(fit, "ci95_new_clips", view.key), 2, _("to")),
            "quasi_se": _root(get(fit, "quasi_variances", "values", view.key)),
            "random": _random_effect(data, view.key),
            "se_robust": plain(get(fit, "se_robust", view.key), 3),
            "ci95": interval(get(fit, "ci95", view.key), 2, _("to")),
            "worth": plain(get(fit, "worth", view.key), 3),
            "separated": view.key in (fit.get("separated") or []),
        }
        for view in conditions
    ]


def _root(value: float | None) -> str:
    return "—" if value is None or value < 0 else plain(value**0.5, 3)


def _random_effect(data: Mapping[str, Any], key: str) -> str:
    block = data.get("random_effects")
    if not block or not block.get("converged") or key not in data["conditions"]:
        return "—"
    index = list(data["conditions"]).index(key)
    return f"{plain(get(block, 'log_worth', index))} ({plain(get(block, 'se', index))})"


def _factorial(data: Mapping[str, Any]) -> list[dict[str, str]]:
    names = {"redefined": _("Redefined tags"), "sentence": _("Sentence"), "interaction": _("Interaction")}
    return [
        {
            "name": names.get(key, key),
            "estimate": plain(get(data, "factorial", key, "estimate"), 3),
            "se_robust": plain(get(data, "factorial", key, "se_robust"), 3),
            "ci95": interval(get(data, "factorial", key, "ci95"), to=_("to")),
            "p": p_cell(get(data, "factorial", key, "p")),
            "ci95_new_clips": interval(get(data, "factorial", key, "ci95_new_clips"), to=_("to")),
            "p_new_clips": p_cell(get(data, "factorial", key, "p_new_clips")),
        }
        for key in data.get("factorial") or {}
    ]


def _methods(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """The methods in words, ready for a paper."""
    first, second = (points(weight) for weight in data["weights"])
    texts = [
        _(
            "%(people)d people gave %(ballots)d answers on %(clips)d clips. In each trial a person heard a clip, saw "
            "its %(k)d images, one for each condition, in an order of their own and without knowing how any was "
            "made, and chose a 1st and a 2nd. A 1st choice counts %(first)s points, a 2nd %(second)s."
        )
        % {
            "people": data["n_participants"],
            "ballots": data["n_ballots"],
            "clips": data["n_clips"],
            "k": len(data["conditions"]),
            "first": first,
            "second": second,
        }
    ]
    if data.get("primary"):
        high, low = sides(str(data["primary"].get("contrast")), data, context)
        texts.append(
            _(
                "The primary test compares %(high)s with %(low)s by the difference of their points per answer, with "
                "people and clips as crossed random effects, so that it speaks for new clips (two-way analysis of "
                "variance, Satterthwaite's degrees of freedom, two-sided, α = %(alpha)s). Secondary contrasts are "
                "adjusted by Holm's method."
            )
            % {"high": high, "low": low, "alpha": f"{alpha:g}"}
        )
    texts += _unequal_sides(data)
    if data.get("sequential"):
        texts.append(
            _(
                "By the plan the study could stop early: after every participant, in order of start, an e-process over "
                "199 bets tested whether the two sides got equally many points (stop at 1/α; Waudby-Smith and Ramdas "
                "2024); a clip that was not answered counted as no difference."
            )
        )
    texts.append(
        _(
            "Intervals of scores come from a studentized bootstrap over people. Friedman's test, Kendall's W, "
            "Wilcoxon's tests (Holm over the pairs) and the permutation test rest on people and speak for these clips "
            "only. The Plackett–Luce model is fitted to 1st choices out of all and 2nd choices out of the rest; its "
            "errors are clustered by person, its intervals a jackknife over people."
        )
    )
    return texts


def _unequal_sides(data: Mapping[str, Any]) -> list[str]:
    """How a difference of one condition against two, say, is to be read; nothing where both sides have as many."""
    k = len(data["conditions"])
    names = [
        contrast_name(f"{name}_minus_rest") for name, keys in (data.get("factors") or {}).items() if 2 * len(keys) != k
    ]
    if not names:
        return []
    return [
        _(
            "%(contrasts)s: the conditions on the two sides are unequal in number, so the difference is taken for as "
            "many conditions on either side (half of all %(k)d, at the mean points of each side)."
        )
        % {"contrasts": ", ".join(names), "k": k}
    ]

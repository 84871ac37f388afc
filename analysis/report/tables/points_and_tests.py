"""Rows of the tables of points, of contrasts, and of the tests for these clips."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ClipView, ConditionView, labels_by_key
from analysis.report.text.contrast_names import contrast_name, simple_effect_name
from analysis.report.text.number_format import (
    chi_square,
    degrees,
    interval,
    p_cell,
    percent,
    percent_interval,
    plain,
    points,
)


def points_table(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> list[dict[str, Any]]:
    """One row for each condition: points by clip, total, mean and interval.

    The ranking is by the mean points per answer, as everywhere in the report; `best` marks all that are first.
    """
    scores, by_clip = data.get("scores") or {}, data.get("by_clip") or {}
    highest = max((row.get("mean_points") or 0.0 for row in scores.values()), default=0.0)
    return [
        {
            "view": view,
            "cells": [points(value_at(by_clip, clip.key, view.key) or 0) for clip in clips],
            "total": points(value_at(scores, view.key, "points") or 0),
            "mean": plain(value_at(scores, view.key, "mean_points")),
            "ci95": interval(value_at(scores, view.key, "ci95")),
            "best": highest > 0 and (value_at(scores, view.key, "mean_points") or 0.0) >= highest - 1e-9,
        }
        for view in conditions
    ]


def contrasts(data: Mapping[str, Any]) -> list[list[str]]:
    """One row for each contrast: the cells for new clips, then those for these clips."""
    new = ([data["primary"]] if data.get("primary") else []) + (data.get("secondary") or [])
    these = {str(row.get("contrast")): row for row in data.get("these_clips") or []}
    tested = {str(row.get("contrast")): row for row in new}
    rows = [
        [
            contrast_name(name),
            *_contrast_cells(tested.get(name), with_t=True),
            *_contrast_cells(these.get(name), with_t=False),
        ]
        for name in dict.fromkeys([*tested, *these])
    ]
    effects = data.get("simple_effects") or []
    return rows + [
        [simple_effect_name(effect), *_contrast_cells(effect, with_t=True), *_contrast_cells(None, with_t=False)]
        for effect in effects
    ]


def _contrast_cells(row: Mapping[str, Any] | None, *, with_t: bool) -> list[str]:
    if row is None:
        return ["—"] * (5 if with_t else 4)
    t = [f"{plain(row.get('t'))} ({degrees(row.get('df'))})" if row.get("t") is not None else "—"] if with_t else []
    return [
        plain(row.get("estimate")),
        interval(row.get("ci95")),
        *t,
        p_cell(row.get("p")),
        p_cell(row["p_holm"]) if row.get("p_holm") is not None else "",
    ]


def omnibus(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row for each test of all conditions together: name, value, p, null hypothesis."""
    rows = []
    if friedman := data.get("friedman"):
        rows.append(
            {
                "name": _("Friedman, people's mean points"),
                "value": chi_square(friedman.get("statistic"), friedman.get("df")),
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
                "null": _("agreement between people: %(chance)s by chance alone, 1 full")
                % {"chance": plain(1 / max(data["n_participants"], 1))},
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
                "value": chi_square(mack.get("statistic"), mack.get("df")),
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


def pairs(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[dict[str, str]]:
    """One row for each pair of conditions: difference, superiority, Wilcoxon's test."""
    labels = labels_by_key(conditions)
    return [
        {
            "a": labels.get(row["a"], row["a"]),
            "b": labels.get(row["b"], row["b"]),
            "difference": plain(row.get("difference")),
            "ci95": interval(row.get("ci95")),
            "simultaneous": interval(row.get("ci95_simultaneous")),
            "superiority": percent(value_at(row, "superiority", "estimate")),
            "superiority_ci95": percent_interval(value_at(row, "superiority", "ci95")),
            "v": plain(value_at(row, "wilcoxon", "statistic"), 1),
            "p": p_cell(value_at(row, "wilcoxon", "p")),
            "p_holm": p_cell(value_at(row, "wilcoxon", "p_holm")),
            "new_difference": plain(value_at(row, "new_clips", "estimate")),
            "new_ci95": interval(value_at(row, "new_clips", "ci95")),
            "new_p_holm": p_cell(value_at(row, "new_clips", "p_holm")),
        }
        for row in data.get("pairwise") or []
    ]

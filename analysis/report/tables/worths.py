"""Rows and notes of the tables of Plackett–Luce worths and of the factors' effects on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ConditionView, labels_by_key
from analysis.report.text.number_format import interval, p_cell, percent, plain
from analysis.report.text.translated_warnings import translated


def worths(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[dict[str, Any]]:
    """One row for each condition: worth, log worth, errors and intervals."""
    fit = data.get("plackett_luce")
    if not fit:
        return []
    return [
        {
            "view": view,
            "log_worth": plain(value_at(fit, "log_worth", view.key), 3),
            "ci95_new_clips": interval(value_at(fit, "ci95_new_clips", view.key)),
            "quasi_se": _standard_error(value_at(fit, "quasi_variances", "values", view.key)),
            "random": _random_effect(data, view.key),
            "se_robust": plain(value_at(fit, "se_robust", view.key), 3),
            "ci95": interval(value_at(fit, "ci95", view.key)),
            "worth": plain(value_at(fit, "worth", view.key), 3),
            "separated": view.key in (fit.get("separated") or []),
        }
        for view in conditions
    ]


def _standard_error(variance: float | None) -> str:
    return "—" if variance is None or variance < 0 else plain(variance**0.5, 3)


def _random_effect(data: Mapping[str, Any], key: str) -> str:
    block = data.get("random_effects")
    if not block or not block.get("converged") or key not in data["conditions"]:
        return "—"
    index = list(data["conditions"]).index(key)
    return f"{plain(value_at(block, 'log_worth', index))} ({plain(value_at(block, 'se', index))})"


def factorial(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row for each effect of the factors on the log worths."""
    names = {"redefined": _("Redefined tags"), "sentence": _("Sentence"), "interaction": _("Interaction")}
    return [
        {
            "name": names.get(key, key),
            "estimate": plain(value_at(data, "factorial", key, "estimate"), 3),
            "se_robust": plain(value_at(data, "factorial", key, "se_robust"), 3),
            "ci95": interval(value_at(data, "factorial", key, "ci95")),
            "p": p_cell(value_at(data, "factorial", key, "p")),
            "ci95_new_clips": interval(value_at(data, "factorial", key, "ci95_new_clips")),
            "p_new_clips": p_cell(value_at(data, "factorial", key, "p_new_clips")),
        }
        for key in data.get("factorial") or {}
    ]


def worth_notes(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[str]:
    """Notes under the table of worths; empty if no note applies."""
    notes = (*_separation_notes(data, conditions), _quasi_variance_note(data), _random_effects_note(data))
    return [note for note in notes if note]


def _random_effects_note(data: Mapping[str, Any]) -> str:
    """The spread of tastes under the random-effects model."""
    block = data.get("random_effects")
    if not block or not block.get("converged"):
        return ""
    return _(
        "With random effects: tastes differ by SD %(people)s between people and %(clips)s between clips on the "
        "log-worth scale."
    ) % {"people": plain(block.get("sd_participants")), "clips": plain(block.get("sd_clips"))}


def _separation_notes(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[str]:
    """Sentences about conditions that were always or never chosen."""
    fit = data.get("plackett_luce") or {}
    found = []
    if fit.get("separated"):
        found.append(
            _(
                "* Separated: always or never chosen over the others, so its worth has no finite estimate. What is "
                "shown is penalised (Firth), its interval a penalised profile."
            )
        )
    labels = labels_by_key(conditions)
    found += translated([str(bound.get("text")) for bound in fit.get("bounds") or []], labels)
    return found


def _quasi_variance_note(data: Mapping[str, Any]) -> str:
    """How to read the quasi-standard errors, and their largest error."""
    error = value_at(data, "plackett_luce", "quasi_variances", "largest_relative_error")
    if error is None:
        return ""
    return _(
        "Quasi-SE: two conditions differ by about the root of the sum of their squares; off by at most %(error)s."
    ) % {"error": percent(abs(error), 1)}

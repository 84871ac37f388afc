"""Sentences of the answer beside the one about the primary contrast."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.text.number_format import interval, p_value, plain


def points_of_an_answer(data: Mapping[str, Any]) -> float:
    """Points that an answer gives in the primary contrast: without second choices if the plan leaves them out."""
    first, *others = data["weights"]
    return float(first if data.get("second_choice") == "optional" else first + sum(others))


def depends_on_the_other_factor(data: Mapping[str, Any], alpha: float) -> list[str]:
    """The simple effects, if the interaction of a 2 × 2 is significant; then no main effect holds for both levels."""
    interaction = next((row for row in data.get("secondary") or [] if row.get("contrast") == "interaction"), None)
    effects = data.get("simple_effects") or []
    if interaction is None or not is_significant(interaction.get("p_holm"), alpha):
        return []
    first = effects[0].get("factor") if effects else next(iter(data.get("factors") or ()), "")
    start = (
        _("What redefinition does depends on the form of the prompt (interaction: %(size)s points, %(p)s after Holm).")
        if first == "redefined"
        else _("What the first factor does depends on the second (interaction: %(size)s points, %(p)s after Holm).")
    )
    values = {"size": plain(interaction.get("estimate")), "p": p_value(interaction.get("p_holm"))}
    return [start % values, *([_simple_effect(row, alpha) for row in effects] or [within_unknown()])]


def within_unknown() -> str:
    """The sentence for an interaction whose simple effects cannot be tested: no main effect holds for both levels."""
    return _("These data are too few to say what it does within each.")


def _simple_effect(row: Mapping[str, Any], alpha: float) -> str:
    places = {
        ("redefined", "sentence"): _("Among sentences, the image from redefined tags"),
        ("redefined", "tags"): _("Among bare tags, the image from redefined tags"),
    }
    start = places.get(
        (str(row.get("factor")), str(row.get("within"))),
        _("Within “%(within)s”, the high side of “%(factor)s”")
        % {"within": row.get("within"), "factor": row.get("factor")},
    )
    estimate = row.get("estimate") or 0.0
    values = {
        "start": start,
        "size": plain(abs(estimate)),
        "interval": interval(row.get("ci95")),
        "p": p_value(row.get("p_holm")),
    }
    if not is_significant(row.get("p_holm"), alpha):
        text = (
            _(
                "%(start)s got %(size)s points more an answer; that is not shown for music like this "
                "(%(interval)s, %(p)s)."
            )
            if estimate >= 0
            else _(
                "%(start)s got %(size)s points fewer an answer; that is not shown for music like this "
                "(%(interval)s, %(p)s)."
            )
        )
    elif estimate > 0:
        text = _("%(start)s got %(size)s points more an answer, for music like this (%(interval)s, %(p)s).")
    else:
        text = _("%(start)s got %(size)s points fewer an answer, for music like this (%(interval)s, %(p)s).")
    return text % values


def says_nothing(data: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """The sentence for an interval that is as wide as the scale."""
    limits, found = value_at(data, "limits", str(row.get("contrast"))), row.get("ci95")
    if not limits or not found or not (found[0] <= limits[0] and found[1] >= limits[1]):
        return []
    return [
        _("Only %(limits)s is possible, and the interval holds all of that: these data say nothing about it.")
        % {"limits": interval(limits)}
    ]


def smallest_difference(data: Mapping[str, Any]) -> list[str]:
    """The sentence about the smallest difference worth having, if the plan names one."""
    block = data.get("smallest")
    if not block:
        return []
    sentences = {
        "at least that large": _(
            "The difference is at least the smallest that the plan holds worth having, %(value)s points."
        ),
        "excluded": _(
            "Any difference of %(value)s points or more, the smallest that the plan holds worth having, is excluded "
            "for music like this (the interval %(interval)s lies within it)."
        ),
        "undecided": _(
            "Whether the difference reaches %(value)s points, the smallest that the plan holds worth having, is "
            "undecided."
        ),
    }
    values = {"value": plain(block["value"]), "interval": interval(block.get("interval"))}
    return [sentences[block["verdict"]] % values]

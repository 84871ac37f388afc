"""Why a study is left out of a comparison, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.comparison import effects
from analysis.comparison.effects import POINTS, RATING
from analysis.comparison.words import measure_label, unit_text


def reason(row: Mapping[str, Any]) -> str:
    """Why a study is left out, in one sentence with what to do."""
    values = row["values"]
    match row["reason"]:
        case effects.SIMULATED:
            return _("Simulated people answered it. Such studies are compared with each other only.")
        case effects.SAME_STUDY:
            return _("It is the same study as “%(other)s”, which counts once.") % values
        case effects.NO_MEASURE:
            has = ", ".join(measure_label(measure) for measure in values["has"])
            return _("It does not measure this contrast so; choose another measure (%(has)s).") % {"has": has}
        case effects.NO_CONTRAST:
            return _other_contrast(values)
        case effects.NO_POPULATION:
            return _("It has no standard error of this contrast for these clips; choose new clips.")
        case effects.OTHER_QUESTION:
            return _("It asks for “%(mine)s”, not for “%(wanted)s”; choose that question to compare it.") % values
        case effects.OTHER_UNIT:
            return _other_unit(values)
        case code:
            return _of_code(code)


def _other_contrast(values: Mapping[str, Any]) -> str:
    if "high" not in values:
        return _("It does not compare these levels; choose another contrast.")
    high, low = (", ".join(side) for side in values["within"])
    levels = f"{high}; {low}" if high != low else high
    return _("It compares %(high)s with %(low)s (within %(levels)s), which is another contrast.") % {
        "high": values["high"],
        "low": values["low"],
        "levels": levels or "—",
    }


def _other_unit(values: Mapping[str, Any]) -> str:
    mine, wanted = values["mine"], values["wanted"]
    if "weights" in mine and "weights" in wanted:
        texts = {"mine": unit_text(POINTS, mine), "wanted": unit_text(POINTS, wanted)}
        if texts["mine"] == texts["wanted"]:
            return _("Its second choices were optional, or its number of conditions is another; compare log worths.")
        return _("Its unit is %(mine)s, not %(wanted)s; compare log worths.") % texts
    texts = {"mine": unit_text(RATING, mine), "wanted": unit_text(RATING, wanted)}
    return _("Its unit is %(mine)s, not %(wanted)s; such numbers cannot be compared.") % texts


def _of_code(code: str) -> str:
    return {
        effects.STOPPED: _("It stopped early by its rule, after which it has no standard error."),
        effects.FEW_CLIPS: _(
            "It has fewer than five clips, which say nothing about new ones; compare for these clips."
        ),
        effects.SEPARATED: _("A condition was always or never chosen, so its log worths have no finite estimate."),
        effects.NO_SPREAD: _("All its answers or clips are alike, so its standard error is 0 and cannot be used."),
    }.get(code, _("Its analysis has no standard error of this contrast; analyse its answers again."))

"""Names of the contrasts and of the conditions that they compare."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext, labels_by_key


def sides(contrast: str, data: Mapping[str, Any], context: ReportContext) -> tuple[str, str]:
    """The two groups of images that a contrast compares: at the high level of its factor, and the others."""
    if contrast.startswith("redefined"):
        return _("images from redefined tags"), _("images from original tags")
    if contrast == "sentence_minus_tags":
        return _("images from sentences"), _("images from bare tags")
    name = contrast.removesuffix("_minus_rest")
    high = (data.get("factors") or {}).get(name) or []
    labels = labels_by_key(context.conditions)

    def images(keys: list[str]) -> str:
        return _("images of %(names)s") % {"names": ", ".join(f"“{labels.get(key, key)}”" for key in keys)}

    return images([key for key in data["conditions"] if key in high]), images(
        [key for key in data["conditions"] if key not in high]
    )


def is_preset(row: Mapping[str, Any]) -> bool:
    """Whether a contrast compares redefined with original tags, a question that has a yes and a no."""
    return str(row.get("contrast")) in ("redefined", "redefined_minus_original")


def simple_effect_name(effect: Mapping[str, Any]) -> str:
    """The name of a factor's effect within one level of another."""
    levels = {"sentence": _("among sentences"), "tags": _("among bare tags")}
    within = str(effect.get("within"))
    if effect.get("factor") == "redefined" and within in levels:
        return f"{contrast_name('redefined')}, {levels[within]}"
    return _("%(factor)s, within %(within)s") % {"factor": effect.get("factor"), "within": within}


def contrast_name(key: str) -> str:
    """The name of a contrast in tables."""
    names = {
        "redefined": _("Redefined − original"),
        "sentence": _("Sentence − tags"),
        "interaction": _("Interaction"),
    }
    for start, name in names.items():
        if key == start or key.startswith(f"{start}_minus"):
            return name
    if key.startswith("interaction_"):
        return f"{names['interaction']}: {key.removeprefix('interaction_')}"
    return _("%(factor)s − rest") % {"factor": key.removesuffix("_minus_rest")}

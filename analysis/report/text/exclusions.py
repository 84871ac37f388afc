"""What the result is with everybody, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.text.number_format import p_value, plain


def with_and_without(data: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """The result as analysed and with the excluded answers; empty if none are excluded."""
    excluded = value_at(data, "counts", "excluded")
    if not excluded:
        return ""
    counted = _("%(n)s answers are left out.") % {"n": f"{excluded:,}"}
    row = next(iter(value_at(data, "sensitivity", "exclusions") or []), None)
    if row is None:
        return counted + " " + _("None of them is a valid answer, so there is no result with them.")
    primary = data.get("primary")
    if primary and row.get("estimate") is not None and data.get("questions"):
        return f"{counted} " + _("Primary contrast: %(without)s without them; %(with)s with them.") % {
            "without": _result(primary),
            "with": _result(row),
        }
    if primary and row.get("estimate") is not None:
        return f"{counted} " + _(
            "Primary contrast, points an answer: %(without)s without them; %(with)s with them."
        ) % {"without": _result(primary), "with": _result(row)}
    means = {key: score.get("mean_points") or 0.0 for key, score in (data.get("scores") or {}).items()}
    best = max(means, key=lambda key: means[key], default="")
    everybody = str(value_at(row, "order", 0) or "")
    return f"{counted} " + _("Most points: %(without)s without them; %(with)s with them.") % {
        "without": labels.get(best, best or "—"),
        "with": labels.get(everybody, everybody or "—"),
    }


def _result(row: Mapping[str, Any]) -> str:
    p = row.get("p")
    return plain(row.get("estimate")) + (f" ({p_value(p)})" if p is not None else "")

"""The answer of a study whose conditions have no factors: which is best, and which pairs differ for new clips."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.context import ReportContext, labels_by_key
from analysis.report.text.number_format import degrees, interval, p_value, plain

MOST_PAIRS_TOLD = 3


def without_factors(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """Sentences about the pairs for new clips, and about all conditions together for these clips."""
    labels = labels_by_key(context.conditions)
    scores = data.get("scores") or {}
    if not scores:
        return [_("There are no answers to analyse yet.")]
    pairs = [row for row in data.get("pairwise") or [] if row.get("new_clips")]
    new_clips = _pairs(pairs, labels, alpha) if pairs else []
    sentences = [*new_clips, _these_clips(data, scores, labels, alpha)]
    if not new_clips:
        sentences.append(_("Whether this holds for other music is not shown."))
    return sentences


def _pairs(pairs: list[Mapping[str, Any]], labels: Mapping[str, str], alpha: float) -> list[str]:
    shown = [row for row in pairs if is_significant(row["new_clips"].get("p_holm"), alpha)]
    if not shown:
        return [_("For music like this, no difference between two conditions is shown (Holm over pairs).")]
    wins: dict[str, int] = {}
    for row in shown:
        winner = row["a"] if row["new_clips"]["estimate"] > 0 else row["b"]
        wins[winner] = wins.get(winner, 0) + 1
    keys = {row["a"] for row in pairs} | {row["b"] for row in pairs}
    best = next((key for key, n in wins.items() if n == len(keys) - 1 and len(keys) > 2), None)
    sentences = []
    if best is not None:
        sentences.append(
            _("For music like this, “%(best)s” got more points than each other condition (Holm over pairs).")
            % {"best": labels.get(best, best)}
        )
    told = [row for row in shown if best not in (row["a"], row["b"])] if best is not None else shown
    told = sorted(told, key=lambda row: row["new_clips"]["p_holm"])
    sentences += [_pair(row, labels) for row in told[:MOST_PAIRS_TOLD]]
    if len(told) > MOST_PAIRS_TOLD:
        sentences.append(_("More pairs differ; the table has them all."))
    return sentences


def _pair(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    test = row["new_clips"]
    ahead, behind = (row["a"], row["b"]) if test["estimate"] > 0 else (row["b"], row["a"])
    ends = test["ci95"] if test["estimate"] > 0 else [-test["ci95"][1], -test["ci95"][0]]
    return _(
        "For music like this, “%(ahead)s” got %(size)s points more an answer than “%(behind)s” (95 %% interval "
        "%(interval)s, %(p)s after Holm)."
    ) % {
        "ahead": labels.get(ahead, ahead),
        "behind": labels.get(behind, behind),
        "size": plain(abs(test["estimate"])),
        "interval": interval(ends),
        "p": p_value(test.get("p_holm")),
    }


def _these_clips(data: Mapping[str, Any], scores: Mapping[str, Any], labels: Mapping[str, str], alpha: float) -> str:
    ranked = sorted(scores, key=lambda key: -(scores[key].get("mean_points") or 0.0))
    best = ranked[0]
    highest = scores[best].get("mean_points") or 0.0
    tied = [key for key in ranked if abs((scores[key].get("mean_points") or 0.0) - highest) < 1e-9]
    test, name = data.get("friedman"), "Friedman"
    if test is None:
        test, name = data.get("skillings_mack"), "Skillings–Mack"
    p = value_at(test, "p")
    values = {
        "test": name,
        "mean": plain(highest),
        "chi": plain(value_at(test, "statistic")),
        "df": degrees(value_at(test, "df")),
        "p": p_value(p),
    }
    if len(tied) > 1:
        names = ", ".join(f"“{labels.get(key, key)}”" for key in tied)
        most = _("%(names)s got equally many points, %(mean)s an answer") % (values | {"names": names})
    else:
        most = _("“%(best)s” got the most points: %(mean)s an answer (95 %% interval %(interval)s)") % (
            values | {"best": labels.get(best, best), "interval": interval(scores[best].get("ci95"))}
        )
    values["most"] = most
    if p is None:
        text = _("For these clips, %(most)s. These data do not show how certain the order is.")
    elif is_significant(p, alpha):
        text = _(
            "For these clips, people's points differ between the conditions (%(test)s χ²(%(df)s) = %(chi)s, %(p)s); "
            "%(most)s."
        )
    else:
        text = _(
            "For these clips, no difference between the conditions is shown (%(test)s χ²(%(df)s) = %(chi)s, %(p)s). "
            "%(most)s."
        )
    return text % values

"""Rows of the table of design checks: can the study be trusted?"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.text.number_format import chi_square, degrees, p_value, percent, plain, share_with_interval


def asks_for_care(data: Mapping[str, Any], check: str, p: float | None, alpha: float) -> bool:
    """Whether a check is significant, by its p value adjusted over all checks of the design (Holm)."""
    adjusted = {row["name"]: row["p_holm"] for row in data.get("design_checks") or []}
    return is_significant(adjusted.get(check, p), alpha)


def _p(data: Mapping[str, Any], check: str, p: float | None, alpha: float) -> str:
    """The p value of a check, and if it is below alpha the adjusted one, which decides."""
    adjusted = {row["name"]: row["p_holm"] for row in data.get("design_checks") or []}.get(check)
    if adjusted is None or not is_significant(p, alpha):
        return p_value(p)
    return f"{p_value(p)}, " + _("%(p)s after Holm over these checks") % {"p": p_value(adjusted)}


def design_checks(data: Mapping[str, Any], alpha: float) -> list[list[str]]:
    """Rows (check, result, in words) of every check that applies."""
    rows = [
        _exposure(data),
        _missing_seconds(data, alpha),
        _position(data, alpha),
        _balance(data),
        _fatigue(data, alpha),
        _retest(data),
        _agreement(data),
        _alternatives(data, alpha),
        _match_control(data, alpha),
        _drop_out(data),
        _none_fits(data),
        _excluded(data),
    ]
    return [row for row in rows if row is not None]


def _position(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("position_bias")
    if not test:
        return None
    found = f"F({degrees(test.get('df'))}, {degrees(test.get('df_error'))}) = {plain(test.get('statistic'))}, "
    found += _p(data, "position", test.get("p"), alpha)
    if asks_for_care(data, "position", test.get("p"), alpha):
        words = _("The place on the page mattered; since places were balanced it favours no condition.")
    else:
        words = _("No sign that the place on the page mattered.")
    return [_("Position on the page"), found, words]


def _exposure(data: Mapping[str, Any]) -> list[str] | None:
    shown = value_at(data, "exposure", "shown")
    if not shown:
        return None
    return [
        _("Images shown"),
        _("%(low)s to %(high)s") % {"low": min(shown.values()), "high": max(shown.values())},
        _("Answers that showed a condition. Points are counted per showing; what was not shown is no loss."),
    ]


def _missing_seconds(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    block = data.get("missing_seconds")
    if not block:
        return None
    test = block.get("test")
    found = _("%(n)s of %(all)s") % {
        "n": block["missing"],
        "all": sum(row["firsts"] for row in block["by_first"].values()),
    }
    if test:
        found += f"; F({test['df']}, {test['df_error']}) = {plain(test['statistic'])}, "
        found += _p(data, "missing_seconds", test["p"], alpha)
    words = (
        _("After some 1st choices a 2nd is left out more often than after others: read the weighted points with care.")
        if asks_for_care(data, "missing_seconds", value_at(test, "p"), alpha)
        else _("No sign that leaving out the 2nd choice depends on the 1st.")
    )
    if bounds := block.get("bounds"):
        words += " " + _(
            "If all missing points went to one side, the primary contrast would lie between %(low)s and %(high)s."
        ) % {"low": plain(bounds[0]["estimate"]), "high": plain(bounds[1]["estimate"])}
    return [_("Missing 2nd choices"), found, words]


def _balance(data: Mapping[str, Any]) -> list[str] | None:
    counts = [count for row in value_at(data, "position_balance", "counts") or [] for count in row]
    if not counts:
        return None
    return [
        _("Balance of positions"),
        _("%(low)s to %(high)s") % {"low": min(counts), "high": max(counts)},
        _("How often each condition was shown at each position; %(mean)s would be equal.")
        % {"mean": plain(sum(counts) / len(counts), 1)},
    ]


def _fatigue(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("fatigue")
    if not test or test.get("p") is None:
        return None
    found = _("%(slope)s a trial, %(p)s") % {
        "slope": plain(test.get("slope"), 3),
        "p": _p(data, "fatigue", test.get("p"), alpha),
    }
    if not asks_for_care(data, "fatigue", test.get("p"), alpha):
        words = _("No sign that people chose differently later in the study.")
    elif test["slope"] < 0:
        words = _("Later answers agree less with the common taste: people may have tired.")
    else:
        words = _("Later answers agree more with the common taste: people may have learned.")
    return [_("Fatigue"), found, words]


def _retest(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("test_retest")
    return choices_again(test) if test and test.get("pairs") else None


def choices_again(test: Mapping[str, Any]) -> list[str]:
    """The row on hidden repeats of a question that chooses images: whether the same image came 1st."""
    found = share_with_interval(test.get("same_first"), test.get("ci95"))
    words = _("Share of %(pairs)s clips shown twice to one person for which the same image came 1st again.") % {
        "pairs": test["pairs"]
    }
    if test.get("kappa") is not None:
        words += " " + _("Cohen's κ = %(kappa)s.") % {"kappa": plain(test["kappa"])}
    return [_("Test–retest"), found, words]


def _agreement(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("agreement")
    if not test or test.get("alpha_first") is None:
        return None
    found = f"α = {plain(test['alpha_first'])}"
    if test.get("alpha_second") is not None:
        found += f" / {plain(test['alpha_second'])}"
    if test.get("kendall_w_mean") is not None:
        found += f", W = {plain(test['kendall_w_mean'])}"
    words = _("Krippendorff's α of 1st / 2nd choices: 0 is chance, 1 is full; low if nearly all choose the same.")
    if test.get("kendall_w_chance") is not None:
        words += " " + _("W is the mean of Kendall's W over clips; chance alone gives %(chance)s on average.") % {
            "chance": plain(test["kendall_w_chance"])
        }
    return [_("Agreement between people"), found, words]


def _alternatives(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    block = data.get("irrelevant_alternatives")
    if not block:
        return None
    test, p_share = block.get("test"), block.get("p_share")
    parts = []
    if p_share is not None:
        parts.append(
            _("%(observed)s, expected %(expected)s; %(p)s")
            % {
                "observed": percent(block.get("observed_share")),
                "expected": percent(block.get("expected_share")),
                "p": _p(data, "second_choices_share", p_share, alpha),
            }
        )
    if test:
        p_test = _p(data, "second_choices", test["p"], alpha)
        parts.append(f"{chi_square(test['statistic'], test['df'])}, {p_test}")
    if not parts:
        return None
    found = "; ".join(parts)
    shown = asks_for_care(data, "second_choices_share", p_share, alpha) or asks_for_care(
        data, "second_choices", value_at(test, "p"), alpha
    )
    words = (
        _("2nd choices do not follow from the same worths as 1st choices: read the worths with care.")
        if shown
        else _("No sign that 2nd choices follow other worths than 1st choices.")
    )
    return [_("One scale for 1st and 2nd"), found, words]


def _match_control(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("match_control")
    if not test:
        return None
    found = percent(test.get("share")) + ", " + p_value(test.get("p"))
    words = (
        _("More often than by chance, people chose the image of the clip they heard, not another clip's.")
        if is_significant(test.get("p"), alpha) and (test.get("share") or 0) > 0.5
        else _("It is not shown that people can distinguish the clip's own image from another clip's.")
    )
    return [_("Match control"), found, words]


def _drop_out(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("drop_out")
    if not test or test.get("complete") is None:
        return None
    words = _("people gave every answer that was due")
    due = data.get("due") or {}
    if missing := (due.get("ballots") or 0) - (due.get("given") or 0):
        words += "; " + _("%(n)s of %(all)s answers are missing") % {"n": missing, "all": due["ballots"]}
    return [
        _("Drop-out"),
        _("%(complete)s of %(people)s") % {"complete": test["complete"], "people": data["n_participants"]},
        words,
    ]


def _none_fits(data: Mapping[str, Any]) -> list[str] | None:
    n = value_at(data, "counts", "none_fits")
    if not n:
        return None
    return [
        _("“None of them fits”"),
        _("%(n)s of %(all)s") % {"n": n, "all": data["n_ballots"]},
        _("answers; they count as answers that give no points"),
    ]


def _excluded(data: Mapping[str, Any]) -> list[str] | None:
    n = value_at(data, "counts", "excluded")
    return (
        [_("Excluded"), str(n), _("answers, left out of everything but the table of what is left out")] if n else None
    )

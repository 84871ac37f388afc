"""What else the answers to a question show: agreement, how people use the scale, position, transitivity."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.context import ReportContext
from analysis.report.tables.design_checks import choices_again
from analysis.report.tables.text_table import TextTable
from analysis.report.text.number_format import (
    chi_square,
    degrees,
    interval,
    p_value,
    percent,
    plain,
    share_with_interval,
)


def checks_table(block: Mapping[str, Any], context: ReportContext, alpha: float) -> TextTable:
    """Rows (what, found, in words) of everything that applies."""
    rows = [
        _agreement(block),
        _reliability(block),
        _scale_use(block),
        _retest(block),
        _cannot_say(block, alpha),
        _position(block, alpha),
        _side(block, alpha),
        _transitivity(block, alpha),
        _ties(block),
        _ranks(block),
        _texts(block),
    ]
    return TextTable(
        key="checks",
        title=_("What else the answers show"),
        header=[_("Check"), _("Found"), _("In words")],
        rows=[row for row in rows if row is not None],
        left=(1, 2),
    )


def _agreement(block: Mapping[str, Any]) -> list[str] | None:
    found = block.get("agreement") or {}
    if found.get("alpha_interval") is None:
        return None
    text = f"α = {plain(found['alpha_interval'])}"
    if found.get("alpha_ordinal") is not None:
        text += " / " + _("ordinal %(alpha)s") % {"alpha": plain(found["alpha_ordinal"])}
    return [
        _("Agreement between people"),
        text,
        _(
            "Krippendorff's α of %(people)s people on %(images)s images: 0 is chance, 1 is full; low too if all images "
            "are nearly alike, whatever people do."
        )
        % {"people": found["participants"], "images": found["images"]},
    ]


def _reliability(block: Mapping[str, Any]) -> list[str] | None:
    found = block.get("agreement") or {}
    if found.get("icc_single") is None:
        return None
    return [
        _("Reliability of ratings"),
        f"ICC(2,1) = {plain(found['icc_single'])}, ICC(2,k) = {plain(found['icc_average'])}",
        _("Of one person's rating, and of the mean of all %(people)s people (Shrout and Fleiss 1979).")
        % {"people": found["participants"]},
    ]


def _scale_use(block: Mapping[str, Any]) -> list[str] | None:
    found = block.get("scale_use") or {}
    if not found.get("mean"):
        return None
    spread = found.get("sd") or []
    words = _("People's own means, from the lowest person to the highest.")
    if spread:
        words += " " + _("People's own standard deviations: %(low)s to %(high)s, in the middle %(middle)s.") % {
            "low": plain(spread[0]),
            "high": plain(spread[-1]),
            "middle": plain(spread[2]),
        }
    if found.get("one_number"):
        words += " " + _("%(n)s gave one and the same number every time.") % {"n": found["one_number"]}
    return [_("Use of the scale"), interval([found["mean"][0], found["mean"][-1]]), words]


def _retest(block: Mapping[str, Any]) -> list[str] | None:
    """What hidden repeats got, by the kind of question."""
    found = block.get("test_retest")
    if not found:
        return None
    if block["kind"] == "choose":
        return choices_again(found)
    name = _("Test–retest")
    if block["kind"] == "pair":
        words = _(
            "Share of %(pairs)s pairs shown twice to one person with the same answer both times, ties among them. In "
            "%(other)s another image was chosen, in %(tie)s one of the two answers was a tie."
        ) % {"pairs": found["pairs"], "other": percent(found["other_image"]), "tie": percent(found["one_tie"])}
        return [name, share_with_interval(found["same"], found.get("ci95")), words]
    text = _("%(difference)s steps apart") % {"difference": plain(found["mean_absolute_difference"])}
    if found.get("ci95"):
        text += f" ({interval(found['ci95'])})"
    if found.get("icc_single") is not None:
        text += f"; ICC(2,1) = {plain(found['icc_single'])}"
    words = _(
        "Mean distance of the two numbers that one person gave to an image, of %(images)s images shown twice on a "
        "scale from %(low)s to %(high)s. %(same)s got the same number; the second minus the first is %(shift)s on "
        "average. ICC(2,1) of the two times: 1 is full agreement; differences between people raise it too."
    ) % {
        "images": found["images"],
        "low": plain(block["lowest"], 0),
        "high": plain(block["highest"], 0),
        "same": percent(found["same"]),
        "shift": plain(found["shift"]),
    }
    return [name, text, words]


def _cannot_say(block: Mapping[str, Any], alpha: float) -> list[str] | None:
    found = block.get("cannot_say") or {}
    if not found.get("counts"):
        return None
    text = _("%(n)s of %(all)s") % {"n": sum(found["counts"].values()), "all": sum(found["asked"].values())}
    test = found.get("test")
    if test:
        text += f"; {chi_square(test['statistic'], test['df'])}, {p_value(test['p'])}"
    words = (
        _("More often of some conditions than of others: the missing numbers may be missing for a reason.")
        if is_significant(value_at(test, "p"), alpha)
        else _("No sign that it depends on the condition. They are in no mean.")
    )
    return [_("“Cannot say”"), text, words]


def _position(block: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = value_at(block, "position_bias", "test")
    if not test:
        return None
    found = f"F({degrees(test['df'])}, {degrees(test['df_error'])}) = {plain(test['statistic'])}, {p_value(test['p'])}"
    if is_significant(test["p"], alpha):
        return [
            _("Position on the page"),
            found,
            _("The place on the page mattered; since places were balanced it favours no condition."),
        ]
    return [_("Position on the page"), found, _("No sign that the place on the page mattered.")]


def _side(block: Mapping[str, Any], alpha: float) -> list[str] | None:
    found = block.get("position_bias") or {}
    if "left" not in found:
        return None
    text = _("left %(left)s, right %(right)s") % {"left": found["left"], "right": found["right"]}
    if found.get("p") is not None:
        text += f"; t({degrees(found['df'])}) = {plain(found['t'])}, {p_value(found['p'])}"
    words = (
        _("The side mattered; since sides were balanced it favours no condition.")
        if is_significant(found.get("p"), alpha)
        else _("No sign that the side mattered.")
    )
    return [_("Left or right"), text, words]


def _transitivity(block: Mapping[str, Any], alpha: float) -> list[str] | None:
    found = block.get("transitivity") or {}
    if not found:
        return None
    text = share_with_interval(found["share"], found.get("ci95"), 1)
    if found.get("p") is not None:
        text += f", {p_value(found['p'])}"
    words = _(
        "Share of circular triads (a above b, b above c, c above a), by people; answers at random give %(chance)s. Of "
        "%(triads)s triads without a tie; %(ties)s others hold one."
    ) % {"chance": percent(found["chance"]), "triads": found["triads"], "ties": found["with_tie"]}
    return [_("Contradictions"), text, words]


def _ties(block: Mapping[str, Any]) -> list[str] | None:
    found, matrix = block.get("ties") or {}, block.get("tie_matrix") or {}
    tied = sum(sum(row.values()) for row in matrix.values()) // 2
    if not tied:
        return None
    text = _("%(n)s of %(all)s") % {"n": tied, "all": block["n_trials"]}
    if found.get("nu") is None:
        return [_("Ties"), text, _("Comparisons in which neither image was better.")]
    return [
        _("Ties"),
        text,
        _("Davidson's ν = %(nu)s: two equally good images tie in %(share)s of comparisons.")
        % {"nu": plain(found["nu"]), "share": percent(found["nu"] / (2 + found["nu"]))},
    ]


def _ranks(block: Mapping[str, Any]) -> list[str] | None:
    """Friedman's test and Kendall's W, or the test of Skillings and Mack."""
    test, mack, w = block.get("friedman"), block.get("skillings_mack"), block.get("kendall_w")
    if not (test or mack):
        return None
    name = _("Friedman, people's means") if test else "Skillings–Mack"
    found = test or mack or {}
    text = f"{chi_square(found['statistic'], found['df'])}, {p_value(found['p'])}"
    if w is not None:
        text += f"; W = {plain(w)}"
    words = _("For these clips: whether people rank the conditions alike. W by chance alone: %(chance)s.") % {
        "chance": plain(1 / max(block["n_participants"], 1))
    }
    return [name, text, words]


def _texts(block: Mapping[str, Any]) -> list[str] | None:
    found = block.get("texts") or {}
    if not found:
        return None
    return [
        _("Answers in words"),
        _("%(n)s of %(all)s") % {"n": found["given"], "all": found["trials"]},
        _("By %(people)s people. The words are in the export, not in this report.") % {"people": found["participants"]},
    ]

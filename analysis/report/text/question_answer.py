"""The answer of one question of an instrument in plain words: ratings, comparisons of two images, rank orders.

As of choices (`answer`), every sentence names the population, and what is not significant is "not shown".
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.context import QuestionView, ReportContext, labels_by_key
from analysis.report.text.answer_parts import says_nothing, smallest_difference, within_unknown
from analysis.report.text.contrast_names import is_preset, sides
from analysis.report.text.number_format import degrees, interval, p_value, percent, percent_interval, plain
from analysis.report.text.question_names import scale_of

MOST_PAIRS_TOLD = 3


def question_answer(block: Mapping[str, Any], view: QuestionView, context: ReportContext, alpha: float) -> list[str]:
    """Sentences on what a question of ratings or pairs says of the conditions; none of a question that describes."""
    if not block.get("scores") or block["kind"] not in ("rate", "pair"):
        return []
    if not block.get("factors"):
        return _without_factors(block, view, context, alpha)
    primary, these = block.get("primary"), value_at(block, "these_clips", 0)
    if primary is None:
        if these is None:
            return [_("The question of this study cannot be answered from these data.")]
        return [_sentence(block, these, view, context, alpha, new=False)]
    if effects := _simple_effects(block, view, alpha):
        return effects
    sentences = [_sentence(block, primary, view, context, alpha, new=True)]
    p = p_of(primary)
    if p is not None and not is_significant(p, alpha):
        if these is not None and is_significant(these.get("p"), alpha):
            sentences.append(
                _(
                    "For these clips alone a preference is shown (95 %% interval %(interval)s, %(p)s); that gives no "
                    "information about other music."
                )
                % {"interval": _ends(block, these.get("ci95")), "p": p_value(these.get("p"))}
            )
        sentences += says_nothing(block, primary)
    sentences += smallest_difference(block)
    if is_preset(primary):
        rows = [row for row in block.get("secondary") or [] if str(row.get("contrast")).startswith("sentence")]
        sentences += [_sentence_effect(block, row, alpha) for row in rows[:1] if row.get("estimate") is not None]
    return sentences


def p_of(test: Mapping[str, Any]) -> float | None:
    """The p value that decides: adjusted by Holm over several questions, if it is."""
    holm = test.get("p_holm")
    return test.get("p") if holm is None else holm


def _share(estimate: float) -> float:
    """The share of comparisons won, a tie counting half, from the mean difference of points 1, ½ and 0."""
    return (1 + estimate) / 2


def _ends(block: Mapping[str, Any], ends: Any) -> str:
    """An interval: of pairs as shares that are won."""
    if block["kind"] == "pair" and ends:
        return percent_interval([min(max(_share(end), 0.0), 1.0) for end in ends])  # no share lies beyond
    return interval(ends)


def _turned(row: Mapping[str, Any]) -> dict[str, Any]:
    """The contrast of the other side with this one."""
    ends = [-end for end in reversed(row["ci95"])] if row.get("ci95") else None
    t = None if row.get("t") is None else -row["t"]
    return {**row, "estimate": -row["estimate"], "ci95": ends, "t": t}


def _statistics(block: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    text = _("95 %% interval %(interval)s, t(%(df)s) = %(t)s, %(p)s") % {
        "interval": _ends(block, row.get("ci95")),
        "df": degrees(row.get("df")),
        "t": plain(row.get("t")),
        "p": p_value(p_of(row)),
    }
    return text if row.get("p_holm") is None else _("%(statistics)s after Holm") % {"statistics": text}


def _what(block: Mapping[str, Any], row: Mapping[str, Any], view: QuestionView, ahead: str, behind: str) -> str:
    """What is found, as the middle of a sentence; `row` is turned so that its estimate is not negative."""
    if block["kind"] == "pair":
        return _("%(ahead)s won %(share)s of the comparisons with %(behind)s, a tie counting half") % {
            "ahead": ahead,
            "behind": behind,
            "share": percent(_share(row["estimate"]), 0),
        }
    values = {"scale": scale_of(block, view), "ahead": ahead, "behind": behind, "size": plain(row["estimate"])}
    if values["size"] == plain(0.0):
        return _("on %(scale)s, the mean ratings of %(ahead)s and of %(behind)s differ by less than 0.01") % values
    return _("on %(scale)s, %(ahead)s were rated %(size)s higher than %(behind)s") % values


def _sentence(
    block: Mapping[str, Any],
    row: Mapping[str, Any],
    view: QuestionView,
    context: ReportContext,
    alpha: float,
    *,
    new: bool,
) -> str:
    if row.get("estimate") is None:
        return _("The question of this study cannot be answered from these data.")
    high, low = sides(str(row.get("contrast")), block, context)
    above = row["estimate"] >= 0
    turned = row if above else _turned(row)
    ahead, behind = (high, low) if above else (low, high)
    values = {"what": _what(block, turned, view, ahead, behind), "statistics": _statistics(block, turned)}
    p = p_of(row)
    if p is None:
        return _("These data do not show how certain this is: %(what)s.") % values
    if not is_significant(p, alpha):
        text = (
            _(
                "Not shown for music like this: %(what)s (%(statistics)s), which the luck of these people and clips "
                "may explain."
            )
            if new
            else _(
                "Not shown, not even for these clips: %(what)s (%(statistics)s), which the luck of these people may "
                "explain."
            )
        )
    elif not is_preset(row):
        text = (
            _("For music like this, the difference is shown: %(what)s (%(statistics)s).")
            if new
            else _("For these clips, the difference is shown: %(what)s (%(statistics)s).")
        )
    elif above:
        text = (
            _("Yes, for music like this: %(what)s (%(statistics)s).")
            if new
            else _("Yes, for these clips: %(what)s (%(statistics)s).")
        )
    else:
        text = (
            _("No, the reverse, for music like this: %(what)s (%(statistics)s).")
            if new
            else _("No, the reverse, for these clips: %(what)s (%(statistics)s).")
        )
    return text % values


def _sentence_effect(block: Mapping[str, Any], row: Mapping[str, Any], alpha: float) -> str:
    """The sentence about the secondary question: sentences against tags."""
    p = p_of(row)
    values = {
        "size": plain(abs(row["estimate"])),
        "share": percent(_share(row["estimate"])),
        "interval": _ends(block, row.get("ci95")),
        "p": p_value(p),
    }
    if block["kind"] == "pair":
        if is_significant(p, alpha):
            return _("Sentences won %(share)s of the comparisons with bare tags (%(interval)s; %(p)s after Holm).") % (
                values
            )
        return (
            _(
                "Between sentences and bare tags no difference is shown: sentences won %(share)s of the comparisons "
                "(%(interval)s; %(p)s after Holm)."
            )
            % values
        )
    if is_significant(p, alpha) and row["estimate"] > 0:
        return _("Sentences were rated %(size)s higher than bare tags (%(interval)s; %(p)s after Holm).") % values
    if is_significant(p, alpha):
        return _("Sentences were rated %(size)s lower than bare tags (%(interval)s; %(p)s after Holm).") % values
    return _(
        "Between sentences and bare tags no difference is shown: %(signed)s points (%(interval)s; %(p)s after Holm)."
    ) % (values | {"signed": plain(row["estimate"])})


def _simple_effects(block: Mapping[str, Any], view: QuestionView, alpha: float) -> list[str]:
    """The first factor within each level of the second, if the interaction of a 2 × 2 is significant."""
    interaction = next((row for row in block.get("secondary") or [] if row.get("contrast") == "interaction"), None)
    effects = block.get("simple_effects") or []
    if interaction is None or not is_significant(interaction.get("p_holm"), alpha):
        return []
    first = effects[0].get("factor") if effects else next(iter(block.get("factors") or ()), "")
    start = (
        _("What redefinition does depends on the form of the prompt (interaction: %(size)s points, %(p)s after Holm).")
        if first == "redefined"
        else _("What the first factor does depends on the second (interaction: %(size)s points, %(p)s after Holm).")
    )
    values = {"size": plain(interaction.get("estimate")), "p": p_value(interaction.get("p_holm"))}
    return [start % values, *([_simple_effect(block, row, view, alpha) for row in effects] or [within_unknown()])]


def _simple_effect(block: Mapping[str, Any], row: Mapping[str, Any], view: QuestionView, alpha: float) -> str:
    places = {"sentence": _("Among sentences"), "tags": _("Among bare tags")}
    names = (_("images from redefined tags"), _("images from original tags"))
    if row.get("factor") != "redefined" or row.get("within") not in places:
        places = {str(row.get("within")): _("Within “%(within)s”") % {"within": row.get("within")}}
        names = (
            _("the high side of “%(factor)s”") % {"factor": row.get("factor")},
            _("the low side"),
        )
    above = (row.get("estimate") or 0.0) >= 0
    turned = row if above else _turned(row)
    ahead, behind = names if above else names[::-1]
    values = {
        "place": places[str(row.get("within"))],
        "what": _what(block, turned, view, ahead, behind),
        "interval": _ends(block, turned.get("ci95")),
        "p": p_value(row.get("p_holm")),
    }
    if is_significant(row.get("p_holm"), alpha):
        return _("%(place)s, for music like this: %(what)s (%(interval)s, %(p)s).") % values
    return _("%(place)s, not shown for music like this: %(what)s (%(interval)s, %(p)s).") % values


def _without_factors(block: Mapping[str, Any], view: QuestionView, context: ReportContext, alpha: float) -> list[str]:
    """Which pairs of conditions differ for new clips, and the highest mean of these clips."""
    labels = labels_by_key(context.conditions)
    pairs = [row for row in block.get("pairwise") or [] if row.get("new_clips")]
    shown = [row for row in pairs if is_significant(row["new_clips"].get("p_holm"), alpha)]
    shown.sort(key=lambda row: row["new_clips"]["p_holm"])
    sentences = []
    if pairs and not shown:
        sentences.append(_("For music like this, no difference between two conditions is shown (Holm over pairs)."))
    for row in shown[:MOST_PAIRS_TOLD]:
        test = row["new_clips"]
        above = test["estimate"] > 0
        turned = test if above else _turned(test)
        ahead, behind = (row["a"], row["b"]) if above else (row["b"], row["a"])
        names = [_("images of %(names)s") % {"names": f"“{labels.get(key, key)}”"} for key in (ahead, behind)]
        values = {
            "what": _what(block, turned, view, *names),
            "interval": _ends(block, turned["ci95"]),
            "p": p_value(test.get("p_holm")),
        }
        sentences.append(_("For music like this, %(what)s (95 %% interval %(interval)s, %(p)s after Holm).") % values)
    if len(shown) > MOST_PAIRS_TOLD:
        sentences.append(_("More pairs differ; the table has them all."))
    sentences.append(_highest(block, view, labels))
    if not pairs:
        sentences.append(_("Whether this holds for other music is not shown."))
    return sentences


def _highest(block: Mapping[str, Any], view: QuestionView, labels: Mapping[str, str]) -> str:
    means = {key: row["mean"] for key, row in block["scores"].items() if row.get("mean") is not None}
    if not means:
        return _("Nobody gave a number to any image.")
    most = max(means.values())
    best = [key for key, mean in means.items() if mean >= most - 1e-9]
    values = {
        "scale": scale_of(block, view),
        "names": ", ".join(f"“{labels.get(key, key)}”" for key in best),
        "interval": _mean_interval(block, best[0]),
    }
    if block["kind"] == "pair":
        return _("For these clips, %(names)s won most comparisons: %(mean)s (95 %% interval %(interval)s).") % (
            values | {"mean": percent(most)}
        )
    return _(
        "For these clips, %(names)s has the highest mean on %(scale)s: %(mean)s (95 %% interval %(interval)s)."
    ) % (values | {"mean": plain(most)})


def _mean_interval(block: Mapping[str, Any], key: str) -> str:
    ends = value_at(block, "scores", key, "ci95")
    return percent_interval(ends) if block["kind"] == "pair" else interval(ends)

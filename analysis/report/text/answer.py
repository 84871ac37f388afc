"""The answer in one paragraph of plain words that claims no more than the numbers allow.

Every sentence names the population: "for music like this" only if the test over clips and people is significant, "for
these clips" otherwise. A result that is not significant is "not shown", never "no difference".
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.report.analysis_json import is_significant, value_at
from analysis.report.context import ReportContext
from analysis.report.text.answer_parts import (
    depends_on_the_other_factor,
    points_of_an_answer,
    says_nothing,
    smallest_difference,
)
from analysis.report.text.answer_without_factors import without_factors
from analysis.report.text.contrast_names import is_preset, sides
from analysis.report.text.number_format import degrees, interval, p_value, plain, points

ADVISED_CLIPS, FEWEST_CLIPS = 12, 5


def answer(data: Mapping[str, Any], context: ReportContext, alpha: float = 0.05) -> str:
    """The paragraph that opens the report."""
    return " ".join(answer_sentences(data, context, alpha))


def answer_sentences(data: Mapping[str, Any], context: ReportContext, alpha: float = 0.05) -> list[str]:
    """The sentences of that paragraph: the first one answers, the others say how far that goes."""
    if not data.get("n_ballots"):
        return [_("There are no answers to analyse yet.")]
    if data["n_ballots"] == value_at(data, "counts", "none_fits"):
        return [_("Everybody said that none of the images fits: nothing can be compared.")]
    if value_at(data, "sequential", "stopped_at"):
        return _stopped_early(data, context, alpha)
    if not data.get("factors") and data.get("primary") is None:
        return [*without_factors(data, context, alpha), *few_clips(data)]
    return [*_question(data, context, alpha), *few_clips(data)]


def _question(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """The sentences about the contrasts of a study with factors."""
    primary, these_clips = data.get("primary"), (data.get("these_clips") or [None])[0]
    if primary is None:
        if these_clips is None:
            return [_("The question of this study cannot be answered from these data.")]
        return [_for_these_clips(data, these_clips, context, alpha)]
    if effects := depends_on_the_other_factor(data, alpha):
        return effects
    sentences = [_primary(data, primary, context, alpha)]
    if primary.get("p") is not None and not is_significant(primary["p"], alpha):
        if these_clips is not None and is_significant(these_clips.get("p"), alpha):
            sentences.append(_only_these_clips(these_clips))
        sentences += says_nothing(data, primary)
    sentences += smallest_difference(data)
    if is_preset(primary):
        rows = [row for row in data.get("secondary") or [] if str(row.get("contrast")).startswith("sentence")]
        sentences += [_sentence_effect(row, alpha) for row in rows[:1] if row.get("estimate") is not None]
    return sentences


def few_clips(data: Mapping[str, Any]) -> list[str]:
    """The caution about few clips: it belongs beside a claim as much as beside its absence."""
    clips = data["n_clips"]
    if clips >= ADVISED_CLIPS:
        return []
    if data.get("primary") is None and clips > 1 and value_at(data, "effective_clips") is not None:
        effective = data["effective_clips"]
        if effective < FEWEST_CLIPS - 1e-9:
            return [
                _("%(clips)s clips are too few for a conclusion about other music; at least %(advised)s are advised.")
                % {"clips": plain(effective, 0 if float(effective).is_integer() else 1), "advised": ADVISED_CLIPS}
            ]
    return [_too_few_clips(clips)]


def _turned_round(row: Mapping[str, Any]) -> dict[str, Any]:
    """The contrast of the other side with this one."""
    ends = [-end for end in reversed(row["ci95"])] if row.get("ci95") else None
    return {**row, "ci95": ends, "t": None if row.get("t") is None else -row["t"]}


def _statistics(row: Mapping[str, Any], p: float | None) -> str:
    return _("95 %% interval %(interval)s, t(%(df)s) = %(t)s, %(p)s") % {
        "interval": interval(row.get("ci95")),
        "df": degrees(row.get("df")),
        "t": plain(row.get("t")),
        "p": p_value(p),
    }


def _values(data: Mapping[str, Any], row: Mapping[str, Any], context: ReportContext) -> dict[str, str]:
    """The values for the placeholders of a sentence about a contrast."""
    high, low = sides(str(row.get("contrast")), data, context)
    size = plain(abs(row["estimate"]))
    more = (_("%(size)s more than") if row["estimate"] >= 0 else _("%(size)s fewer than")) % {"size": size}
    return {
        "total": points(points_of_an_answer(data)),
        "high": high,
        "low": low,
        "ahead": high if row["estimate"] >= 0 else low,
        "behind": low if row["estimate"] >= 0 else high,
        "size": size,
        "more": more,
        "statistics": _statistics(row, row.get("p")),
        "ahead_statistics": _statistics(row if row["estimate"] >= 0 else _turned_round(row), row.get("p")),
    }


def _without_a_test() -> str:
    """The sentence for a contrast without spread, which has no p value."""
    return _(
        "These data do not show how certain this is: of the %(total)s points an answer can give, %(high)s got "
        "%(more)s %(low)s."
    )


def _primary(data: Mapping[str, Any], primary: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The answer by the test for new clips."""
    if primary.get("estimate") is None:
        return _("The question of this study cannot be answered from these data.")
    text = _sentence_for(
        primary,
        alpha,
        difference=_(
            "For music like this, the difference is shown: of the %(total)s points an answer can give, %(ahead)s got "
            "%(size)s more than %(behind)s (%(ahead_statistics)s)."
        ),
        yes=_(
            "Yes, for music like this: of the %(total)s points an answer can give, %(high)s got %(size)s more than "
            "%(low)s (%(statistics)s)."
        ),
        reverse=_(
            "No, the reverse, for music like this: of the %(total)s points an answer can give, %(high)s got %(size)s "
            "fewer than %(low)s (%(statistics)s)."
        ),
        not_shown=_(
            "Not shown for music like this: of the %(total)s points an answer can give, %(high)s got %(more)s %(low)s "
            "(%(statistics)s), which the luck of these people and clips may explain."
        ),
        equal=_(
            "Not shown for music like this: %(high)s and %(low)s differ by less than 0.01 points an answer "
            "(%(statistics)s)."
        ),
    )
    return text % _values(data, primary, context)


def _for_these_clips(data: Mapping[str, Any], test: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The answer if new clips cannot be tested, for example with one clip."""
    text = _sentence_for(
        test,
        alpha,
        difference=_(
            "For these clips, the difference is shown: of the %(total)s points an answer can give, %(ahead)s got "
            "%(size)s more than %(behind)s (%(ahead_statistics)s)."
        ),
        yes=_(
            "Yes, for these clips: of the %(total)s points an answer can give, %(high)s got %(size)s more than %(low)s "
            "(%(statistics)s)."
        ),
        reverse=_(
            "No, the reverse, for these clips: of the %(total)s points an answer can give, %(high)s got %(size)s fewer "
            "than %(low)s (%(statistics)s)."
        ),
        not_shown=_(
            "Not shown, not even for these clips: of the %(total)s points an answer can give, %(high)s got %(more)s "
            "%(low)s (%(statistics)s), which the luck of these people may explain."
        ),
        equal=_(
            "Not shown, not even for these clips: %(high)s and %(low)s differ by less than 0.01 points an answer "
            "(%(statistics)s)."
        ),
    )
    return text % _values(data, test, context)


def _sentence_for(
    test: Mapping[str, Any], alpha: float, *, difference: str, yes: str, reverse: str, not_shown: str, equal: str
) -> str:
    """The sentence that fits the estimate and the p value.

    `difference`: if the question has no yes and no. `equal`: if the estimate would be printed as 0.00.
    """
    p = test.get("p")
    if p is None:
        return _without_a_test()
    if not is_significant(p, alpha):
        return equal if plain(abs(test["estimate"])) == plain(0.0) else not_shown
    if not is_preset(test):
        return difference
    return yes if test["estimate"] > 0 else reverse


def _only_these_clips(these_clips: Mapping[str, Any]) -> str:
    """The sentence for a result that is significant for these clips, but not for new clips."""
    return _(
        "For these clips alone a preference is shown (95 %% interval %(interval)s, %(p)s); that gives no "
        "information about other music."
    ) % {"interval": interval(these_clips.get("ci95")), "p": p_value(these_clips.get("p"))}


def _stopped_early(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """The answer of the e-process; ordinary p values are not valid after repeated looks at the data."""
    block = data["sequential"]
    total = sum(data["weights"])
    contrast = str(value_at(data, "primary", "contrast") or value_at(data, "these_clips", 0, "contrast") or "")
    high, low = sides(contrast, data, context)
    bounds = [end * total for end in block["confidence_sequence"]]
    if bounds[0] > 0:
        start = _("Yes, for these clips: after %(n)s people the plan's rule to stop early was reached.")
    elif bounds[1] < 0:
        start = _("No, the reverse, for these clips: after %(n)s people the plan's rule to stop early was reached.")
    else:
        start = _("For these clips the plan's rule to stop early was reached after %(n)s people.")
    return [
        start % {"n": block["stopped_at"]},
        _(
            "Of the %(total)s points an answer can give, the points of %(high)s minus those of %(low)s are "
            "%(interval)s on average (%(level)s %% confidence sequence, valid however often the results were "
            "checked). Ordinary p values and intervals are not valid after such a stop and are not shown; "
            "estimates at a stop tend to be too large. This gives no information about other music."
        )
        % {
            "total": points(total),
            "high": high,
            "low": low,
            "interval": interval(bounds),
            "level": points(100 * (1 - alpha)),
        },
    ]


def _too_few_clips(clips: int) -> str:
    return ngettext(
        "One clip is too few for conclusions about other music.",
        "%(clips)d clips are few for conclusions about other music; at least %(advised)d are advised.",
        clips,
    ) % {"clips": clips, "advised": ADVISED_CLIPS}


def _sentence_effect(row: Mapping[str, Any], alpha: float) -> str:
    """The sentence about the secondary question: sentences against tags."""
    p = row.get("p_holm", row.get("p"))
    values = {
        "size": plain(abs(row["estimate"])),
        "interval": interval(row.get("ci95")),
        "p": p_value(p),
    }
    if is_significant(p, alpha) and row["estimate"] > 0:
        return _("Sentences got %(size)s more than bare tags (%(interval)s; %(p)s after Holm).") % values
    if is_significant(p, alpha):
        return _("Sentences got %(size)s fewer than bare tags (%(interval)s; %(p)s after Holm).") % values
    return _(
        "Between sentences and bare tags no difference is shown: %(signed)s points (%(interval)s; %(p)s after Holm)."
    ) % (values | {"signed": plain(row["estimate"])})

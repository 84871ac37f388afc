"""The answer in one paragraph of plain words, never stronger than the numbers allow.

Every sentence says whom it speaks for: "for music like this" only where the crossed test over clips and people
carries it, "for these clips" otherwise. A result that is not significant is "not shown", never "no difference".
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.report.context import ReportContext
from analysis.report.text.number_format import degrees, get, interval, p_value, plain, points

ADVISED_CLIPS = 12


def answer(data: Mapping[str, Any], context: ReportContext, alpha: float = 0.05) -> str:
    """The paragraph that opens the report."""
    if not data.get("n_ballots"):
        return _("There are no answers to analyse yet.")
    if get(data, "sequential", "stopped_at"):
        return _stopped_early(data, context, alpha)
    primary = data.get("primary")
    here = (data.get("these_clips") or [None])[0]
    if primary is None:
        if here is not None and data.get("factors"):
            return " ".join([_for_these_clips(data, here, context, alpha), *_few(data)])
        return _without_factors(data, context, alpha)
    sentences = [_primary(data, primary, context, alpha)]
    if not _shown(primary.get("p"), alpha):
        if primary.get("p") is not None and here is not None and _shown(here.get("p"), alpha):
            sentences.append(_only_here(here))
        sentences += _few(data)
    sentence = next(
        (
            row
            for row in data.get("secondary") or []
            if _is_preset(primary) and str(row.get("contrast")).startswith("sentence")
        ),
        None,
    )
    if sentence is not None and sentence.get("estimate") is not None:
        sentences.append(_sentence_effect(data, sentence, alpha))
    return " ".join(sentences)


def _few(data: Mapping[str, Any]) -> list[str]:
    return [_too_few_clips(data["n_clips"])] if data["n_clips"] < ADVISED_CLIPS else []


def _shown(p: float | None, alpha: float) -> bool:
    return p is not None and p < alpha


def _is_preset(row: Mapping[str, Any]) -> bool:
    """Whether a contrast asks the question of the preset, which has a yes and a no."""
    return str(row.get("contrast")) in ("redefined", "redefined_minus_original")


def sides(contrast: str, data: Mapping[str, Any], context: ReportContext) -> tuple[str, str]:
    """What a contrast compares, in words: the images at the high level of its factor, and the others."""
    if contrast.startswith("redefined"):
        return _("images from redefined tags"), _("images from original tags")
    name = contrast.removesuffix("_minus_rest")
    high = (data.get("factors") or {}).get(name) or []
    labels = {view.key: view.label for view in context.conditions}

    def images(keys: list[str]) -> str:
        return _("images of %(names)s") % {"names": ", ".join(f"“{labels.get(key, key)}”" for key in keys)}

    return images([key for key in data["conditions"] if key in high]), images(
        [key for key in data["conditions"] if key not in high]
    )


def contrast_name(key: str) -> str:
    """What a contrast is called in tables."""
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
    # A factor of the reader's own.
    return _("%(factor)s − rest") % {"factor": key.removesuffix("_minus_rest")}


def _statistics(row: Mapping[str, Any], p: float | None) -> str:
    return _("95 %% interval %(interval)s, t(%(df)s) = %(t)s, %(p)s") % {
        "interval": interval(row.get("ci95"), to=_("to")),
        "df": degrees(row.get("df")),
        "t": plain(row.get("t")),
        "p": p_value(p),
    }


def _compared(data: Mapping[str, Any], row: Mapping[str, Any], context: ReportContext) -> dict[str, str]:
    """The parts of a sentence about a contrast."""
    high, low = sides(str(row.get("contrast")), data, context)
    size = plain(abs(row["estimate"]))
    more = (_("%(size)s more than") if row["estimate"] >= 0 else _("%(size)s fewer than")) % {"size": size}
    return {
        "total": points(sum(data["weights"])),
        "high": high,
        "low": low,
        "ahead": high if row["estimate"] >= 0 else low,
        "behind": low if row["estimate"] >= 0 else high,
        "size": size,
        "more": more,
        "statistics": _statistics(row, row.get("p")),
    }


def _without_a_test() -> str:
    """A contrast that has no spread to test against, for whichever clips."""
    return _(
        "How sure this is cannot be said from these data: of the %(total)s points an answer gives, %(high)s got "
        "%(more)s %(low)s."
    )


def _primary(data: Mapping[str, Any], primary: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    estimate, p = primary.get("estimate"), primary.get("p")
    if estimate is None:
        return _("The question of this study cannot be answered from these data.")
    if _shown(p, alpha) and not _is_preset(primary):
        return _(
            "For music like this, the difference is shown: of the %(total)s points an answer gives, %(ahead)s got "
            "%(size)s more than %(behind)s (%(statistics)s)."
        ) % _compared(data, primary, context)
    if p is None:
        text = _without_a_test()
    elif _shown(p, alpha) and estimate > 0:
        text = _(
            "Yes, for music like this: of the %(total)s points an answer gives, %(high)s got %(size)s more than "
            "%(low)s (%(statistics)s)."
        )
    elif _shown(p, alpha):
        text = _(
            "No, the reverse, for music like this: of the %(total)s points an answer gives, %(high)s got %(size)s "
            "fewer than %(low)s (%(statistics)s)."
        )
    else:
        text = _(
            "Not shown for music like this: of the %(total)s points an answer gives, %(high)s got %(more)s %(low)s "
            "(%(statistics)s), which the luck of these people and clips may explain."
        )
    return text % _compared(data, primary, context)


def _only_here(here: Mapping[str, Any]) -> str:
    """What holds for these clips where it is not shown for new ones."""
    return _(
        "For these clips by themselves people's preference is shown (95 %% interval %(interval)s, %(p)s); of other "
        "music that says nothing."
    ) % {"interval": interval(here.get("ci95"), to=_("to")), "p": p_value(here.get("p"))}


def _for_these_clips(data: Mapping[str, Any], here: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The answer where nothing can be said of new clips, as with one clip."""
    p, estimate = here.get("p"), here["estimate"]
    if _shown(p, alpha) and not _is_preset(here):
        return _(
            "For these clips, the difference is shown: of the %(total)s points an answer gives, %(ahead)s got "
            "%(size)s more than %(behind)s (%(statistics)s)."
        ) % _compared(data, here, context)
    if p is None:
        text = _without_a_test()
    elif _shown(p, alpha) and estimate > 0:
        text = _(
            "Yes, for these clips: of the %(total)s points an answer gives, %(high)s got %(size)s more than %(low)s "
            "(%(statistics)s)."
        )
    elif _shown(p, alpha):
        text = _(
            "No, the reverse, for these clips: of the %(total)s points an answer gives, %(high)s got %(size)s fewer "
            "than %(low)s (%(statistics)s)."
        )
    else:
        text = _(
            "Not shown, not even for these clips: of the %(total)s points an answer gives, %(high)s got %(more)s "
            "%(low)s (%(statistics)s), which the luck of these people may explain."
        )
    return text % _compared(data, here, context)


def _stopped_early(data: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The answer of the e-process; ordinary p values would claim too much after looking again and again."""
    block = data["sequential"]
    total = sum(data["weights"])
    contrast = str(get(data, "primary", "contrast") or get(data, "these_clips", 0, "contrast") or "")
    high, low = sides(contrast, data, context)
    bounds = [end * total for end in block["confidence_sequence"]]
    if bounds[0] > 0:
        start = _("Yes, for these clips: after %(n)s people the plan's rule to stop early was reached.")
    elif bounds[1] < 0:
        start = _("No, the reverse, for these clips: after %(n)s people the plan's rule to stop early was reached.")
    else:
        start = _("For these clips the plan's rule to stop early was reached after %(n)s people.")
    return " ".join(
        [
            start % {"n": block["stopped_at"]},
            _(
                "Of the %(total)s points an answer gives, the points of %(high)s minus those of %(low)s are "
                "%(interval)s on average (%(level)s %% confidence sequence, valid however often one looked). Ordinary "
                "p values are not valid after such a stop and are not shown. Of other music this says nothing."
            )
            % {
                "total": points(total),
                "high": high,
                "low": low,
                "interval": interval(bounds, to=_("to")),
                "level": points(100 * (1 - alpha)),
            },
        ]
    )


def _too_few_clips(clips: int) -> str:
    return ngettext(
        "One clip is too few to speak of other music.",
        "%(clips)d clips are few to speak of other music; at least %(advised)d are advised.",
        clips,
    ) % {"clips": clips, "advised": ADVISED_CLIPS}


def _sentence_effect(data: Mapping[str, Any], row: Mapping[str, Any], alpha: float) -> str:
    p = row.get("p_holm", row.get("p"))
    values = {
        "size": plain(abs(row["estimate"])),
        "interval": interval(row.get("ci95"), to=_("to")),
        "p": p_value(p),
    }
    if _shown(p, alpha) and row["estimate"] > 0:
        return _("Sentences got %(size)s more than bare tags (%(interval)s; %(p)s after Holm).") % values
    if _shown(p, alpha):
        return _("Sentences got %(size)s fewer than bare tags (%(interval)s; %(p)s after Holm).") % values
    return _(
        "Between sentences and bare tags no difference is shown: %(signed)s points (%(interval)s; %(p)s after Holm)."
    ) % (values | {"signed": plain(row["estimate"])})


def _without_factors(data: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    labels = {view.key: view.label for view in context.conditions}
    scores = data.get("scores") or {}
    ranked = sorted(scores, key=lambda key: -(scores[key].get("mean_points") or 0.0))
    if not ranked:
        return _("There are no answers to analyse yet.")
    p = get(data, "friedman", "p")
    best = ranked[0]
    values = {
        "best": labels.get(best, best),
        "mean": plain(scores[best].get("mean_points")),
        "interval": interval(scores[best].get("ci95"), to=_("to")),
        "chi": plain(get(data, "friedman", "statistic")),
        "df": degrees(get(data, "friedman", "df")),
        "p": p_value(p),
    }
    if p is None:
        text = _(
            "For these clips, “%(best)s” got the most points: %(mean)s an answer (95 %% interval %(interval)s). How sure the order is cannot be said from these data."
        )
    elif _shown(p, alpha):
        text = _(
            "For these clips, people's points differ between the conditions (Friedman's χ²(%(df)s) = %(chi)s, %(p)s); "
            "“%(best)s” got the most: %(mean)s an answer (95 %% interval %(interval)s). Whether this holds for other "
            "music, this test does not say."
        )
    else:
        text = _(
            "For these clips, no difference between the conditions is shown (Friedman's χ²(%(df)s) = %(chi)s, %(p)s). "
            "“%(best)s” got the most points: %(mean)s an answer (95 %% interval %(interval)s)."
        )
    return text % values

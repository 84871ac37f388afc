"""The methods of the analysis in words, and its limits."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ReportContext, labels_by_key
from analysis.report.text.clips_left_out import clips_left_out_text
from analysis.report.text.contrast_names import contrast_name, sides
from analysis.report.text.flow import flow_text
from analysis.report.text.number_format import plain, points
from analysis.report.text.paintings import paintings_text
from analysis.report.text.question_methods import people_and_questions, question_methods

FEWEST_CLIPS = 5


def methods(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """Paragraphs on the methods, ready for a paper; only of what was done with these data."""
    of_choices = bool(data.get("weights"))
    asks_more = bool(data.get("questions"))
    main = value_at(data, "questions", str(data.get("primary_question")), "kind")
    texts = [
        people_and_questions(data, context) if asks_more else _people_and_choices(data),
        _points(data) if asks_more and of_choices else "",
        " ".join(part for part in (*context.making, *selection_texts(data, labels_by_key(context.conditions))) if part),
        flow_text(context),
        _exclusions(context),
        _primary_test(data, context, alpha) if not asks_more or (of_choices and main == "choose") else "",
        *(question_methods(data, context, alpha) if asks_more else ()),
        *_unequal_sides_note(data),
        _few_clips(data),
        _exposure(data),
        _missing_seconds(data),
        _early_stop(data),
        "" if _stopped(data) else _these_clips(data),
        _groups_of_people(data, context),
        _known_pieces(data),
        _worths(data),
        "" if _stopped(data) else _random_effects(data),
        context.registration.sentence if context.registration else "",
        _software(data, context),
    ]
    return [text for text in texts if text]


def planned_methods(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """The paragraphs on tests that are true before there are answers, of the analysis JSON as the plan foresees it."""
    asks_more = bool(data.get("questions"))
    main = value_at(data, "questions", str(data.get("primary_question")), "kind")
    texts = [
        _primary_test(data, context, alpha) if not asks_more or (data.get("weights") and main == "choose") else "",
        *(question_methods(data, context, alpha) if asks_more else ()),
        *_unequal_sides_note(data),
        _few_clips(data),
        _these_clips(data),
        _worths(data),
        _random_effects(data),
    ]
    return [text for text in texts if text]


def selection_texts(data: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """What people selected before the study opened, while they could see the images."""
    return [text for text in (clips_left_out_text(data), paintings_text(data, labels)) if text]


def _exclusions(context: ReportContext) -> str:
    """The rules of the plan that leave people out; the figure of the flow counts them."""
    if not context.exclusion_rules:
        return ""
    return _(
        "Rules fixed before opening left people out of the analysis: %(rules)s. The result with everybody is given "
        "beside it."
    ) % {"rules": "; ".join(context.exclusion_rules)}


def _stopped(data: Mapping[str, Any]) -> bool:
    return bool(value_at(data, "sequential", "stopped_at"))


def _people_and_choices(data: Mapping[str, Any]) -> str:
    optional = data.get("second_choice") == "optional" or bool(value_at(data, "counts", "without_second"))
    incomplete = data.get("exposure") is not None
    values = {
        "people": data["n_participants"],
        "ballots": data["n_ballots"],
        "clips": data["n_clips"],
        "k": len(data["conditions"]),
        "first": points(data["weights"][0]),
        "second": points(data["weights"][1]),
    }
    seen = _("images of some of the %(k)d conditions") if incomplete else _("its %(k)d images, one for each condition")
    chose = _("a 1st and, if they liked, a 2nd") if optional else _("a 1st and a 2nd")
    return _(
        "%(people)d people gave %(ballots)d answers on %(clips)d clips. In each trial a person heard a clip, saw "
        "%(seen)s, in an order of their own and without knowing how any was made, and chose %(chose)s. A 1st choice "
        "counts %(first)s points, a 2nd %(second)s."
    ) % (values | {"seen": seen % values, "chose": chose})


def _points(data: Mapping[str, Any]) -> str:
    """What choices count, in a study that asks more than these."""
    first, second = data["weights"]
    if data.get("second_choice") == "not asked":
        return _("The image chosen counts %(first)s points.") % {"first": points(first)}
    return _("A 1st choice counts %(first)s points, a 2nd %(second)s.") % {
        "first": points(first),
        "second": points(second),
    }


def _primary_test(data: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    primary = data.get("primary")
    if not primary or _stopped(data):
        return ""
    high, low = sides(str(primary.get("contrast")), data, context)
    # Repeats are averaged, so that each person and clip is one cell.
    cells = data["n_ballots"] - (value_at(data, "counts", "repeats") or 0)
    complete = cells == data["n_participants"] * data["n_clips"] and data.get("exposure") is None
    text = _(
        "The primary test compares %(high)s with %(low)s by the difference of their points per answer, with people and "
        "clips as crossed random effects, so that it holds for new clips (Clark 1973; Judd, Westfall and Kenny 2012; "
        "%(components)s, Satterthwaite's degrees of freedom, two-sided, α = %(alpha)s)."
    ) % {
        "high": high,
        "low": low,
        "alpha": f"{alpha:g}",
        "components": _("two-way analysis of variance")
        if complete
        else _("variance components by Henderson's method III (Searle, Casella and McCulloch 1992)"),
    }
    if data.get("secondary"):
        text += " " + _("Secondary contrasts are adjusted by Holm's (1979) method.")
    return text


def _few_clips(data: Mapping[str, Any]) -> str:
    clips = data.get("effective_clips")
    if clips is None or clips >= FEWEST_CLIPS - 1e-9:
        return ""
    return _(
        "Nothing is tested for new clips: with fewer than %(fewest)d effective clips (here %(clips)s; unequal numbers "
        "of answers count as fewer clips) such tests reject too often."
    ) % {"fewest": FEWEST_CLIPS, "clips": plain(clips, 1)}


def _exposure(data: Mapping[str, Any]) -> str:
    if data.get("exposure") is None:
        return ""
    return _(
        "Points are taken over the images that a person was shown: per showing for the scores, as the difference of "
        "mean points of the shown images for contrasts; an answer that showed no image of one side does not enter."
    )


def _missing_seconds(data: Mapping[str, Any]) -> str:
    if data.get("second_choice") != "optional":
        return ""
    return _(
        "Since the 2nd choice was optional, the primary test uses 1st choices alone; the weighted contrast and bounds "
        "for the missing points are given beside it."
    )


def _early_stop(data: Mapping[str, Any]) -> str:
    if not data.get("sequential"):
        return ""
    text = _(
        "By the plan the study could stop early: after every participant, in order of start, an e-process over "
        "199 bets tested whether the two sides got equally many points (stop at 1/α; Waudby-Smith and Ramdas "
        "2024); a clip that was not answered counted as no difference."
    )
    if _stopped(data):
        text += " " + _("After the stop only the confidence sequence is valid; no other test or interval is given.")
    return text


def _these_clips(data: Mapping[str, Any]) -> str:
    ranks = _("Friedman's test, Kendall's W") if data.get("friedman") else ""
    if data.get("skillings_mack"):
        ranks = _("the test of Skillings and Mack (1981)")
    paired = any(value_at(row, "wilcoxon", "p") is not None for row in data.get("pairwise") or [])
    parts = [part for part in (ranks, _("Wilcoxon's tests (Holm over the pairs)") if paired else "") if part]
    if draws := value_at(data, "permutation", "draws"):
        parts.append(_("the permutation test (%(draws)s relabellings within people)") % {"draws": f"{draws:,}"})
    texts = []
    if any(row.get("ci95") for row in (data.get("scores") or {}).values()):
        texts.append(
            _(
                "Intervals of scores come from a studentized bootstrap over people (%(draws)s draws; Efron and "
                "Tibshirani 1993)."
            )
            % {"draws": f"{data.get('draws') or 0:,}"}
        )
    if parts:
        texts.append(_("For these clips only: %(tests)s.") % {"tests": "; ".join(parts)})
    return " ".join(texts)


def _groups_of_people(data: Mapping[str, Any], context: ReportContext) -> str:
    names = [str(block["name"]) for block in data.get("moderators") or []]
    if not names:
        return ""
    labels = context.answer_labels
    questions = "; ".join(f"“{labels[name].question if name in labels else name}”" for name in names)
    return _(
        "By the plan the primary contrast was compared between groups of at least five people, for these clips, by "
        "Welch's (1951) analysis of variance of people's means; groups by %(questions)s."
    ) % {"questions": questions}


def _known_pieces(data: Mapping[str, Any]) -> str:
    if value_at(data, "sensitivity", "known_pieces") is None:
        return ""
    return _(
        "People were asked in each trial whether they knew the piece; the result without the answers about known "
        "pieces is given as a sensitivity analysis."
    )


def _worths(data: Mapping[str, Any]) -> str:
    fit = data.get("plackett_luce")
    if not fit:
        return ""
    text = _("The Plackett–Luce model (Luce 1959; Plackett 1975) is fitted to 1st choices out of the images shown")
    has_seconds = any(row.get("second") for row in (data.get("scores") or {}).values())
    text += _(" and 2nd choices out of the rest") if has_seconds else ""
    if fit.get("separated"):
        return text + _(
            "; since some condition was always or never chosen, by Jeffreys-penalised likelihood (Firth 1993) with "
            "profile intervals (Heinze and Schemper 2002)."
        )
    if _stopped(data):
        return text + _("; after the stop its worths only describe these answers.")
    return text + _("; standard errors are clustered by person, intervals come from a jackknife over people.")


def _random_effects(data: Mapping[str, Any]) -> str:
    if not value_at(data, "random_effects", "converged"):
        return ""
    return _(
        "The random-effects version adds normal effects of person × condition and clip × condition, by Laplace's "
        "approximation (Breslow and Clayton 1993)."
    )


def _software(data: Mapping[str, Any], context: ReportContext) -> str:
    if not context.versions:
        return ""
    names = ", ".join(f"{name} {version}" for name, version in context.versions.items())
    return _("Computed with %(software)s; seed %(seed)s.") % {"software": names, "seed": data.get("seed", 0)}


def _unequal_sides_note(data: Mapping[str, Any]) -> list[str]:
    """A note on contrasts that compare unequal numbers of conditions; empty if there are none."""
    k = len(data["conditions"])
    names = [
        contrast_name(f"{name}_minus_rest") for name, keys in (data.get("factors") or {}).items() if 2 * len(keys) != k
    ]
    if not names:
        return []
    return [
        _(
            "%(contrasts)s: the conditions on the two sides are unequal in number, so the difference is taken for as "
            "many conditions on either side (half of all %(k)d, at the mean points of each side)."
        )
        % {"contrasts": ", ".join(names), "k": k}
    ]


def limits(data: Mapping[str, Any]) -> list[str]:
    """Limits that hold for every study of this design."""
    blocks = (data.get("questions") or {}).values()
    chose = not blocks or any(block["kind"] in ("choose", "pair") for block in blocks)
    return [
        _(
            "Each clip has one image per condition, which everybody saw: the luck of that image is not averaged "
            "away by more people, only by more clips."
        ),
        *(
            [
                _(
                    "People chose the image that they prefer for the music; unless match-control trials were shown, "
                    "liking an image and finding it fitting cannot be distinguished."
                )
            ]
            if chose
            else []
        ),
        *(
            [
                _(
                    "Ratings depend on how a person uses the scale and on the images beside: they compare these "
                    "conditions, and say little about others that were not shown."
                )
            ]
            if any(block["kind"] == "rate" and block.get("scores") for block in blocks)
            else []
        ),
        _(
            "The participants are those who followed the study's links; which population they represent is for the "
            "researcher to state."
        ),
    ]

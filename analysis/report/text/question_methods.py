"""The methods of an analysis of an instrument's questions in words; only of what was done with these data."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ReportContext
from analysis.report.text.contrast_names import sides
from analysis.report.text.question_names import anchors, kind_name, scale_of, view_of


def people_and_questions(data: Mapping[str, Any], context: ReportContext) -> str:
    """Who was asked what, on which images."""
    blocks = data["questions"]
    pairs = any(block["kind"] == "pair" for block in blocks.values())
    values = {
        "people": data["n_participants"],
        "ballots": data["n_ballots"],
        "clips": data["n_clips"],
        "k": len(data["conditions"]),
    }
    shown = (
        _(
            "two of its %(k)d images, one for each condition; each image stood left and right about equally often, and "
            "each pair was shown about equally often"
        )
        if pairs
        else _("its %(k)d images, one for each condition, in an order of their own")
    )
    asked = [
        f"({number}) {text}" for number, text in enumerate(context.asked or _asked_by_key(blocks, context), start=1)
    ]
    return _(
        "%(people)d people gave %(ballots)d answers on %(clips)d clips. In each trial a person heard a clip and saw "
        "%(shown)s, without knowing how any was made. They were asked: %(asked)s."
    ) % (values | {"shown": shown % values, "asked": "; ".join(asked)})


def _asked_by_key(blocks: Mapping[str, Any], context: ReportContext) -> list[str]:
    """Each question by its key, scale and kind: all that is known of a table."""
    found = []
    for name, block in blocks.items():
        ends = anchors(block, view_of(name, context))
        found.append(f"{scale_of(block, view_of(name, context))}, {kind_name(block)}" + (f" ({ends})" if ends else ""))
    return found


def question_methods(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """Paragraphs on how the questions are analysed."""
    name = data.get("primary_question")
    told = bool(data.get("weights")) and value_at(data, "questions", str(name), "kind") == "choose"
    primary = "" if told else _primary(data, context, alpha)
    return [text for text in (primary, *_by_kind(data), _descriptions(data)) if text]


def _primary(data: Mapping[str, Any], context: ReportContext, alpha: float) -> str:
    """The primary contrast of the main question, and Holm over the others."""
    name, blocks = data.get("primary_question"), data["questions"]
    if name is None or blocks[name].get("primary") is None:
        return ""
    block = blocks[name]
    high, low = sides(str(block["primary"]["contrast"]), block, context)
    units = {
        "rate": _("the difference of the mean ratings of their images in a trial"),
        "pair": _("the points of a comparison (1 for the winner, ½ each for a tie)"),
    }
    text = _(
        "The primary test compares %(high)s with %(low)s on “%(question)s” by %(unit)s, with people and clips as "
        "crossed random effects, so that it holds for new clips (Clark 1973; Judd, Westfall and Kenny 2012; "
        "Satterthwaite's degrees of freedom, two-sided, α = %(alpha)s)."
    ) % {
        "high": high,
        "low": low,
        "question": name,
        "unit": units.get(block["kind"], _("the difference of their points per answer")),
        "alpha": f"{alpha:g}",
    }
    if any(value_at(other, "primary", "p_holm") is not None for other in blocks.values()):
        text += " " + (
            _("All primary contrasts of the questions are adjusted by Holm's (1979) method.")
            if value_at(block, "primary", "p_holm") is not None
            else _("The primary contrasts of the other questions are adjusted by Holm's (1979) method.")
        )
    if block.get("secondary"):
        text += " " + _("Secondary contrasts are adjusted by Holm's (1979) method.")
    return text


def _by_kind(data: Mapping[str, Any]) -> Iterator[str]:
    blocks = list(data["questions"].values())
    kinds = {block["kind"] for block in blocks if block.get("scores")}
    if kinds and any(value_at(row, "ci95") for block in blocks for row in (block.get("scores") or {}).values()):
        yield _(
            "Intervals of means come from a studentized bootstrap over people (%(draws)s draws; Efron and Tibshirani "
            "1993), for these clips."
        ) % {"draws": f"{data.get('draws') or 0:,}"}
    if "rate" in kinds:
        yield _(
            "Ratings are taken as numbers, so that equal steps count as equally far apart. Images that a person did "
            "not rate, or of which they could not say, are in no mean. Agreement: Krippendorff's (2004) α, and where "
            "everybody rated the same images the intraclass correlations of Shrout and Fleiss (1979)."
        )
    if any(block["kind"] == "pair" and block.get("worths") for block in blocks):
        yield _(
            "Worths of pairs are those of the Bradley–Terry model (Bradley and Terry 1952), with ties by Davidson "
            "(1970); standard errors are clustered by person, intervals come from a jackknife over people. Circular "
            "triads are counted after Kendall and Babington Smith (1940)."
        )
    if any(block["kind"] == "choose" and block.get("worths") and not data.get("scores") for block in blocks):
        yield _(
            "The Plackett–Luce model (Luce 1959; Plackett 1975) is fitted to the whole rank orders; standard errors "
            "are clustered by person, intervals come from a jackknife over people."
        )
    if any(block.get("plane") for block in blocks):
        yield _("Ellipses of two scales are Hotelling's (1931), over people's means, for these clips.")


def _descriptions(data: Mapping[str, Any]) -> str:
    described = [
        f"“{name}”" for name, block in data["questions"].items() if block["kind"] in ("pick", "text", "confidence")
    ]
    if not described:
        return ""
    return _("Described, not tested: %(names)s.") % {"names": ", ".join(described)}

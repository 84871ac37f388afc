"""A comparison in words: its answer, and what it cannot carry. Why a study is left out: `reasons.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.comparison.effects import POINTS, RATING, SHARE, TABLE, WORTH
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import chi_square, degrees, interval, p_value, percent, plain
from analysis.statistics.results import NEW_CLIPS

ENOUGH_STUDIES = 10
"""Studies from which on the prediction interval is near its 95 %, if the studies differ much."""
PAIRS_NAMED = 3  # of studies that share clips
NAMED = 3  # studies in a sentence
FEW_DEGREES = 10
"""Degrees of freedom below which a study's standard error is itself uncertain by a quarter and more."""
Comparison = Mapping[str, Any]


def contrast_label(contrast: Mapping[str, Any] | None) -> str:
    """The name of a contrast: of the levels, so that it is the same for all studies."""
    if contrast is None:
        return "—"
    name = f"{contrast['high']} − {contrast['low']}"
    if (contrast["factor"], contrast["high"], contrast["low"]) == ("tags", "redefined", "original"):
        name = contrast_name("redefined")
    elif (contrast["factor"], contrast["high"], contrast["low"]) == ("form", "sentence", "tags"):
        name = contrast_name("sentence")
    elif contrast["factor"] and contrast["factor"] != contrast["key"]:
        name = f"{contrast['factor']}: {name}"
    high, low = contrast["within"]
    if high == low and len(high) == 1:
        return _("%(contrast)s, within %(levels)s") % {"contrast": name, "levels": high[0]}
    return name


def measure_label(measure: str) -> str:
    return {
        POINTS: _("points per answer"),
        WORTH: _("log worth"),
        RATING: _("steps of the scale"),
        SHARE: _("difference of shares won"),
    }.get(measure, "—")


def method_label(method: str) -> str:
    return {
        "reml": _("Random effects, REML"),
        "dl": _("Random effects, DL"),
        "fixed": _("Fixed effect"),
    }.get(method, method)


def unit_text(measure: str, unit: Mapping[str, Any]) -> str:
    """The unit in which numbers are compared: “points per answer (3 : 1, 4 images)”."""
    label = measure_label(measure)
    if measure == POINTS and unit:
        return _("%(measure)s (%(weights)s, %(images)s images)") % {
            "measure": label,
            "weights": " : ".join(degrees(weight) for weight in unit["weights"]),
            "images": degrees(unit["images"]),
        }
    if measure == RATING and unit:
        ends = {"low": plain(unit.get("lowest"), 0), "high": plain(unit.get("highest"), 0)}
        return _("%(measure)s (%(low)s to %(high)s)") % ({"measure": label} | ends)
    return label


def answer(found: Comparison) -> list[str]:
    """The answer in sentences: the mean, what a new study would find, and how far the studies differ."""
    together = found["combined"]
    if together is None:
        return [_nothing(found)]
    mean, k = together["mean"], together["k"]
    values = {
        "k": k,
        "contrast": contrast_label(found["contrast"]),
        "size": plain(mean["estimate"]),
        "unit": measure_label(found["measure"]),
        "interval": interval(mean["ci95"]),
        "p": p_value(mean["p"]),
    }
    if found["method"] == "fixed":
        text = _(
            "If the %(k)s studies have one true effect, “%(contrast)s” is %(size)s (%(unit)s; 95 %% interval "
            "%(interval)s, %(p)s)."
        )
        others = _("That says nothing about other studies.")
        return [f"{text % values} {_shown(mean['ci95'])} {others}", _spread(together)]
    text = _(
        "Over %(k)s studies, “%(contrast)s” is %(size)s on average (%(unit)s; 95 %% interval %(interval)s, %(p)s)."
    )
    return [f"{text % values} {_shown(mean['ci95'])}", *_prediction(together), _spread(together)]


def _shown(ci95: Sequence[float]) -> str:
    """Whether the interval leaves out 0: a mean that may be 0 is “not shown”, never “no difference”."""
    if ci95[0] <= 0 <= ci95[1]:
        return _("The interval includes 0: a difference on average is not shown.")
    return _("The whole interval is above 0.") if ci95[0] > 0 else _("The whole interval is below 0.")


def _nothing(found: Comparison) -> str:
    if not found["studies"] and not found["left_out"]:
        return _("Choose at least two studies.")
    if found["studies"]:
        return _(
            "Only “%(name)s” can be used here, so nothing is combined. Choose another study, or another measure."
        ) % {"name": found["studies"][0]["name"]}
    return _("None of these studies can be used here. Choose others, or another contrast, measure or question.")


def _prediction(together: Mapping[str, Any]) -> list[str]:
    if together["prediction"] is None:
        return []
    low, high = together["prediction"]
    text = _("The true effect of a new study would lie between %(low)s and %(high)s (95 %% prediction interval).")
    return [text % {"low": plain(low), "high": plain(high)}]


def _spread(together: Mapping[str, Any]) -> str:
    spread = together["heterogeneity"]
    values = {
        "tau": plain(spread["tau2"] ** 0.5),
        "interval": interval([end**0.5 for end in spread["tau2_ci95"]]),
        "i2": percent(spread["i2"]),
        "q": chi_square(spread["q"], spread["df"]).replace("χ²", "Q"),
        "p": p_value(spread["p"]),
    }
    text = _(
        "The standard deviation of the studies' true effects is estimated as %(tau)s (95 %% interval %(interval)s); "
        "%(i2)s of the variance of the studies' estimates comes from it (I²; %(q)s, %(p)s)."
    )
    return text % values


def cautions(found: Comparison) -> list[str]:
    """What a reader must know before the numbers are used."""
    together, studies = found["combined"], found["studies"]
    said = []
    if found["simulated"]:
        said.append(_("Simulated people answered these studies: the numbers say nothing about people."))
    if together is not None:
        said += _of_few_studies(found["method"], together)
    if together is not None and together["raised"]:
        said.append(_why_raised(together["heterogeneity"]))
    if found["population"] != NEW_CLIPS and studies:
        said.append(_("Each study speaks of its own clips here: nothing is said about other music."))
    said += _shared_clips(found)
    said += _of_errors(studies)
    unsure = [f"“{row['name']}”" for row in studies if row["simulated"] is None]
    if unsure and not found["simulated"]:
        text = _("These files do not say whether people or a simulation answered: %(names)s.")
        said.append(text % {"names": _first(unsure)})
    if found["measure"] == WORTH and studies:
        said.append(
            _(
                "Log worths can be compared over other points and numbers of images, but they are the smaller the more "
                "people differ in taste."
            )
        )
    return said


def _why_raised(spread: Mapping[str, Any]) -> str:
    """Why the interval is the ordinary one: of studies that differ, Hartung and Knapp's may still be shorter."""
    if spread["q"] < spread["df"]:
        return _("The studies agree more than their errors let expect; the interval is not made shorter for that.")
    return _("The interval uses the ordinary standard error, which is larger here than that of Hartung and Knapp.")


def _of_few_studies(method: str, together: Mapping[str, Any]) -> list[str]:
    if method == "fixed":
        return [_("The fixed effect leaves out how far studies differ: use it only if they are exact repetitions.")]
    if together["k"] == 2:
        return [
            _(
                "Two studies cannot tell how far studies differ: the interval rests on one degree of freedom, and what "
                "a new study would find is not said."
            )
        ]
    if together["k"] < ENOUGH_STUDIES:
        return [
            _(
                "With so few studies the spread between them is hardly known: the prediction interval holds about nine "
                "of ten new studies, not 95 in a hundred."
            )
        ]
    return []


def _shared_clips(found: Comparison) -> list[str]:
    """Of new clips: people's answers about the same clip are still independent."""
    if found["population"] != NEW_CLIPS:
        return []
    names, shared = [row["name"] for row in found["studies"]], found["shared_clips"]
    said = [
        ngettext(
            "“%(a)s” and “%(b)s” share %(n)s clip: their errors are not independent, and the interval is too short.",
            "“%(a)s” and “%(b)s” share %(n)s clips: their errors are not independent, and the interval is too short.",
            number,
        )
        % {"a": names[a], "b": names[b], "n": number}
        for a, b, number in shared[:PAIRS_NAMED]
    ]
    if more := len(shared[PAIRS_NAMED:]):
        said.append(ngettext("%(n)s other pair shares clips.", "%(n)s other pairs share clips.", more) % {"n": more})
    return said


def _of_errors(studies: Sequence[Mapping[str, Any]]) -> list[str]:
    few = [f"“{row['name']}” ({degrees(row['df'])})" for row in studies if row["df"] and row["df"] < FEW_DEGREES]
    if not few:
        return []
    return [
        _(
            "Standard errors count as known, yet some rest on few degrees of freedom, because of few clips or people: "
            "%(names)s."
        )
        % {"names": _first(few)}
    ]


def _first(names: Sequence[str]) -> str:
    """The first names, and how many more there are: a sentence of twenty titles is not read."""
    more = len(names) - NAMED
    listed = ", ".join(names[:NAMED])
    if more <= 0:
        return listed
    return ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", more) % {"names": listed, "n": more}


def notes(study: Mapping[str, Any]) -> list[str]:
    """What is to be said of one study in the table: its sides were exchanged, or it is a published table."""
    said = []
    if study["turned"]:
        said.append(_("compares the sides the other way round; its sign is changed"))
    if study["origin"] == TABLE:
        said += _table_notes(study["table"] or {})
    return said


def _table_notes(table: Mapping[str, Any]) -> list[str]:
    values = {
        "weights": " : ".join(str(weight) for weight in table.get("weights", ())),
        "people": table.get("respondents"),
    }
    said = [_("published table, by its items; it fits points of %(weights)s and %(people)s people") % values]
    if table.get("others"):
        text = ngettext("%(n)s other design fits it too", "%(n)s other designs fit it too", table["others"])
        said.append(text % {"n": table["others"]})
    for row, printed, added in table.get("mismatches", ()):
        text = _("“%(row)s” is printed as %(printed)s and adds up to %(sum)s; the cells are used")
        said.append(text % {"row": row, "printed": printed, "sum": added})
    for row, item, old, new in table.get("repairs", ())[:1]:
        text = _("all would agree if “%(row)s”, “%(item)s” were %(new)s and not %(old)s; nothing was changed")
        said.append(text % {"row": row, "item": item, "old": old, "new": new})
    return said

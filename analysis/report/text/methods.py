"""The methods of the analysis in words, and its limits."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.text.contrast_names import contrast_name, sides
from analysis.report.text.number_format import points


def methods(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[str]:
    """Paragraphs on the methods, ready for a paper."""
    first, second = (points(weight) for weight in data["weights"])
    texts = [
        _(
            "%(people)d people gave %(ballots)d answers on %(clips)d clips. In each trial a person heard a clip, saw "
            "its %(k)d images, one for each condition, in an order of their own and without knowing how any was "
            "made, and chose a 1st and a 2nd. A 1st choice counts %(first)s points, a 2nd %(second)s."
        )
        % {
            "people": data["n_participants"],
            "ballots": data["n_ballots"],
            "clips": data["n_clips"],
            "k": len(data["conditions"]),
            "first": first,
            "second": second,
        }
    ]
    if context.making:
        texts.append(" ".join(context.making))
    if data.get("primary"):
        high, low = sides(str(data["primary"].get("contrast")), data, context)
        texts.append(
            _(
                "The primary test compares %(high)s with %(low)s by the difference of their points per answer, "
                "with people and clips as crossed random effects, so that it holds for new clips (two-way analysis "
                "of variance, Satterthwaite's degrees of freedom, two-sided, α = %(alpha)s). Secondary contrasts "
                "are adjusted by Holm's method."
            )
            % {"high": high, "low": low, "alpha": f"{alpha:g}"}
        )
    texts += _unequal_sides_note(data)
    if data.get("sequential"):
        texts.append(
            _(
                "By the plan the study could stop early: after every participant, in order of start, an e-process over "
                "199 bets tested whether the two sides got equally many points (stop at 1/α; Waudby-Smith and Ramdas "
                "2024); a clip that was not answered counted as no difference."
            )
        )
    texts.append(
        _(
            "Intervals of scores come from a studentized bootstrap over people. Friedman's test, Kendall's W, "
            "Wilcoxon's tests (Holm over the pairs) and the permutation test are based on people and hold for "
            "these clips only. The Plackett–Luce model is fitted to 1st choices out of all and 2nd choices out of "
            "the rest; its standard errors are clustered by person, its intervals come from a jackknife over "
            "people."
        )
    )
    return texts


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


def limits() -> list[str]:
    """Limits that hold for every study of this design."""
    return [
        _(
            "Each clip has one image per condition, which everybody saw: the luck of that image is not averaged "
            "away by more people, only by more clips."
        ),
        _(
            "People chose the image that they prefer for the music; unless match-control trials were shown, liking "
            "an image and finding it fitting cannot be distinguished."
        ),
        _(
            "The participants are those who followed the study's links; which population they represent is for the "
            "researcher to state."
        ),
    ]
